#include "actors/core/new_log_pace.hpp"

#include <doctest/doctest.h>

using namespace quorate;

namespace {

constexpr std::int64_t second = 1'000;
constexpr std::int64_t hour = 3'600 * second;

/// Logs begun by somebody who says "fork" every quarter of a second for so long.
int begun_within(core::new_log_pace& pace, std::int64_t from_ms, std::int64_t time_ms) {
  int begun = 0;
  for (std::int64_t now = from_ms; now < from_ms + time_ms; now += 250) begun += pace.on_fork(now) ? 1 : 0;
  return begun;
}

}  // namespace

TEST_SUITE("core.new_log_pace") {
  TEST_CASE("the first fork is answered at once, the next after 1 s, 2 s, 4 s, up to an hour") {
    core::new_log_pace pace;
    CHECK(pace.on_fork(5));
    CHECK_FALSE(pace.on_fork(5));
    CHECK_FALSE(pace.on_fork(5 + second - 1));
    CHECK(pace.on_fork(5 + second));
    CHECK_FALSE(pace.on_fork(5 + second + 2 * second - 1));
    CHECK(pace.on_fork(5 + 3 * second));
    CHECK_FALSE(pace.on_fork(5 + 6 * second));
    CHECK(pace.on_fork(5 + 7 * second));
  }

  TEST_CASE(
      "a liar wastes some dozen logs on the first day and 24 on any other, and a fork that is told late is the first") {
    core::new_log_pace pace;
    CHECK(begun_within(pace, 0, 24 * hour) == 35);
    CHECK(begun_within(pace, 24 * hour, 24 * hour) == 24);
    // An hour of silence, and it is not as at first: 30 minutes, then an hour again.
    CHECK(pace.on_fork(49 * hour));
    CHECK_FALSE(pace.on_fork(49 * hour + hour / 2));
    CHECK(pace.on_fork(50 * hour));
    // Silence for a day, and a disk that was put back.
    CHECK(pace.on_fork(74 * hour));
    CHECK(pace.on_fork(74 * hour + second));
    CHECK_FALSE(pace.on_fork(74 * hour + 2 * second));
  }
}
