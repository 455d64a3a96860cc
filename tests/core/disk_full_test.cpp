#include "actors/core/disk_full.hpp"

#include <doctest/doctest.h>

using quorate::core::disk_is_full;

TEST_SUITE("core.disk_full") {
  TEST_CASE("a disk is full below the reserve, and has room again some way above it") {
    constexpr std::uint64_t reserve = 800;
    CHECK_FALSE(disk_is_full(false, 800, reserve));
    CHECK(disk_is_full(false, 799, reserve));
    CHECK(disk_is_full(true, 800, reserve));
    CHECK(disk_is_full(true, 899, reserve));
    CHECK_FALSE(disk_is_full(true, 900, reserve));
    CHECK_FALSE(disk_is_full(false, 899, reserve));
  }
}
