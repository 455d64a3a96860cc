// Whether a node's disk has room for more: with less than the reserve free it has none, and it has room again only with
// an eighth of the reserve more than that, so that a node at the edge does not say yes and no by turns.
//
// Owned by the writer, which brings what it saw. Pure.
#pragma once

#include <cstdint>

#include "proto/test_points.hpp"

namespace quorate::core {

/// Whether the disk counts as full, given whether it did so before.
inline bool disk_is_full(bool before, std::uint64_t free_bytes, std::uint64_t reserve_bytes) {
  if (before && planted(planted_bug::full_for_good)) return true;
  return free_bytes < reserve_bytes + (before ? reserve_bytes / 8 : 0);
}

}  // namespace quorate::core
