// Waiting for a condition of another process, which nobody can notify us of: ask, pause briefly, ask again, up to a
// bound. Any thread.
#pragma once

#include <chrono>
#include <thread>

namespace quorate::chaos {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// True as soon as `condition()` is; false when it was not within `bound` (it is asked at least once).
template <class Condition>
bool wait_until(milliseconds bound, Condition condition, milliseconds pause = milliseconds(5)) {
  const auto end = steady_clock::now() + bound;
  while (true) {
    if (condition()) return true;
    if (steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(pause);
  }
}

inline double milliseconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(steady_clock::now() - start).count();
}

}  // namespace quorate::chaos
