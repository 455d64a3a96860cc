// The hybrid clock under wall clocks that jump, and over the lives of a node that dies anywhere in the writer's round.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <optional>

#include "actors/core/hybrid_clock.hpp"
#include "proto/ids.hpp"
#include "tests/core/pick.hpp"

using namespace quorate;
using core::hybrid_clock;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t start_ms = 100 * hour_ms;

/// Mostly creeps along, so that stamps pile up within a millisecond; now and then somebody sets it.
void move_wall(std::int64_t& wall_ms) {
  if (pick(0, 6) == 0)
    wall_ms += pick<std::int64_t>(-hour_ms, hour_ms + 1);
  else
    wall_ms += pick<std::int64_t>(0, 200);
}

std::uint64_t stamp_near(std::int64_t wall_ms) {
  auto ms = std::max<std::int64_t>(0, wall_ms + pick<std::int64_t>(-2'000, 2'001));
  return hybrid_time_at(static_cast<std::uint64_t>(ms)) + pick<std::uint64_t>(0, 4);
}

/// What outlives a process, and what the world saw of it.
struct world {
  std::int64_t wall_ms = start_ms;
  std::uint64_t stored_bound = 0;
  std::uint64_t highest_left = 0;    ///< of all stamps that left the node
  std::uint64_t highest_stored = 0;  ///< of all versions it has on disk, its own and those of others
};

/// The writer's rule for the bound (actors/writer.cpp), without its entries.
class writer_life {
 public:
  /// `known`: the last stamp of a dead writer of the same process; 0 in a new process.
  writer_life(world& w, std::uint64_t known)
      : world_(w), clock_(known != 0 ? known : w.stored_bound), bound_(w.stored_bound) {}

  enum class end { none, before_the_bound, before_leaving, before_the_commit, after_the_commit };

  /// One group: stamps of others, own stamps, the bound, publishing, the commit. Dies at `dies`.
  void group(end dies) {
    std::uint64_t highest = 0;
    auto merged = pick(0, 3);
    for (int i = 0; i < merged; ++i) {
      auto stamp = stamp_near(world_.wall_ms);
      clock_.observe(stamp);
      highest = std::max(highest, stamp);
    }
    auto own = pick(0, 4);
    std::uint64_t first_own = 0;
    for (int i = 0; i < own; ++i) {
      auto stamp = clock_.next(world_.wall_ms);
      if (i == 0) first_own = stamp;
      RC_ASSERT(stamp > world_.highest_left);
      RC_ASSERT(stamp > world_.highest_stored);
      highest = std::max(highest, stamp);
    }
    last_stamp = clock_.last();
    if (dies == end::before_the_bound) return;
    if (own > 0 && clock_.last() >= bound_) store(clock_.bound(world_.wall_ms));
    if (dies == end::before_leaving) return;
    if (own > 0) {
      RC_ASSERT(first_own > world_.highest_left);
      world_.highest_left = clock_.last();
      RC_ASSERT(world_.highest_left <= world_.stored_bound);
    }
    if (dies == end::before_the_commit) return;
    if (merged + own > 0) {
      if (auto wall_ms = own > 0 ? world_.wall_ms : 0; clock_.is_bound_due(bound_, wall_ms))
        store(clock_.bound(wall_ms));
      world_.highest_stored = std::max(world_.highest_stored, highest);
    }
  }

  std::uint64_t last_stamp = 0;

 private:
  void store(std::uint64_t bound) {
    RC_ASSERT(bound > world_.stored_bound);
    world_.stored_bound = bound_ = bound;
  }

  world& world_;
  hybrid_clock clock_;
  std::uint64_t bound_;
};

}  // namespace

TEST_SUITE("core.hybrid_clock.properties") {
  TEST_CASE("readings rise, are above all that was shown, and run ahead of it by no more than their number") {
    CHECK(rc::check([] {
      auto wall_ms = *rc::gen::element(start_ms, std::int64_t{0});  // near 1970 the jumps go below it
      auto shown = *rc::gen::element(std::uint64_t{0}, hybrid_time_at(start_ms) + 5);
      hybrid_clock clock(shown);
      std::uint64_t previous = shown;
      std::uint64_t readings = 0;
      for (int step = 0; step < 60; ++step) {
        move_wall(wall_ms);
        auto wall = hybrid_time_at(static_cast<std::uint64_t>(std::max<std::int64_t>(wall_ms, 0)));
        if (pick(0, 3) == 0) {
          auto seen = stamp_near(wall_ms);
          clock.observe(seen);
          RC_ASSERT(clock.last() == std::max(previous, seen));
          shown = std::max(shown, seen);
          previous = clock.last();
          continue;
        }
        auto floor = pick(0, 4) == 0 ? stamp_near(wall_ms) : std::uint64_t{0};
        auto reading = clock.next(wall_ms, floor);
        ++readings;
        shown = std::max({shown, wall, floor});
        RC_ASSERT(reading > previous);
        RC_ASSERT(reading >= wall);
        RC_ASSERT(reading > floor);
        RC_ASSERT(reading <= shown + readings);
        RC_ASSERT(clock.last() == reading);
        previous = reading;
      }
    }));
  }

  TEST_CASE("the bound is above the last stamp and the wall clock, and moves whenever it is due") {
    CHECK(rc::check([] {
      auto wall_ms = start_ms;
      hybrid_clock clock;
      std::uint64_t stored = 0;
      for (int step = 0; step < 60; ++step) {
        move_wall(wall_ms);
        if (pick(0, 2) == 0)
          clock.next(wall_ms);
        else
          clock.observe(stamp_near(wall_ms));
        auto bound = clock.bound(wall_ms);
        RC_ASSERT(bound > clock.last());
        RC_ASSERT(bound > hybrid_time_at(static_cast<std::uint64_t>(wall_ms)));
        RC_ASSERT_FALSE(clock.is_bound_due(bound, wall_ms));
        // Not due means that there is room for stamps yet; due means that storing it gets somewhere.
        auto due = clock.is_bound_due(stored, wall_ms);
        if (due) RC_ASSERT(bound > stored);
        if (!due) RC_ASSERT(clock.last() < stored);
        if (due && pick(0, 3) != 0) stored = bound;
      }
    }));
  }

  TEST_CASE(
      "no life repeats a stamp that left the node, or stays below a version on disk, wherever the last one died") {
    CHECK(rc::check([] {
      world w;
      std::uint64_t last_stamp = 0;
      auto lives = pick(1, 8);
      for (int i = 0; i < lives; ++i) {
        writer_life life(w, last_stamp);
        auto groups = pick(0, 6);
        for (int g = 0; g < groups; ++g) {
          move_wall(w.wall_ms);
          life.group(writer_life::end::none);
        }
        move_wall(w.wall_ms);
        using end = writer_life::end;
        life.group(*rc::gen::element(end::before_the_bound, end::before_leaving, end::before_the_commit,
                                     end::after_the_commit));
        // A writer that dies alone leaves what it knew to its successor; a process takes it along.
        last_stamp = pick(0, 2) == 0 ? life.last_stamp : 0;
      }
    }));
  }
}
