// Waiting in tests: for a condition, with a bound. The one place where a test thread lets time pass.
//
// Any thread. Polls every millisecond; conditions must be cheap and must not throw.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace quorate::testing {

/// More than anything takes on a busy machine; a passing test never waits so long.
inline constexpr std::chrono::milliseconds patience{15'000};

/// Whether `condition` came true within the bound.
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds bound = patience) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  const auto give_up = std::chrono::steady_clock::now() + bound;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= give_up) return condition();
    never.wait_for(lock, std::chrono::milliseconds(1));
  }
  return true;
}

/// Whether `condition` held for all of that time.
template <class Condition>
bool throughout(std::chrono::milliseconds time, Condition condition) {
  return !eventually([&] { return !condition(); }, time);
}

}  // namespace quorate::testing
