#include "actors/core/log_vector.hpp"
#include "tests/core/numbers.hpp"

#include <doctest/doctest.h>

TEST_SUITE("core.log_vector") {
  using namespace quorate;
  using core::log_vector;
  using core::placement;
  const log_id a{node_id{1}, 10};
  const log_id b{node_id{2}, 10};

  TEST_CASE("an entry is next, already held, or behind a gap") {
    log_vector v({{a, 3}});
    CHECK(v.place(a, 4) == placement::next);
    CHECK(v.place(a, 3) == placement::held);
    CHECK(v.place(a, 5) == placement::gap);
    CHECK(v.place(b, 1) == placement::next);
    CHECK(v.place(b, 2) == placement::gap);
    v.advance(a, 4);
    CHECK(v.at(a) == 4);
  }

  TEST_CASE("raising never lowers and zero is no position") {
    log_vector v;
    CHECK_FALSE(v.raise({a, 0}));
    CHECK(v.positions().empty());
    CHECK(v.raise({a, 5}));
    CHECK_FALSE(v.raise({a, 5}));
    CHECK_FALSE(v.raise({a, 2}));
    CHECK(v.at(a) == 5);
  }

  TEST_CASE("covering and difference agree") {
    log_vector x({{a, 5}, {b, 1}});
    log_vector y({{a, 4}});
    CHECK(x.covers(y));
    CHECK_FALSE(y.covers(x));
    CHECK(numbers_of(x.beyond(y)) == std::vector<log_position>{{a, 5}, {b, 1}});
    CHECK(y.beyond(x).empty());
    CHECK(x.covers(x));
  }
}

TEST_SUITE("core.log_vector.hashes") {
  using namespace quorate;
  using core::log_vector;
  const log_id a{node_id{1}, 7};
  const log_id b{node_id{2}, 7};

  TEST_CASE("the same number with another hash is not held and is a fork, and all of them are named") {
    const auto here = log_vector::of({{{a, 5}, 11}, {{b, 2}, 12}});
    const auto there = log_vector::of({{{a, 5}, 99}});
    CHECK_FALSE(here.covers(there));
    CHECK(here.forks_with(there) == std::vector<log_position>{{a, 5}});
    CHECK(here.forks_with(log_vector::of({{{a, 5}, 99}, {{b, 2}, 98}})) == std::vector<log_position>{{a, 5}, {b, 2}});
    CHECK(here.covers(log_vector::of({{{a, 5}, 11}})));
    CHECK(here.forks_with(log_vector::of({{{a, 5}, 11}})).empty());
  }

  TEST_CASE("where a hash is not known, or the ends are not the same entry, the number has to do") {
    const auto here = log_vector::of({{{a, 5}, 11}});
    CHECK(here.covers(log_vector({{a, 5}})));
    CHECK(here.covers(log_vector::of({{{a, 4}, 99}})));
    CHECK(here.forks_with(log_vector::of({{{a, 4}, 99}, {{b, 5}, 1}})).empty());
    CHECK(here.forks_with(log_vector({{a, 5}})).empty());
  }

  TEST_CASE("a position moves on with its hash") {
    log_vector v;
    v.advance(a, 1, 21);
    v.advance(a, 2, 22);
    CHECK(v.end_of(a).hash == 22);
    CHECK_FALSE(v.raise({a, 2}, 99));
    CHECK(v.end_of(a).hash == 22);
    CHECK(v.raise({a, 4}, 24));
    CHECK(v.list().front().hash == 24);
    // A peer's number is never added to: the place of the largest is a gap, not the next.
    CHECK(v.place(a, ~sequence_number{0}) == core::placement::gap);
  }
}
