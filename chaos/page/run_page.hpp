// The page of one run, from its artefacts and the notes people wrote about it. The same artefacts give the same bytes.
#pragma once

#include <string>

#include "chaos/page/run_directory.hpp"

namespace quorate::page {

/// `insights`: the file of all campaigns; what it says of others is not looked at.
std::string run_page(const run& of, const artefact& insights);

}  // namespace quorate::page
