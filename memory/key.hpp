// Identity of a memory: (namespace, title) is the key, the id its alias.
//
// Pure functions but for `random_id`, any thread. Ids of records are derived, not drawn, so that nodes that store the
// same name at the same time agree on its id; changing the derivation would give old names new ids after a delete.
#pragma once

#include <string>
#include <string_view>

#include "proto/ids.hpp"
#include "proto/record.hpp"

namespace quorate::memory {

/// The namespace of a record that names none.
inline constexpr std::string_view default_namespace = "global";

/// namespace, a zero byte, title. Neither part may hold a zero byte (validation sees to that).
record_key key_of(std::string_view name_space, std::string_view title);

/// Prefix of all keys of one namespace.
std::string prefix_of(std::string_view name_space);

/// UUIDv5 of the key bytes, in the project's own UUID namespace 7c8d1d0e-7a3f-5b0c-9c52-2f4e6b1a90d3; lower case.
std::string derived_id(const record_key& key);

/// UUIDv5 of key and version (key bytes, a zero byte, time and node as 8 bytes each, most significant first): for a
/// name whose derived id another record still holds after a rename. No key alone has these bytes.
std::string derived_id(const record_key& key, const version& stamp);

/// UUIDv4, lower case: for things that have no name, such as a request for an approval. Drawn once, before the write is
/// planned, so that a repeated plan writes the same thing again.
std::string random_id();

}  // namespace quorate::memory
