// Who may open a stream to a node, and under what configuration a node starts.
#include <doctest/doctest.h>

#include "proto/entry_codec.hpp"
#include "proto/hash.hpp"
#include "tests/support/hand_made_peer.hpp"
#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

namespace {

/// Node "a" alone, but complete; its peers "b" and "c" are made by hand or absent.
struct alone : cluster {
  alone() : cluster({.accept_loss = true, .start = false}) { (*this)["a"].start(); }
  member& a() { return (*this)["a"]; }
};

std::uint64_t now(const member& of) { return hybrid_time_at(static_cast<std::uint64_t>(of.time.wall_ms())); }

}  // namespace

TEST_SUITE("actors.accept") {
  TEST_CASE_FIXTURE(alone, "strangers and the misled are refused, each with its reason") {
    hand_made_peer b("b");
    auto hello = b.hello_to("a");
    hello.set_cluster_id("another");
    CHECK(b.open(a().api(), hello) == "wrong_cluster");
    CHECK(b.open(a().api(), b.hello_to("c")) == "wrong_node");
    hand_made_peer stranger("stranger");
    CHECK(stranger.open(a().api(), stranger.hello_to("a")) == "wrong_node");
    hand_made_peer itself("a");
    CHECK(itself.open(a().api(), itself.hello_to("a")) == "wrong_node");
    hello = b.hello_to("a");
    hello.add_members("d");
    CHECK(b.open(a().api(), hello) == "wrong_cluster");
    hello = b.hello_to("a");
    hello.set_protocol(2);
    CHECK(b.open(a().api(), hello) == "invalid_argument");
    CHECK(b.open(a().api(), b.hello_to("a")) == "ok");
    b.close();
  }

  TEST_CASE_FIXTURE(alone, "of two live processes with one name the second is refused") {
    hand_made_peer first("b", 1);
    hand_made_peer second("b", 2);
    REQUIRE(first.open(a().api(), first.hello_to("a")) == "ok");
    CHECK(second.open(a().api(), second.hello_to("a")) == "in_use");
    first.heartbeat();
    CHECK(first.echoes() == 1);
    first.close();
    CHECK(second.open(a().api(), second.hello_to("a")) == "ok");
    second.close();
  }

  TEST_CASE_FIXTURE(alone, "a process not heard of for the suspicion time makes room for another of its name") {
    hand_made_peer first("b", 1);
    hand_made_peer second("b", 2);
    REQUIRE(first.open(a().api(), first.hello_to("a")) == "ok");
    const auto opened_us = a().time.steady_us();
    CHECK(eventually([&] { return second.open(a().api(), second.hello_to("a")) == "ok"; }));
    CHECK(a().time.steady_us() - opened_us >= limits::suspicion_ms * 1'000);
    CHECK(first.closed().has_value());
    first.close();
    second.close();
  }

  TEST_CASE_FIXTURE(alone, "a newer stream of a process replaces the older one, of which nothing is taken any more") {
    hand_made_peer older("b", 1);
    hand_made_peer newer("b", 1);
    REQUIRE(older.open(a().api(), older.hello_to("a")) == "ok");
    REQUIRE(newer.open(a().api(), newer.hello_to("a")) == "ok");
    REQUIRE(older.closed().has_value());
    older.send({older.put(1, now(a()), "older", "value")});
    older.heartbeat();
    newer.send({newer.put(1, now(a()), "newer", "value")});
    CHECK(eventually([&] { return newer.acks().size() == 1; }));
    CHECK(a().disk.value_of("newer") == "value");
    CHECK(a().disk.version_of("older") == version{});
    CHECK(older.acks().empty());
    CHECK(older.echoes() == 0);
    CHECK_FALSE(newer.closed().has_value());
    older.close();
    newer.close();
  }

  TEST_CASE_FIXTURE(alone, "gaps are refused with the place to go on from, and what is held is acknowledged again") {
    hand_made_peer b("b");
    REQUIRE(b.open(a().api(), b.hello_to("a")) == "ok");
    b.send({b.put(1, now(a()), "one", "value"), b.put(2, now(a()) + 1, "two", "value")});
    REQUIRE(eventually([&] { return b.acks().size() == 1; }));
    CHECK(b.acks()[0].first() == 1);
    CHECK(b.acks()[0].upto() == 2);
    b.send({b.put(4, now(a()), "four", "value")});
    REQUIRE(eventually([&] { return b.refusals().size() == 1; }));
    CHECK(b.refusals()[0].reason() == v1::LogRefusal::GAP);
    CHECK(b.refusals()[0].have() == 2);
    CHECK(a().disk.version_of("four") == version{});
    const auto two = a().disk.version_of("two");
    b.send({b.put(2, two.time, "two", "value"), b.put(3, now(a()), "three", "value")});
    REQUIRE(eventually([&] { return b.acks().size() == 2; }));
    CHECK(b.acks()[1].first() == 2);
    CHECK(b.acks()[1].upto() == 3);
    CHECK(b.acks()[1].superseded_size() == 0);
    CHECK(a().digest().records() == 3);
    b.close();
  }

  TEST_CASE_FIXTURE(alone, "a copy that is not the newest is acknowledged as superseded, with the newer version") {
    REQUIRE(write(a().api(), "key", "newer", {.quorum = net::write_quorum::one}).ok());
    const auto newest = a().disk.version_of("key");
    hand_made_peer b("b");
    REQUIRE(b.open(a().api(), b.hello_to("a")) == "ok");
    b.send({b.put(1, newest.time - hybrid_time_at(5), "key", "older"), b.put(2, now(a()), "other", "value")});
    REQUIRE(eventually([&] { return b.acks().size() == 1; }));
    const auto ack = b.acks()[0];
    REQUIRE(ack.superseded_size() == 1);
    CHECK(ack.superseded(0).sequence() == 1);
    CHECK(ack.superseded(0).by().time() == newest.time);
    CHECK(ack.upto() == 2);
    CHECK(a().disk.value_of("key") == "newer");
    b.close();
  }

  TEST_CASE_FIXTURE(alone, "a stream that carries damaged entries ends; the node stays") {
    hand_made_peer b("b");
    REQUIRE(b.open(a().api(), b.hello_to("a")) == "ok");
    auto damaged = b.put(1, now(a()), "key", "value");
    damaged.mutations.clear();
    b.send({damaged});
    REQUIRE(b.closed().has_value());
    CHECK(b.closed()->code() == errc::malformed);
    b.close();
    CHECK(write(a().api(), "key", "value", {.quorum = net::write_quorum::one}).ok());
    CHECK(a().failures().empty());
  }

  TEST_CASE_FIXTURE(alone, "a change of a kind that only a newer release knows is held as it is") {
    hand_made_peer b("b");
    REQUIRE(b.open(a().api(), b.hello_to("a")) == "ok");
    const record_key later{static_cast<key_kind>(200), "key"};
    REQUIRE_FALSE(is_known(later.kind));
    auto e = b.put(1, now(a()), "key", "bytes");
    e.mutations.front().key = later;
    e.mutations.push_back({{key_kind::memory, "beside"}, false, {}, "value"});
    b.send({e});
    REQUIRE(eventually([&] { return b.acks().size() == 1; }));
    CHECK(b.acks()[0].upto() == 1);
    const auto held = a().disk.store().get(later);
    REQUIRE((held && *held));
    CHECK((*held)->value == "bytes");
    CHECK(a().disk.value_of("beside") == "value");
    CHECK(*a().disk.store().read_log(e.log, 1, 1)->front().bytes == encode(e));
    b.close();
    CHECK(a().failures().empty());
  }

  TEST_CASE_FIXTURE(alone, "the disk of a complete peer is on disk together with what is acknowledged to it") {
    const auto disk_of_b = [&] {
      const auto held = a().disk.store().summary();
      const auto known = held->disks.others.find(node_id_of("b"));
      return known == held->disks.others.end() ? 0 : known->second;
    };
    hand_made_peer b("b");
    const auto hello = b.hello_to("a");
    REQUIRE(b.open(a().api(), hello) == "ok");
    // Of one that does not count nothing is remembered: what it lost is still to be told by its old disk.
    b.complete = false;
    b.send({b.put(1, now(a()), "one", "value")});
    REQUIRE(eventually([&] { return b.acks().size() == 1; }));
    CHECK(disk_of_b() == 0);
    b.complete = true;
    b.send({b.put(2, now(a()), "two", "value")});
    REQUIRE(eventually([&] { return b.acks().size() == 2; }));
    CHECK(disk_of_b() == hello.disk());
    b.close();
    a().stop();
    a().disk.power_cut();
    CHECK(disk_of_b() == hello.disk());
  }

  TEST_CASE_FIXTURE(alone, "a question is answered to a complete peer only once its disk is known") {
    REQUIRE(write(a().api(), "key", "value", {.quorum = net::write_quorum::one}).ok());
    hand_made_peer b("b");
    REQUIRE(b.open(a().api(), b.hello_to("a")) == "ok");
    b.ask(1, "key");
    CHECK(b.findings().empty());
    b.complete = false;  // then its own copy does not count, and nothing has to be remembered
    b.ask(2, "key");
    REQUIRE(b.findings().size() == 1);
    CHECK(b.findings()[0].number() == 2);
    b.complete = true;
    b.heartbeat();
    CHECK(eventually([&] {
      b.ask(3, "key");
      return b.findings().size() == 2;
    }));
    CHECK(b.findings()[1].number() == 3);
    CHECK(b.findings()[1].version().time() == a().disk.version_of("key").time);
    CHECK(b.findings()[1].mutation().value() == "value");
    b.ask(4, "another");
    REQUIRE(b.findings().size() == 3);
    CHECK_FALSE(b.findings()[2].has_version());
    b.close();
  }

  TEST_CASE("a node does not start with a configuration that cannot work") {
    const auto field_of = [](const node_options& options) { return validate(options).field(); };
    node_options good;
    good.name = "a";
    good.peers = {{"b", "b"}, {"c", "c"}};
    CHECK(validate(good).ok());
    auto options = good;
    options.name = "A";
    CHECK(field_of(options) == "--name");
    options = good;
    options.peers[1].name = "b";
    CHECK(field_of(options) == "--peer");
    options = good;
    options.peers[1].name = "a";
    CHECK(field_of(options) == "--peer");
    options = good;
    options.peers[0].address = "";
    CHECK(field_of(options) == "--peer");
    options = good;
    options.write_quorum = 4;
    CHECK(field_of(options) == "--write-quorum");
    options = good;
    options.cluster_id = "";
    CHECK(field_of(options) == "--cluster-id");
    test_disk disk;
    loopback_network network;
    const auto started = start_node(options, disk.open(), network.transport("a"), [](const status&) {});
    CHECK(started.error().code() == errc::invalid_argument);
  }

  TEST_CASE("drills are refused unless the node was started with them") {
    cluster nodes({.names = {"a"}, .start = false});
    nodes["a"].options.enable_drills = false;
    nodes["a"].start();
    CHECK(nodes["a"].kill("writer").code() == errc::not_permitted);
    nodes["a"].stop();
    nodes["a"].options.enable_drills = true;
    nodes["a"].start();
    CHECK(nodes["a"].kill("nobody").code() == errc::invalid_argument);
    CHECK(nodes["a"].kill("writer").ok());
  }
}
