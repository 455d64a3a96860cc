// The metadata of a record: a JSON object kept as text.
//
// Pure functions, any thread, any input: a hostile text costs time linear in its length and no stack.
#pragma once

#include <optional>
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

// Compact texts of objects, member by member, without a parse: what is not asked for stays byte for byte. `name` is
// plain text that JSON does not escape.

/// The value of a top-level member as JSON text, a part of `object`; nothing when it has none.
std::optional<std::string_view> find_member(std::string_view object, std::string_view name);

/// The text of a member that is a string; nothing when there is none or it is something else.
std::optional<std::string> text_member(std::string_view object, std::string_view name);

/// `object` with the member set to `value`, a JSON text: in the place of the one that is there, or at the end.
std::string with_member(std::string_view object, std::string_view name, std::string_view value);

/// The same for a member that is a string.
std::string with_text_member(std::string_view object, std::string_view name, std::string_view text);

/// `object` with the members of `over`, which win; all but that of `skipped`.
std::string with_members(std::string_view object, std::string_view over, std::string_view skipped);

}  // namespace quorate::memory
