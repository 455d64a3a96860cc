// What the members' clocks say about ours. Offsets are a peer's clock minus ours, in milliseconds, as measured by
// the links; peers that are down or not yet measured are left out.
#pragma once

#include <cstdint>
#include <vector>

namespace quorate::core {

struct clock_verdict {
  bool skewed = false;             ///< a majority of all members is further away than the bound: do not coordinate
  std::int64_t correction_ms = 0;  ///< our clock plus this = the members' median (upper of two)
};

/// With two readings nobody can say who is wrong: then `skewed` stays false, and the correction follows the later
/// clock, so that stamps of the other are not refused.
clock_verdict judge_clock(std::vector<std::int64_t> offsets_ms, std::size_t members, std::int64_t bound_ms);

}  // namespace quorate::core
