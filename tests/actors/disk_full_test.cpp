// Disks that fill: the node says so before anything is done for a write, the others go on, and it comes back by itself.
#include <doctest/doctest.h>

#include "proto/hash.hpp"
#include "tests/support/hand_made_peer.hpp"
#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

namespace {

constexpr auto linearizable = net::write_consistency::linearizable;

// Space is back, the node looks, its next echo says so.
static_assert(limits::disk_look_ms + limits::heartbeat_ms < 1'000);

bool says(member& node, const std::string& state) {
  return eventually([&] { return node.status().state() == state; });
}

/// Whether `one` has heard that the other takes no entries, or takes them again.
bool knows_full(member& one, const std::string& other, bool full) {
  return eventually([&] { return one.peer(other).full() == full; });
}

std::uint64_t now(const member& of) { return hybrid_time_at(static_cast<std::uint64_t>(of.time.wall_ms())); }

/// Node "a" alone, but complete; "b" is made by hand.
struct alone : cluster {
  alone() : cluster({.accept_loss = true, .start = false}) {
    (*this)["a"].start();
    REQUIRE(b.open(a().api(), b.hello_to("a")) == "ok");
  }
  ~alone() { b.close(); }
  member& a() { return (*this)["a"]; }
  hand_made_peer b{"b"};
};

}  // namespace

TEST_SUITE("actors.disk_full") {
  TEST_CASE("a node whose disk is full rejects writes before they are planned, reads on, and takes them again") {
    cluster nodes;
    auto& a = nodes["a"];
    REQUIRE(write(a.api(), "before", "value", {.quorum = net::write_quorum::all}).ok());
    a.disk.fill();
    for (const auto quorum : {net::write_quorum::one, net::write_quorum::majority, net::write_quorum::all}) {
      const auto refused = submit(a.api(), "refused", "value", {.quorum = quorum});
      CHECK(refused->wait().outcome() == "disk_full");
      CHECK(refused->plans() == 0);
    }
    CHECK(outcome_of(errc::disk_full) == error_outcome::rejected);
    const auto ordered = submit(a.api(), "refused", "value", {.consistency = linearizable});
    CHECK(ordered->wait().outcome() == "disk_full");
    CHECK(ordered->plans() == 0);
    CHECK(a.status().state() == "disk_full");
    CHECK(read(a.api(), "before").value() == "value");
    CHECK(a.disk.value_of("before") == "value");
    // A new life of the writer is no excuse.
    REQUIRE(a.kill_and_see_it_back("writer"));
    CHECK(write(a.api(), "refused", "value").outcome() == "disk_full");

    a.disk.make_room();
    CHECK(says(a, "serving"));
    CHECK(write(a.api(), "after", "value", {.quorum = net::write_quorum::all}).ok());
    CHECK(nodes.equal());
    for (auto* node : nodes.running()) CHECK(node->disk.version_of("refused") == version{});
    CHECK(a.failures().empty());
  }

  TEST_CASE("an idle node notices, and at the edge it does not say yes and no by turns") {
    cluster nodes;
    auto& a = nodes["a"];
    auto& free = a.disk.store().free;
    free = limits::disk_reserve_bytes;
    CHECK(write(a.api(), "key", "value").ok());
    free = limits::disk_reserve_bytes - 1;
    CHECK(says(a, "disk_full"));
    free = limits::disk_reserve_bytes + limits::disk_reserve_bytes / 8 - 1;
    CHECK(write(a.api(), "key", "value").outcome() == "disk_full");
    free = limits::disk_reserve_bytes + limits::disk_reserve_bytes / 8;
    CHECK(says(a, "serving"));
  }

  TEST_CASE("the others meet their quorum without a full peer, whose streams stay and which catches up by itself") {
    cluster nodes;
    auto& a = nodes["a"];
    auto& c = nodes["c"];
    c.disk.fill();
    REQUIRE(knows_full(a, "c", true));
    const auto connects = a.peer("c").connects();
    for (int i = 0; i < 20; ++i) {
      const auto done = write(a.api(), "key " + std::to_string(i), "value");
      CHECK(done.outcome() == "ok");
      CHECK(done.answer.copies == 2);
    }
    CHECK(a.status().state() == "serving");
    CHECK(a.peer("c").counts());
    CHECK(c.disk.version_of("key 0") == version{});
    // It lacks the value and cannot take it; the two others agree on it.
    CHECK(read(c.api(), "key 0").value() == "value");
    // A write that needs its copy is not begun.
    const auto all = submit(a.api(), "all", "value", {.quorum = net::write_quorum::all});
    CHECK(all->wait().outcome() == "quorum_unreachable");
    CHECK(all->plans() == 0);
    c.disk.make_room();
    CHECK(nodes.everywhere("key 19", "value"));
    CHECK(nodes.equal());
    CHECK(a.peer("c").connects() == connects);
    REQUIRE(knows_full(a, "c", false));
    CHECK(write(a.api(), "all", "value", {.quorum = net::write_quorum::all}).ok());
  }

  TEST_CASE("a coordinator that reaches only full peers rejects at once") {
    cluster nodes;
    auto& a = nodes["a"];
    for (const std::string peer : {"b", "c"}) {
      nodes[peer].disk.fill();
      REQUIRE(knows_full(a, peer, true));
    }
    CHECK(a.status().state() == "no_quorum");
    for (const auto consistency : {net::write_consistency::by_default, linearizable}) {
      const auto refused = submit(a.api(), "key", "value", {.consistency = consistency});
      CHECK(refused->wait().outcome() == "quorum_unreachable");
      CHECK(refused->plans() == 0);
    }
    CHECK(write(a.api(), "one", "value", {.quorum = net::write_quorum::one}).ok());
    CHECK(nodes["b"].disk.version_of("one") == version{});
    for (const std::string peer : {"b", "c"}) nodes[peer].disk.make_room();
    CHECK(says(a, "serving"));
    CHECK(write(a.api(), "key", "value").ok());
    CHECK(nodes.everywhere("one", "value"));
    CHECK(nodes.equal());
  }

  TEST_CASE("a write that was sent before it was known that the peers are full is indeterminate, and surfaces") {
    cluster nodes;
    auto& a = nodes["a"];
    REQUIRE(write(a.api(), "before", "value", {.quorum = net::write_quorum::all}).ok());
    for (const std::string peer : {"b", "c"}) nodes.network.set(peer, "a", {.hold = true});
    for (const std::string peer : {"b", "c"}) {
      nodes[peer].disk.fill();
      REQUIRE(says(nodes[peer], "disk_full"));
    }
    const auto done = write(a.api(), "key", "value", {.timeout_ms = 300});
    CHECK(done.outcome() == "quorum_timeout");
    CHECK(done.answer.copies == 1);
    for (const std::string peer : {"b", "c"}) {
      CHECK(nodes[peer].disk.version_of("key") == version{});
      nodes.network.set(peer, "a", {});
      nodes[peer].disk.make_room();
    }
    CHECK(nodes.everywhere("key", "value"));
    CHECK(nodes.equal());
  }

  TEST_CASE_FIXTURE(alone, "entries of peers are refused with the reason, those held are acknowledged all the same") {
    b.send({b.put(1, now(a()), "one", "value")});
    REQUIRE(eventually([&] { return b.acks().size() == 1; }));
    const auto one = a().disk.version_of("one");
    a().disk.fill();
    b.send({b.put(1, one.time, "one", "value"), b.put(2, now(a()), "two", "value"), b.put(3, now(a()), "3", "value")});
    REQUIRE(eventually([&] { return b.refusals().size() == 1; }));
    CHECK(b.refusals()[0].reason() == v1::LogRefusal::DISK_FULL);
    CHECK(b.refusals()[0].have() == 1);
    REQUIRE(b.acks().size() == 2);
    CHECK(b.acks()[1].upto() == 1);
    CHECK(a().disk.version_of("two") == version{});
    a().disk.make_room();
    REQUIRE(says(a(), "no_quorum"));
    b.send({b.put(2, now(a()), "two", "value")});
    CHECK(eventually([&] { return a().disk.value_of("two") == "value"; }));
    CHECK_FALSE(b.closed().has_value());
  }

  TEST_CASE_FIXTURE(alone, "a full disk confirms written-back values that it holds, and takes no others") {
    b.send({b.put(1, now(a()), "held", "value")});
    REQUIRE(eventually([&] { return b.acks().size() == 1; }));
    a().disk.fill();
    const version newer{now(a()), node_id_of("c")};
    b.write_back(1, newer, "other", "value");
    b.write_back(2, a().disk.version_of("held"), "held", "value");
    REQUIRE(eventually([&] { return !b.findings().empty(); }));
    CHECK(b.findings().front().number() == 2);
    CHECK(a().disk.version_of("other") == version{});
    a().disk.make_room();
    REQUIRE(says(a(), "no_quorum"));
    b.write_back(3, newer, "other", "value");
    REQUIRE(eventually([&] { return b.findings().size() == 2; }));
    CHECK(b.findings().back().number() == 3);
    CHECK(a().disk.version_of("other") == newer);
  }

  TEST_CASE("a read whose value a full member would have to take ends by its deadline") {
    cluster nodes({.relay_delay_ms = 600'000});
    auto& a = nodes["a"];
    for (const std::string peer : {"b", "c"}) nodes.network.set("a", peer, {.hold_entries = true});
    REQUIRE(write(a.api(), "key", "value", {.quorum = net::write_quorum::one}).ok());
    nodes["c"].stop();
    nodes["b"].disk.fill();
    REQUIRE(says(nodes["b"], "disk_full"));
    const auto without = read(a.api(), "key", {.timeout_ms = 500});
    CHECK(without.outcome() == "quorum_unreachable");
    CHECK(without.late_ms() <= answer_margin_ms);
    nodes["b"].disk.make_room();
    CHECK(eventually([&] { return read(a.api(), "key").value() == "value"; }));
    CHECK(nodes["b"].disk.value_of("key") == "value");
  }

  TEST_CASE("space that runs out between the look and the write ends the node, says why, and loses nothing") {
    cluster nodes;
    auto& a = nodes["a"];
    CHECK(write(a.api(), "before", "value", {.quorum = net::write_quorum::all}).ok());
    a.disk.run_out_of_space();
    const auto in_hand = write(a.api(), "in hand", "value", {.timeout_ms = 500, .quorum = net::write_quorum::all});
    CHECK(outcome_of(in_hand.answer.outcome.code()) == error_outcome::unknown);
    CHECK(in_hand.outcome() != "disk_full");
    REQUIRE(eventually([&] { return !a.failures().empty(); }));
    CHECK(a.failures().front().code() == errc::disk_full);
    const auto later = write(a.api(), "later", "value", {.timeout_ms = 300, .quorum = net::write_quorum::one});
    CHECK_FALSE(later.ok());
    a.stop();
    a.disk.power_cut();
    a.start();
    CHECK(nodes.everywhere("before", "value"));
    CHECK(nodes.everywhere("in hand", "value"));  // its entry was with the others
    CHECK(nodes.equal());
  }
}
