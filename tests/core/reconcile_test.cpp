#include "actors/core/reconcile.hpp"

#include <doctest/doctest.h>

using namespace quorate;

namespace {

const node_id a{1};
const node_id b{2};
const node_id c{3};
const log_id live{a, 10};

core::peer_view peer(node_id id, bool up, std::vector<log_position> vector = {}) {
  return {id, up, core::log_vector(vector)};
}

}  // namespace

TEST_SUITE("core.reconcile") {
  TEST_CASE("entries of an origin that is down are relayed at once") {
    core::reconcile rule(a, 500);
    core::log_vector own({{live, 9}, {{b, 5}, 7}});
    auto orders = rule.tick(0, live, own, {peer(b, false), peer(c, true, {{{b, 5}, 3}})});
    REQUIRE(orders.size() == 1);
    CHECK(orders[0].to == c);
    CHECK(orders[0].upto == log_position{{b, 5}, 7});
  }

  TEST_CASE("while its origin is up, a log is relayed only after the peer made no progress for the delay") {
    core::reconcile rule(a, 500);
    core::log_vector own({{{b, 5}, 7}});
    auto at = [&](std::int64_t now, sequence_number held) {
      return rule.tick(now, live, own, {peer(b, true, {{{b, 5}, 7}}), peer(c, true, {{{b, 5}, held}})}).size();
    };
    CHECK(at(0, 3) == 0);
    CHECK(at(400, 3) == 0);
    CHECK(at(450, 4) == 0);
    CHECK(at(900, 4) == 0);
    CHECK(at(950, 4) == 1);
    CHECK(at(1'000, 7) == 0);
  }

  TEST_CASE("a node's own earlier lives are sent at once, its live log is the links' business") {
    core::reconcile rule(a, 500);
    core::log_vector own({{live, 9}, {{a, 4}, 2}});
    auto orders = rule.tick(0, live, own, {peer(b, true)});
    REQUIRE(orders.size() == 1);
    CHECK(orders[0].upto.log == log_id{a, 4});
  }

  TEST_CASE("a peer gets back the entries of its own earlier life that it lost") {
    core::reconcile rule(a, 500);
    core::log_vector own({{{b, 5}, 7}});
    auto view = std::vector{peer(b, true, {{{b, 5}, 6}})};
    CHECK(rule.tick(0, live, own, view).empty());
    CHECK(rule.tick(500, live, own, view).size() == 1);
  }

  TEST_CASE("a peer that is down or has everything gets nothing") {
    core::reconcile rule(a, 0);
    core::log_vector own({{{b, 5}, 7}});
    CHECK(rule.tick(0, live, own, {peer(c, false), peer(b, true, {{{b, 5}, 7}})}).empty());
  }
}
