// UTF-8 text as the rules of a record see it: characters are Unicode scalar values, white space is Unicode
// White_Space, control characters are category Cc.
//
// Pure functions, any thread, any bytes: what is not UTF-8 is reported, never assumed away.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace quorate::memory {

/// The scalar value `text` begins with and its length; `bytes` is 0 when `text` is empty or does not begin with
/// well-formed UTF-8 (cut short, overlong, a surrogate, above U+10FFFF).
struct scalar {
  char32_t value = 0;
  std::size_t bytes = 0;
};
scalar first_scalar(std::string_view text);

/// `text` without white space at both ends.
std::string_view trimmed(std::string_view text);

/// Number of characters; for text that is not UTF-8, of bytes that could begin one.
std::size_t count_characters(std::string_view text);

/// What makes a text unclean: bytes that are not UTF-8, or a control character other than \n and \t.
struct text_fault {
  std::size_t offset = 0;           ///< in bytes
  std::optional<char32_t> control;  ///< the control character; nothing = not UTF-8
};
/// The first fault; nothing for clean text.
std::optional<text_fault> find_fault(std::string_view text);

/// Where `text` stops being UTF-8, control characters or not; nothing when it is UTF-8 to the end.
std::optional<std::size_t> find_malformed_utf8(std::string_view text);

}  // namespace quorate::memory
