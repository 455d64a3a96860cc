// What a JSON text says, without how it is written: the same text for all texts of one value.
//
// Pure, any thread, any bytes; a hostile text costs time linear in its length times the allowed depth, and no stack.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace quorate::memory {

/// Compact, keys sorted bytewise (of one that is there twice the last value counts, as in SQL databases), numbers as
/// digits and a power of ten: 1, 1.0 and 10e-1 are all `1e0`. Nothing for a text that is no JSON, or nests deeper than
/// 128 levels.
std::optional<std::string> json_value(std::string_view text);

}  // namespace quorate::memory
