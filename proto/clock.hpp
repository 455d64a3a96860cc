// The door to time. Nothing else in the node reads a clock; tests and the simulator own theirs.
#pragma once

#include <cstdint>

namespace quorate {

/// Any thread. `wall_ms` may jump either way (it is what the operator set); `steady_us` never goes back.
class clock {
 public:
  virtual ~clock() = default;
  /// Unix time, milliseconds.
  virtual std::int64_t wall_ms() const = 0;
  /// Microseconds since some fixed instant of this process; for deadlines and intervals.
  virtual std::int64_t steady_us() const = 0;
};

/// The machine's clocks.
const clock& system_clock();

}  // namespace quorate
