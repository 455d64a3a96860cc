// JSON text in one form: texts that have the same value have the same form.
//
// Neither blanks, nor the order of keys, nor how a number or a character is written counts; a number's value does, to
// the last digit, however long it is. Pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace quorate::chaos {

/// Nothing when the text is not JSON.
std::optional<std::string> canonical_json(std::string_view text);

}  // namespace quorate::chaos
