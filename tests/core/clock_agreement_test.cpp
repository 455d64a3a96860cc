#include "actors/core/clock_agreement.hpp"

#include <doctest/doctest.h>

using quorate::core::judge_clock;
using quorate::core::offset_now;

TEST_SUITE("core.clock_agreement") {
  TEST_CASE("a clock that a majority of the members disagrees with is skewed") {
    CHECK(judge_clock({10'000, 10'001}, 3, 2'000).skewed);
    CHECK(judge_clock({-10'000, -9'000}, 3, 2'000).skewed);
    CHECK_FALSE(judge_clock({10'000, 5}, 3, 2'000).skewed);
    CHECK_FALSE(judge_clock({2'000, -2'000}, 3, 2'000).skewed);
    CHECK_FALSE(judge_clock({}, 1, 2'000).skewed);
  }

  TEST_CASE("an offset goes along when the clock is set after it was measured") {
    constexpr std::int64_t before = 500'000, bound = 2'000;
    CHECK(offset_now(7, before, before, bound) == 7);
    // Ours is set ahead by ten seconds: the peer, level with it before, is behind now; and level again when it is
    // taken back, whatever was measured meanwhile.
    CHECK(offset_now(7, before, before + 10'000, bound) == -9'993);
    CHECK(offset_now(-9'993, before + 10'000, before, bound) == 7);
    // Both were set while the measurement was under way: it compares the peer's new time with our old one.
    CHECK(offset_now(10'007, before, before + 10'000, bound) == 7);
    // Small steps are what a clock that is slewed makes, and the peer's may have made them too.
    CHECK(offset_now(7, before, before + bound, bound) == 7);
  }

  TEST_CASE("a clock that is set is of no use until the majority agrees with what it shows now") {
    quorate::core::clock_step_guard guard(2'000);
    CHECK(guard.may_use(1'000, std::nullopt));
    CHECK(guard.may_use(1'900, std::nullopt));
    CHECK(guard.may_use(3'900, std::nullopt));  // two seconds are within the bound
    CHECK_FALSE(guard.may_use(3'600'000, std::nullopt));
    CHECK_FALSE(guard.may_use(3'600'000, 3'900));
    CHECK(guard.may_use(3'600'000, 3'599'000));
    CHECK_FALSE(guard.may_use(3'900, 3'600'000));
    CHECK(guard.may_use(3'600'100, 3'600'000));  // set back to what it was
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
