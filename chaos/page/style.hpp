// The style sheet of the pages, written into each: system fonts, light and dark, from a phone to paper.
#pragma once

#include "chaos/page/html.hpp"

namespace quorate::page {

/// A whole document; `content` goes into its body.
std::string document(const std::string& title, const markup& content);

}  // namespace quorate::page
