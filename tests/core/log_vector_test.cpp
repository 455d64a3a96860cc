#include "actors/core/log_vector.hpp"

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
    CHECK(x.beyond(y) == std::vector<log_position>{{a, 5}, {b, 1}});
    CHECK(y.beyond(x).empty());
    CHECK(x.covers(x));
  }
}
