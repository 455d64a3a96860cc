// Nodes that come back: on their disk, or with an empty one under their old name (hazard 16).
#include <doctest/doctest.h>

#include <map>

#include "proto/hash.hpp"
#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

namespace {

/// Where the logs of a member end on another one: epoch -> sequence.
std::map<std::uint64_t, std::uint64_t> logs_of(const std::string& origin, const member& on) {
  std::map<std::uint64_t, std::uint64_t> logs;
  const auto reply = on.digest();
  for (const auto& p : reply.vector())
    if (p.origin() == to_number(node_id_of(origin))) logs[p.epoch()] = p.sequence();
  return logs;
}

std::vector<recorded_write> write_many(member& through, const std::string& prefix, int count) {
  std::vector<recorded_write> history;
  for (int i = 0; i < count; ++i) {
    history.push_back(write(through.api(), prefix + std::to_string(i), prefix));
    CHECK(history.back().outcome() == "ok");
  }
  return history;
}

}  // namespace

TEST_SUITE("actors.restart") {
  TEST_CASE("a write that comes in while the node starts is acknowledged once it has") {
    for (int i = 0; i < 200; ++i) {
      CAPTURE(i);
      test_disk disk;
      loopback_network network;
      node_options options;
      options.name = "a";
      auto started = start_node(options, disk.open(), network.transport("a"), [](const status&) {});
      REQUIRE(started.ok());
      REQUIRE(write((*started)->api(), "key", "value", {.timeout_ms = 1'000}).outcome() == "ok");
    }
  }

  TEST_CASE("a node started again on its store opens a new epoch, keeps what it had and catches up") {
    bool power_lost = false;
    SUBCASE("after its process died") {}
    SUBCASE("after a loss of power") { power_lost = true; }
    CAPTURE(power_lost);
    cluster nodes;
    auto& a = nodes["a"];
    auto history = write_many(a, "before ", 30);
    const auto epoch = a.status().epoch();
    a.stop();
    if (power_lost) a.disk.power_cut();
    CHECK(missing_in(a.disk.store(), history).size() == 0);
    for (auto& w : write_many(nodes["b"], "meanwhile ", 30)) history.push_back(std::move(w));
    a.start();
    CHECK(nodes.equal());
    CHECK(a.status().epoch() > epoch);
    for (auto* node : nodes.running()) CHECK(missing_in(node->disk.store(), history).size() == 0);
    // Writes go into the new log; the old one stays as it was.
    const auto later = write(a.api(), "later", "value", {.timeout_ms = 30'000});
    CHECK(later.ok());
    CHECK(nodes.everywhere("later", "value"));
    CHECK(nodes.equal());
    CHECK(logs_of("a", nodes["b"]) == std::map<std::uint64_t, std::uint64_t>{{epoch, 30}, {a.status().epoch(), 1}});
  }

  TEST_CASE("writes through a node that was just started again are acknowledged as before") {
    cluster nodes;
    auto& a = nodes["a"];
    CHECK(write(a.api(), "key", "before").ok());
    a.stop();
    a.start();
    REQUIRE(nodes.all_up());
    const auto done = write(a.api(), "key", "after", {.timeout_ms = 1'000});
    CHECK(done.outcome() == "ok");
    CHECK(nodes.everywhere("key", "after"));
  }

  TEST_CASE("what only a node's own disk has of its old log reaches the others after it is back") {
    cluster nodes({.relay_delay_ms = 600'000});
    auto& a = nodes["a"];
    for (const std::string to : {"b", "c"}) nodes.network.set("a", to, {.hold_entries = true});
    CHECK(write(a.api(), "key", "value", {.quorum = net::write_quorum::one}).ok());
    a.stop();
    for (const std::string to : {"b", "c"}) nodes.network.set("a", to, {.cut = true});
    CHECK(nodes["b"].disk.value_of("key") == "");
    a.start();
    for (const std::string to : {"b", "c"}) nodes.network.set("a", to, {});
    CHECK(nodes.everywhere("key", "value"));
    CHECK(nodes.equal());
  }

  TEST_CASE("what a node lost by a power cut comes back from those that had it") {
    cluster nodes;
    auto& a = nodes["a"];
    a.disk.store().skip_sync = true;
    const auto history = write_many(a, "key ", 20);
    const auto epoch = a.status().epoch();
    REQUIRE(nodes.equal());
    a.stop();
    a.disk.power_cut();
    REQUIRE(missing_in(a.disk.store(), history).size() == 20);
    a.start();
    CHECK(nodes.equal());
    CHECK(missing_in(a.disk.store(), history).size() == 0);
    CHECK(a.status().epoch() != epoch);
    CHECK(write(a.api(), "key 0", "later", {.timeout_ms = 30'000}).ok());
    CHECK(nodes.everywhere("key 0", "later"));
  }

  TEST_CASE("a node that lost its disk gets everything back, and its new writes are taken for new") {
    cluster nodes({.refill_wait_ms = 200});
    auto& a = nodes["a"];
    auto history = write_many(a, "mine ", 30);
    for (auto& w : write_many(nodes["b"], "theirs ", 10)) history.push_back(std::move(w));
    const auto epoch = a.status().epoch();
    REQUIRE(nodes.equal());
    a.stop();
    a.disk.wipe();
    a.start();
    REQUIRE(nodes.all_up());
    for (auto& w : write_many(a, "new ", 40)) history.push_back(std::move(w));
    CHECK(nodes.equal());
    CHECK(a.status().epoch() != epoch);
    for (auto* node : nodes.running()) {
      CHECK(missing_in(node->disk.store(), history).size() == 0);
      CHECK(logs_of("a", *node) == std::map<std::uint64_t, std::uint64_t>{{epoch, 30}, {a.status().epoch(), 40}});
    }
  }

  TEST_CASE(
      "a node that lost its disk while nobody could reach it refuses writes, and then repeats no sequence number") {
    cluster nodes({.refill_wait_ms = 200});
    auto& a = nodes["a"];
    auto history = write_many(a, "mine ", 30);
    const auto epoch = a.status().epoch();
    REQUIRE(nodes.equal());
    a.stop();
    a.disk.wipe();
    for (const std::string to : {"b", "c"}) nodes.network.sever("a", to);
    a.start();
    // It knows of nobody's entries, its own old ones included: not even its own copy is worth anything yet.
    CHECK(throughout(std::chrono::milliseconds(3 * a.options.refill_wait_ms), [&] {
      const auto refused = submit(a.api(), "refused", "value", {.quorum = net::write_quorum::one});
      return refused->wait().outcome() == "filling" && refused->plans() == 0;
    }));
    for (const std::string to : {"b", "c"}) nodes.network.mend("a", to);
    REQUIRE(nodes.all_up());
    for (int i = 0; i < 40; ++i) {
      history.push_back(write(a.api(), "new " + std::to_string(i), "value", {.quorum = net::write_quorum::one}));
      CHECK(history.back().outcome() == "ok");
    }
    CHECK(nodes.equal());
    for (auto* node : nodes.running()) {
      CHECK(missing_in(node->disk.store(), history).size() == 0);
      CHECK(logs_of("a", *node) == std::map<std::uint64_t, std::uint64_t>{{epoch, 30}, {a.status().epoch(), 40}});
      CHECK(node->disk.version_of("refused") == version{});
    }
  }

  TEST_CASE("a node that lost its disk does not make an older value count as acknowledged") {
    // Of what it waits for, only time could pass here.
    cluster nodes({.relay_delay_ms = 600'000, .refill_wait_ms = 100, .start = false});
    // "c" is within the bound but behind, and has not got the value; "b" has, and forgets it.
    nodes["c"].time.offset_ms = -1'000;
    for (const std::string name : {"a", "b", "c"}) nodes[name].start();
    REQUIRE(nodes.all_up());
    nodes.network.set("a", "c", {.hold_entries = true});
    const auto newer = write(nodes["a"].api(), "key", "newer");
    REQUIRE(newer.ok());
    nodes["b"].stop();
    nodes["b"].disk.wipe();
    nodes.network.sever("a", "b");
    nodes["b"].start();
    REQUIRE(nodes.see_each_other("b", "c", true));
    // The one that knows is not heard in time.
    nodes.network.set("c", "a", {.hold_entries = true});
    const auto older = write(nodes["c"].api(), "key", "older", {.timeout_ms = 500});
    CHECK_FALSE((older.ok() && older.answer.stamp < newer.answer.stamp));
    // It was a contest: the write was begun, is the older one, and is on two disks.
    CHECK(older.outcome() == "quorum_timeout");
    CHECK(older.answer.stamp < newer.answer.stamp);
    CHECK(eventually([&] { return nodes["b"].disk.value_of("key") == "older"; }));
  }
}
