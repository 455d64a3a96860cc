// The hybrid logical clock (Kulkarni et al., 2014): physical milliseconds with a counter, never going back.
//
// Owned by the writer. No clock inside: the caller brings the wall time.
#pragma once

#include <cstdint>

#include "proto/limits.hpp"

namespace quorate::core {

class hybrid_clock {
 public:
  /// `floor`: a stored bound that no earlier stamp of this node has passed.
  explicit hybrid_clock(std::uint64_t floor = 0) : last_(floor) {}

  /// A reading above every earlier one, above everything observed, above `floor`, and not below the wall clock.
  std::uint64_t next(std::int64_t wall_ms, std::uint64_t floor = 0);

  /// A stamp of another node that was accepted.
  void observe(std::uint64_t stamp) {
    if (stamp > last_) last_ = stamp;
  }

  std::uint64_t last() const { return last_; }

  /// The bound to have on disk before the next stamps leave the node: a while beyond the wall clock. Where stamps run
  /// ahead of the wall clock, only some hundred thousand stamps beyond the last: a life starts at the bound of the one
  /// before, and a node that is killed again and again must not run further ahead each time.
  std::uint64_t bound(std::int64_t wall_ms) const {
    return bound(wall_ms, limits::clock_bound_ahead_ms, limits::clock_bound_step_ms);
  }
  /// Whether `stored` should move along with the next group, well before it is needed.
  bool is_bound_due(std::uint64_t stored, std::int64_t wall_ms) const {
    return bound(wall_ms, limits::clock_bound_ahead_ms / 2, limits::clock_bound_step_ms / 2) > stored;
  }

 private:
  std::uint64_t bound(std::int64_t wall_ms, std::int64_t ahead_ms, std::int64_t step_ms) const;

  std::uint64_t last_;
};

}  // namespace quorate::core
