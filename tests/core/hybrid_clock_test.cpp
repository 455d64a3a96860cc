#include "actors/core/hybrid_clock.hpp"

#include <doctest/doctest.h>

#include "proto/ids.hpp"

TEST_SUITE("core.hybrid_clock") {
  using quorate::hybrid_time_at;
  using quorate::core::hybrid_clock;

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

  TEST_CASE("a wall clock before 1970 is no disaster") {
    hybrid_clock clock;
    CHECK(clock.next(-5) == 1);
  }
}
