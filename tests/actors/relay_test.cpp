// Entries reach every member also when the node that took them cannot bring them (hazard 8).
#include <doctest/doctest.h>

#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

namespace {

/// A peer's end is noticed within the suspicion time; then it takes a round of vectors and one of the reconciler.
constexpr std::chrono::milliseconds relay_bound{limits::suspicion_ms + 2 * limits::heartbeat_ms + limits::reconcile_ms
                                                + 1'000};

}  // namespace

TEST_SUITE("actors.relay") {
  TEST_CASE("what one survivor has of a dead origin the other gets from it") {
    cluster nodes({.relay_delay_ms = 600'000});
    nodes.network.set("a", "c", {.hold_entries = true});
    std::vector<recorded_write> history;
    for (int i = 0; i < 20; ++i) {
      const auto n = std::to_string(i);
      history.push_back(write(nodes["a"].api(), "key " + n, "value " + n));
      CHECK(history.back().ok());
    }
    // While the origin is up nobody sends in its place, so it is its death that brings the entries.
    CHECK(throughout(std::chrono::milliseconds(300), [&] { return nodes["c"].disk.value_of("key 0").empty(); }));
    REQUIRE(missing_in(nodes["c"].disk.store(), history).size() == 20);
    nodes["a"].stop();
    CHECK(nodes.everywhere("key 19", "value 19", relay_bound));
    CHECK(missing_in(nodes["c"].disk.store(), history).empty());
    CHECK(nodes.equal());
  }

  TEST_CASE("a peer that stays behind an origin that is up gets its entries from others after the relay delay") {
    cluster nodes({.relay_delay_ms = 300});
    nodes.network.set("a", "c", {.hold_entries = true});
    CHECK(write(nodes["a"].api(), "key", "value").ok());
    CHECK(nodes.everywhere("key", "value", relay_bound));
    CHECK(nodes.network.seen("a", "c").held > 0);
  }

  TEST_CASE("entries cross a chain of members that do not all see each other") {
    cluster nodes({.names = {"a", "b", "c", "d"}, .relay_delay_ms = 100});
    for (const auto& [one, other] : {std::pair("a", "c"), std::pair("a", "d"), std::pair("b", "d")}) {
      nodes.network.sever(one, other);
      REQUIRE(nodes.see_each_other(one, other, false));
    }
    CHECK(write(nodes["a"].api(), "key", "value", {.quorum = net::write_quorum::one}).ok());
    CHECK(nodes.everywhere("key", "value"));
    CHECK(nodes.equal());
  }
}
