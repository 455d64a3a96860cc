// Pieces of a JSON text as they were written, so that a record's own reader sees every digit of them.
//
// Pure functions, any thread. The text must be valid JSON: whoever calls has parsed it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace quorate::net::http {

/// The elements of an array.
std::vector<std::string_view> elements_of(std::string_view array);

/// The value of the last member of that name of an object; nothing when it has none. A name that is written with
/// escapes is found, too.
std::optional<std::string_view> member_of(std::string_view object, std::string_view name);

}  // namespace quorate::net::http
