// The project's one hash function, XXH3, behind two names. Values are the same on every machine and release: they
// are stored and compared between nodes.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/ids.hpp"

namespace quorate {

struct hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const hash128&) const = default;
};

std::uint64_t hash64_of(std::string_view bytes);
hash128 hash128_of(std::string_view bytes);

/// The number of a member's name.
node_id node_id_of(std::string_view name);

}  // namespace quorate
