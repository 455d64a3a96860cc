// The hybrid logical clock (Kulkarni et al., 2014): physical milliseconds with a counter, never going back.
//
// Owned by the writer. No clock inside: the caller brings the wall time.
#pragma once

#include <cstdint>

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

 private:
  std::uint64_t last_;
};

}  // namespace quorate::core
