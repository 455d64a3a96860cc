// What the members' clocks say about ours. Offsets are a peer's clock minus ours, in milliseconds, as measured by
// the links; peers that are down or not yet measured are left out.
#pragma once

#include <cstdint>
#include <vector>

namespace quorate::core {

struct clock_verdict {
  bool skewed = false;  ///< a majority of all members is further away than the bound: do not coordinate
  /// How far at least a majority of all members is ahead of us; 0 when there is no such majority. What a good peer
  /// stamps lies within the bound of our clock plus this.
  std::int64_t correction_ms = 0;
};

/// One peer alone moves nothing, however it differs: with two readings nobody can say who is wrong.
clock_verdict judge_clock(std::vector<std::int64_t> offsets_ms, std::size_t members, std::int64_t bound_ms);

}  // namespace quorate::core
