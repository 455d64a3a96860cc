// Identity of a memory: (namespace, title) is the key, the id its alias.
#pragma once

#include <string>
#include <string_view>

#include "proto/ids.hpp"
#include "proto/record.hpp"

namespace quorate::memory {

/// namespace, a zero byte, title. Neither part may hold a zero byte (validation sees to that).
record_key key_of(std::string_view name_space, std::string_view title);

/// Prefix of all keys of one namespace.
std::string prefix_of(std::string_view name_space);

/// UUIDv5 of the key bytes, so that nodes that store the same name at the same time agree on its id.
std::string derived_id(const record_key& key);

/// UUIDv5 of key and version: for a name whose derived id another record still holds (after a rename).
std::string derived_id(const record_key& key, const version& stamp);

}  // namespace quorate::memory
