// The page that lists all runs, newest first.
#pragma once

#include <string>

#include "chaos/page/run_directory.hpp"

namespace quorate::page {

std::string index_page(const runs& of);

}  // namespace quorate::page
