#include "actors/core/hybrid_clock.hpp"

#include <doctest/doctest.h>

#include "proto/ids.hpp"

TEST_SUITE("core.hybrid_clock") {
  using quorate::hybrid_time_at;
  using quorate::core::hybrid_clock;
  namespace limits = quorate::limits;

  TEST_CASE("readings rise while the wall clock stands still or goes back") {
    hybrid_clock clock;
    auto first = clock.next(1'000);
    CHECK(first == hybrid_time_at(1'000));
    CHECK(clock.next(1'000) == first + 1);
    CHECK(clock.next(400) == first + 2);
    CHECK(clock.next(1'001) == hybrid_time_at(1'001));
  }

  TEST_CASE("a reading is above everything observed and above the floor asked for") {
    hybrid_clock clock;
    clock.observe(hybrid_time_at(5'000) + 7);
    CHECK(clock.next(1'000) == hybrid_time_at(5'000) + 8);
    CHECK(clock.next(1'000, hybrid_time_at(9'000)) == hybrid_time_at(9'000) + 1);
    clock.observe(hybrid_time_at(1));
    CHECK(clock.next(0) > hybrid_time_at(9'000));
  }

  TEST_CASE("a clock made with a stored bound starts above it, whatever the wall clock says") {
    hybrid_clock clock(hybrid_time_at(10'000));
    CHECK(clock.next(2'000) > hybrid_time_at(10'000));
  }

  TEST_CASE("the bound is ahead of the wall clock and of every stamp") {
    hybrid_clock clock;
    clock.next(1'000);
    const auto bound = clock.bound(1'000);
    CHECK(bound == hybrid_time_at(1'000 + limits::clock_bound_ahead_ms));
    CHECK_FALSE(clock.is_bound_due(bound, 1'000));
    CHECK_FALSE(clock.is_bound_due(bound, 1'000 + limits::clock_bound_ahead_ms / 2));
    CHECK(clock.is_bound_due(bound, 1'001 + limits::clock_bound_ahead_ms / 2));
    clock.observe(bound);
    CHECK(clock.is_bound_due(bound, 1'000));
    CHECK(clock.bound(1'000) > bound);
  }

  TEST_CASE("lives that follow each other at once do not carry the stamps away from the wall clock") {
    std::uint64_t stored = 0;
    for (int life = 0; life < 20; ++life) {
      hybrid_clock clock(stored);
      CHECK(clock.next(1'000) > stored);
      if (clock.is_bound_due(stored, 1'000)) stored = clock.bound(1'000);
      CHECK(clock.last() < stored);
    }
    CHECK(stored <= hybrid_time_at(1'000 + limits::clock_bound_ahead_ms + 20 * limits::clock_bound_step_ms) + 20);
  }

  TEST_CASE("a wall clock before 1970 is no disaster") {
    hybrid_clock clock;
    CHECK(clock.next(-5) == 1);
  }
}
