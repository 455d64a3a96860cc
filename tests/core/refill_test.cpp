#include "actors/core/refill.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace quorate;
using core::log_vector;
using core::refill_view;
using enum core::refill_verdict;

namespace {

constexpr std::uint64_t our_disk = 100;
constexpr std::uint64_t old_disk = 99;
constexpr std::int64_t settled_us = 1'000;

log_vector of_log(std::uint64_t origin, sequence_number upto) { return log_vector({{{node_id{origin}, 7}, upto}}); }
const log_vector empty;

/// Up and complete, and it knew this member by the disk that is lost.
refill_view peer(std::uint64_t id, log_vector vector = {}, std::int64_t asked_us = settled_us) {
  return {node_id{id}, true, true, old_disk, std::move(vector), asked_us};
}

/// Up, and as new as this member.
refill_view fresh(std::uint64_t id) { return {node_id{id}, true, false, 0, {}, -1}; }

refill_view changed(refill_view view, void (*change)(refill_view&)) {
  change(view);
  return view;
}

void goes_down(refill_view& view) { view.up = false; }
void loses_its_disk(refill_view& view) { view.complete = false; }

}  // namespace

TEST_SUITE("core.refill.contents") {
  refill_view holding(std::uint64_t id, bool complete = false) {
    auto view = fresh(id);
    view.complete = complete;
    view.vector = of_log(id, 5);
    return view;
  }

  TEST_CASE("nobody is new while somebody who does not count holds something") {
    core::refill rule(settled_us);
    CHECK(rule.tick(empty, {holding(2), fresh(3)}) == wait);
    CHECK(rule.tick(of_log(1, 5), {fresh(2), fresh(3)}) == wait);
    CHECK(rule.tick(empty, {fresh(2), fresh(3)}) == complete_as_new);
    // Who counts has it from members that counted, and a majority of these.
    CHECK(rule.tick(of_log(2, 5), {holding(2, true), fresh(3)}) == complete_as_new);
    // It may also have been taken for complete by an operator.
    CHECK(rule.tick(of_log(2, 4), {holding(2, true), fresh(3)}) == wait);
  }

  TEST_CASE("in a cluster that began with a directory, a member counts once it holds what the founder holds") {
    auto founder = holding(2, true);
    founder.founder = founder.knows_founder = true;
    auto other = fresh(3);
    other.knows_founder = true;
    core::refill rule(settled_us);
    CHECK(rule.tick(empty, {founder, other}) == wait);
    CHECK(rule.tick(of_log(2, 4), {founder, other}) == wait);
    CHECK(rule.tick(of_log(2, 5), {founder, other}) == complete_as_joined);
    // Only one of them needs to know; all have to be there, and none may have known this one before.
    other.knows_founder = false;
    CHECK(rule.tick(of_log(2, 5), {founder, other}) == complete_as_joined);
    CHECK(rule.tick(empty, {founder, other}) == wait);
    goes_down(other);
    CHECK(rule.tick(of_log(2, 5), {founder, other}) == wait);
    other.up = true;
    founder.knows_us_by = old_disk;
    CHECK(rule.tick(of_log(2, 5), {founder, other}) == wait);
    founder.knows_us_by = 0;
    loses_its_disk(founder);
    CHECK(rule.tick(of_log(2, 5), {founder, other}) == wait);
  }

  TEST_CASE("the same numbers with other bytes are not what the founder holds") {
    auto founder = fresh(2);
    founder.complete = founder.founder = founder.knows_founder = true;
    founder.vector = log_vector::of({{{{node_id{2}, 7}, 5}, 11}});
    core::refill rule(settled_us);
    CHECK(rule.tick(log_vector::of({{{{node_id{2}, 7}, 5}, 99}}), {founder, fresh(3)}) == wait);
    CHECK(rule.tick(log_vector::of({{{{node_id{2}, 7}, 5}, 11}}), {founder, fresh(3)}) == complete_as_joined);
  }
}

TEST_SUITE("core.refill.new_cluster") {
  TEST_CASE("members that all began anew after damage do not take each other for a new cluster") {
    core::refill rule(settled_us, false);
    CHECK(rule.tick({}, {fresh(2), fresh(3)}) == wait);
    CHECK(core::refill(settled_us, true).tick({}, {fresh(2), fresh(3)}) == complete_as_new);
  }

  TEST_CASE("a member that no other has known is complete at once when all others are there") {
    for (const std::uint64_t members : {2, 3, 5}) {
      core::refill rule(settled_us);
      std::vector<refill_view> others;
      for (std::uint64_t id = 2; id <= members; ++id) others.push_back(fresh(id));
      CAPTURE(members);
      for (auto& missing : others) {
        goes_down(missing);
        CHECK(rule.tick(empty, others) == wait);
        missing.up = true;
      }
      CHECK(rule.tick(empty, others) == complete_as_new);
    }
  }

  TEST_CASE("a cluster of one has nobody to ask") {
    core::refill rule(settled_us);
    CHECK(rule.tick(empty, {}) == complete_as_new);
  }

  TEST_CASE("one that others have known complete by this very disk is not new: it is a copy of what it was") {
    core::refill rule(settled_us);
    auto knowing = fresh(2);
    knowing.knows_us_by = our_disk;
    CHECK(rule.tick(empty, {knowing, fresh(3)}) == wait);
  }

  TEST_CASE("one that knows it by another disk is enough to tell that a disk was lost") {
    core::refill rule(settled_us);
    auto knowing = fresh(2);
    knowing.knows_us_by = old_disk;
    CHECK(rule.tick(empty, {knowing, fresh(3)}) == wait);
    CHECK(rule.tick(empty, {fresh(3), knowing}) == wait);
  }

  TEST_CASE("a member is new however early it is, once it holds what those who count hold") {
    // It died before it was complete; the others, who needed no more than to see it, are at work since.
    core::refill rule(settled_us);
    auto others = std::vector{peer(2, of_log(2, 5), -1), peer(3, of_log(3, 5), -1)};
    for (auto& other : others) other.knows_us_by = 0;
    // What they hold it has to hold as well: an operator may have taken one of them for complete.
    CHECK(rule.tick(empty, others) == wait);
    CHECK(rule.tick(log_vector({{{node_id{2}, 7}, 5}, {{node_id{3}, 7}, 5}}), others) == complete_as_new);
  }
}

TEST_SUITE("core.refill.lost_disk") {
  TEST_CASE("it is complete once it holds what a majority-crossing number of others held, and not before") {
    // So many of the others: with W = majority every write it acknowledged is on one of any N - W + 1 others.
    const std::vector<std::pair<std::uint64_t, std::size_t>> needed_of{{2, 1}, {3, 2}, {4, 2}, {5, 3}, {7, 4}};
    for (const auto& [members, needed] : needed_of) {
      CAPTURE(members);
      core::refill rule(settled_us);
      std::vector<refill_view> others;
      for (std::uint64_t id = 2; id <= members; ++id) others.push_back(peer(id, of_log(id, 3)));
      log_vector own;
      std::size_t held = 0;
      for (const auto& other : others) {
        CHECK(rule.tick(own, others) == (held >= needed ? complete_as_refilled : wait));
        for (const auto& [position, hash] : other.vector.list()) own.raise(position);
        ++held;
      }
      CHECK(rule.tick(own, others) == complete_as_refilled);
    }
  }

  TEST_CASE("part of what another holds is not all of it") {
    core::refill rule(settled_us);
    const auto others = std::vector{peer(2, log_vector({{{node_id{2}, 7}, 3}, {{node_id{3}, 7}, 4}})), peer(3)};
    CHECK(rule.tick(of_log(2, 3), others) == wait);
    CHECK(rule.tick(log_vector({{{node_id{2}, 7}, 3}, {{node_id{3}, 7}, 3}}), others) == wait);
    CHECK(rule.tick(log_vector({{{node_id{2}, 7}, 3}, {{node_id{3}, 7}, 4}}), others) == complete_as_refilled);
  }

  TEST_CASE("others that hold nothing have nothing to be waited for") {
    core::refill rule(settled_us);
    CHECK(rule.tick(empty, {peer(2), peer(3)}) == complete_as_refilled);
  }

  TEST_CASE("what was asked for before all promises were decided does not count") {
    core::refill rule(settled_us);
    const auto early = [](std::int64_t asked_us) { return std::vector{peer(2, {}, asked_us), peer(3, {}, asked_us)}; };
    CHECK(rule.tick(empty, early(-1)) == wait);
    CHECK(rule.tick(empty, early(settled_us - 1)) == wait);
    // The next heartbeats are after the wait; by then the others may hold more than they did.
    const auto later = std::vector{peer(2, of_log(2, 1)), peer(3)};
    CHECK(rule.tick(empty, later) == wait);
    CHECK(rule.tick(of_log(2, 1), later) == complete_as_refilled);
  }

  TEST_CASE("a vector asked for in time and one asked for too early are one of two") {
    core::refill rule(settled_us);
    CHECK(rule.tick(empty, {peer(2), peer(3, {}, settled_us - 1)}) == wait);
    CHECK(rule.tick(empty, {peer(2), peer(3, {}, settled_us + 1)}) == complete_as_refilled);
  }

  TEST_CASE("what is wanted of a peer is what it held when first asked, not what it takes on meanwhile") {
    // Under load the others are always a little ahead: it would never become complete.
    core::refill rule(settled_us);
    CHECK(rule.tick(empty, {peer(2, of_log(2, 10)), peer(3, of_log(2, 10))}) == wait);
    const auto ahead = std::vector{peer(2, of_log(2, 20), settled_us + 5), peer(3, of_log(2, 20), settled_us + 5)};
    CHECK(rule.tick(of_log(2, 9), ahead) == wait);
    CHECK(rule.tick(of_log(2, 10), ahead) == complete_as_refilled);
  }

  TEST_CASE("others that are not complete themselves do not count") {
    core::refill rule(settled_us);
    const auto unfinished = changed(peer(3), loses_its_disk);
    CHECK(rule.tick(empty, {peer(2), unfinished}) == wait);
    CHECK(rule.tick(empty, {unfinished, peer(2)}) == wait);
    CHECK(rule.tick(empty, {peer(2), peer(3)}) == complete_as_refilled);
  }

  TEST_CASE("two of three that lost their disks wait for an operator") {
    core::refill rule(settled_us);
    const auto others = std::vector{peer(2), changed(peer(3), loses_its_disk)};
    for (int tick = 0; tick < 100; ++tick) CHECK(rule.tick(of_log(2, 9), others) == wait);
  }

  TEST_CASE("a peer that goes away counts again only with what it holds when it is back") {
    for (const auto away : {goes_down, loses_its_disk}) {
      core::refill rule(settled_us);
      const auto others = std::vector{peer(2, of_log(2, 4)), peer(3)};
      REQUIRE(rule.tick(empty, others) == wait);
      CHECK(rule.tick(of_log(2, 4), {changed(others[0], away), others[1]}) == wait);
      // As it comes back nothing has been asked of it yet, and then it holds more.
      CHECK(rule.tick(of_log(2, 4), {peer(2, of_log(2, 6), -1), others[1]}) == wait);
      const auto back = std::vector{peer(2, of_log(2, 6), settled_us + 9), others[1]};
      CHECK(rule.tick(of_log(2, 4), back) == wait);
      CHECK(rule.tick(of_log(2, 6), back) == complete_as_refilled);
    }
  }

  TEST_CASE("as many others as cross every majority are enough: the rest may stay away") {
    core::refill rule(settled_us);
    const auto others = std::vector{changed(peer(2), goes_down), peer(3, of_log(3, 1)), peer(4, of_log(4, 1)),
                                    changed(peer(5), goes_down)};
    // Two others are there: too few of five members, enough of four.
    CHECK(rule.tick(log_vector({{{node_id{3}, 7}, 1}, {{node_id{4}, 7}, 1}}), others) == wait);
    CHECK(rule.tick(log_vector({{{node_id{3}, 7}, 1}, {{node_id{4}, 7}, 1}}), {others[0], others[1], others[2]})
          == complete_as_refilled);
  }

  TEST_CASE("a machine made anew asks anew") {
    core::refill first(settled_us);
    REQUIRE(first.tick(empty, {peer(2, of_log(2, 4)), peer(3)}) == wait);
    core::refill second(settled_us);
    const auto ahead = std::vector{peer(2, of_log(2, 5)), peer(3)};
    CHECK(second.tick(of_log(2, 4), ahead) == wait);
    CHECK(second.tick(of_log(2, 5), ahead) == complete_as_refilled);
  }
}
