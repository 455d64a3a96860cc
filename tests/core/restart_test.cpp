#include "actors/core/restart.hpp"

#include <doctest/doctest.h>

using quorate::core::restart_intensity;
namespace limits = quorate::limits;

TEST_SUITE("core.restart") {
  TEST_CASE("each death within the window waits longer, up to the cap") {
    restart_intensity intensity;
    std::int64_t last = 0;
    for (int i = 0; i < limits::restarts_max; ++i) {
      auto delay = intensity.on_death(i);
      REQUIRE(delay);
      CHECK(*delay >= last);
      CHECK(*delay <= limits::restart_backoff_ms_max);
      last = *delay;
    }
    CHECK_FALSE(intensity.on_death(limits::restarts_max));
  }

  TEST_CASE("deaths outside the window are forgotten") {
    restart_intensity intensity;
    for (int i = 0; i < 1'000; ++i) CHECK(intensity.on_death(i * (limits::restart_window_ms / 2)));
  }
}
