// A node's clock in a test: steady time is the machine's, wall time is the machine's plus what the test says.
//
// Any thread.
#pragma once

#include <atomic>

#include "proto/clock.hpp"

namespace quorate::testing {

class test_clock : public clock {
 public:
  std::int64_t wall_ms() const override { return system_clock().wall_ms() + offset_ms; }
  std::int64_t steady_us() const override { return system_clock().steady_us(); }

  std::atomic<std::int64_t> offset_ms{0};
};

}  // namespace quorate::testing
