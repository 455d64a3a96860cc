#include "actors/core/clock_agreement.hpp"

#include <doctest/doctest.h>

using quorate::core::judge_clock;

TEST_SUITE("core.clock_agreement") {
  TEST_CASE("a clock that a majority of the members disagrees with is skewed") {
    CHECK(judge_clock({10'000, 10'001}, 3, 2'000).skewed);
    CHECK(judge_clock({-10'000, -9'000}, 3, 2'000).skewed);
    CHECK_FALSE(judge_clock({10'000, 5}, 3, 2'000).skewed);
    CHECK_FALSE(judge_clock({2'000, -2'000}, 3, 2'000).skewed);
    CHECK_FALSE(judge_clock({}, 1, 2'000).skewed);
  }

  TEST_CASE("with one peer to compare, nobody can say who is wrong, and nothing is corrected") {
    CHECK_FALSE(judge_clock({10'000}, 3, 2'000).skewed);
    CHECK(judge_clock({10'000}, 3, 2'000).correction_ms == 0);
    CHECK(judge_clock({-10'000}, 3, 2'000).correction_ms == 0);
  }

  TEST_CASE("the correction is what a majority is ahead by, so one wild clock moves nothing") {
    CHECK(judge_clock({3'600'000, 3}, 3, 2'000).correction_ms == 3);
    CHECK(judge_clock({10'000, 10'002}, 3, 2'000).correction_ms == 10'000);
    CHECK(judge_clock({-10'000, -10'002}, 3, 2'000).correction_ms == 0);
    CHECK(judge_clock({9'000, 8'000, 7'000, 0}, 5, 2'000).correction_ms == 7'000);
  }
}
