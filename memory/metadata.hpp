// The metadata of a record: a JSON object kept as text.
//
// Pure functions, any thread, any input: a hostile text costs time linear in its length and no stack.
#pragma once

#include <string>
#include <string_view>

#include "proto/status.hpp"

namespace quorate::memory {

/// Checks the rules (an object, depth, size, no key twice in one object) and returns the compact text: order of keys
/// kept, every number with the value it had. Integers stay integers; a number that does not fit 64 bits is kept digit
/// by digit; one beyond the range of a double is refused. Empty text counts as {}.
/// An error is an invalid_argument for field "metadata".
result<std::string> compact_metadata(std::string_view text);

/// `incoming` with the agent_id of `existing`, when that has one that is not null; in the place of incoming's own, or
/// at the end. Both are compact texts of objects.
std::string keep_agent_id(std::string_view incoming, std::string_view existing);

}  // namespace quorate::memory
