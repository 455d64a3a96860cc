// The copy of the node that answers is one of those that count: it shows what it acknowledged, and rows that it alone
// writes, each time from its own copy of them, are never made from an older one.
#include <doctest/doctest.h>

#include <cstdlib>

#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

namespace {

const std::string row = "uses seen by a";

std::shared_ptr<pending> count_a_use(member& node, std::int64_t timeout_ms = 5'000) {
  return submit(node.api(), row, {}, {.timeout_ms = timeout_ms, .count = true, .kind = key_kind::usage});
}

int counted_on(const member& node) {
  const auto held = node.disk.store().get({key_kind::usage, row});
  return held && *held ? std::atoi((*held)->value.c_str()) : 0;
}

}  // namespace

TEST_SUITE("actors.own_row") {
  TEST_CASE("a use is not acknowledged by the others alone, only with the copy of the node that counts it") {
    cluster nodes;
    auto& a = nodes["a"];
    REQUIRE(count_a_use(a)->wait().ok());
    a.disk.hold_commits();
    const auto use = count_a_use(a);
    REQUIRE(eventually([&] { return counted_on(nodes["b"]) == 2 && counted_on(nodes["c"]) == 2; }));
    CHECK(throughout(std::chrono::milliseconds(200), [&] { return !use->answered(); }));
    CHECK(counted_on(a) == 1);
    a.disk.let_commits_go();
    CHECK(use->wait().ok());
    CHECK(nodes.equal());
  }

  TEST_CASE("nothing is acknowledged that the node that says so cannot show") {
    cluster nodes;
    auto& a = nodes["a"];
    REQUIRE(write(a.api(), "key", "before").ok());
    a.disk.hold_commits();
    const auto overwrite = submit(a.api(), "key", "value");
    REQUIRE(eventually(
        [&] { return nodes["b"].disk.value_of("key") == "value" && nodes["c"].disk.value_of("key") == "value"; }));
    CHECK(throughout(std::chrono::milliseconds(200), [&] { return !overwrite->answered(); }));
    a.disk.let_commits_go();
    CHECK(overwrite->wait().ok());
    CHECK(a.disk.value_of("key") == "value");
  }

  TEST_CASE("what the writer died over is acknowledged once it has come back from the others") {
    cluster nodes;
    auto& a = nodes["a"];
    REQUIRE(write(a.api(), "before", "value").ok());
    a.disk.hold_commits();
    const auto done = submit(a.api(), "key", "value", {.timeout_ms = 5'000});
    REQUIRE(eventually(
        [&] { return nodes["b"].disk.value_of("key") == "value" && nodes["c"].disk.value_of("key") == "value"; }));
    a.disk.lose_commit();
    CHECK(done->wait().ok());
    CHECK(a.disk.value_of("key") == "value");
    CHECK(nodes.equal());
  }

  TEST_CASE("a use that comes back behind the next one of its node is not called done") {
    cluster nodes;
    auto& a = nodes["a"];
    REQUIRE(count_a_use(a)->wait().ok());
    for (const std::string other : {"b", "c"}) nodes.network.set(other, "a", {.hold_entries = true});
    a.disk.hold_commits();
    const auto cut_short = count_a_use(a);
    REQUIRE(eventually([&] { return counted_on(nodes["b"]) == 2 && counted_on(nodes["c"]) == 2; }));
    a.disk.lose_commit();
    // Counted on from the copy here, which is behind.
    CHECK(count_a_use(a)->wait().ok());
    CHECK(counted_on(a) == 2);
    for (const std::string other : {"b", "c"}) nodes.network.set(other, "a", {});
    CHECK(cut_short->wait().outcome() == "superseded");
    CHECK(nodes.equal());
    for (auto* node : nodes.running()) CHECK(counted_on(*node) == 2);
  }

  TEST_CASE("a node that died before its sync counts on from a copy that is behind, and no acknowledged use is lost") {
    // Long enough for the next use to come before what the old life sent comes back.
    cluster nodes({.relay_delay_ms = 600'000});
    auto& a = nodes["a"];
    int acknowledged = 0;
    const auto wait_for = [&](const std::shared_ptr<pending>& use) { acknowledged += use->wait().ok() ? 1 : 0; };
    wait_for(count_a_use(a));
    wait_for(count_a_use(a));
    REQUIRE(acknowledged == 2);
    a.disk.hold_commits();
    const auto cut_short = count_a_use(a, 500);
    REQUIRE(eventually([&] { return counted_on(nodes["b"]) == 3 && counted_on(nodes["c"]) == 3; }));
    wait_for(cut_short);
    a.disk.fail_commits();
    a.disk.let_commits_go();
    REQUIRE(eventually([&] { return !a.failures().empty(); }));
    a.stop();
    a.disk.power_cut();
    REQUIRE(counted_on(a) == 2);
    for (const std::string other : {"b", "c"}) nodes.network.set(other, "a", {.hold_entries = true});
    a.start();
    REQUIRE(nodes.all_up());
    wait_for(count_a_use(a));
    CHECK(acknowledged >= 3);
    for (auto* node : nodes.running()) CHECK(eventually([&] { return counted_on(*node) >= acknowledged; }));
    for (const std::string other : {"b", "c"}) nodes.network.set(other, "a", {});
  }
}
