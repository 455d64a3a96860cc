// What the members' clocks say about ours. Offsets are a peer's clock minus ours, in milliseconds, as measured by
// the links; peers that are down or not yet measured are left out.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <vector>

namespace quorate::core {

struct clock_verdict {
  bool skewed = false;  ///< a majority of all members is further away than the bound: do not coordinate
  /// How far at least a majority of all members is ahead of us; 0 when there is no such majority. What a good peer
  /// stamps lies within the bound of our clock plus this.
  std::int64_t correction_ms = 0;
};

/// An offset that was measured when the wall clock minus the steady one was `measured_at_ms`, as it is now that the
/// difference is `difference_ms`: a clock that was set by more than the bound since then, maybe while the measurement
/// was under way, has moved away from the peer's, or towards it.
std::int64_t offset_now(std::int64_t offset_ms, std::int64_t measured_at_ms, std::int64_t difference_ms,
                        std::int64_t bound_ms);

/// One peer alone moves nothing, however it differs: with two readings nobody can say who is wrong.
clock_verdict judge_clock(std::vector<std::int64_t> offsets_ms, std::size_t members, std::int64_t bound_ms);

/// Notices that somebody set the wall clock while the node runs. Compares by the difference of the wall clock and the
/// steady one, milliseconds: a step changes it, time does not. A clock that is wrong from the start is not its
/// business.
class clock_step_guard {
 public:
  explicit clock_step_guard(std::int64_t bound_ms) : bound_ms_(bound_ms) {}

  /// Whether stamps may be made with this wall clock. After a step by more than the bound: only once a majority, this
  /// node included, has been measured to agree with what the clock shows now. (Without a step one peer that differs
  /// moves nothing; with one, it is our clock that is to be doubted.) `agreed_ms`: the difference they last agreed
  /// with.
  bool may_use(std::int64_t difference_ms, std::optional<std::int64_t> agreed_ms);
  /// The difference it was used with last; only after the first use.
  std::int64_t trusted_ms() const { return *trusted_ms_; }

 private:
  bool close(std::int64_t one, std::int64_t other) const { return std::llabs(one - other) <= bound_ms_; }

  const std::int64_t bound_ms_;
  std::optional<std::int64_t> trusted_ms_;
};

}  // namespace quorate::core
