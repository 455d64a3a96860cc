// Who may open a stream to a node, and under what configuration a node starts.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <set>
#include <vector>

#include "actors/core/peer_rules.hpp"
#include "proto/entry_codec.hpp"
#include "proto/hash.hpp"
#include "proto/log_chain.hpp"
#include "proto/member_proof.hpp"
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
    hello.knock.set_cluster_id("another");
    CHECK(b.open(a().api(), hello) == "wrong_cluster");
    CHECK(b.open(a().api(), b.hello_to("c")) == "wrong_node");
    hand_made_peer stranger("stranger");
    CHECK(stranger.open(a().api(), stranger.hello_to("a")) == "wrong_node");
    hand_made_peer itself("a");
    CHECK(itself.open(a().api(), itself.hello_to("a")) == "wrong_node");
    hello = b.hello_to("a");
    hello.hello.mutable_configuration()->add_members("d");
    CHECK(b.open(a().api(), hello) == "wrong_cluster");
    hello = b.hello_to("a");
    hello.hello.mutable_configuration()->set_write_quorum(3);
    CHECK(b.open(a().api(), hello) == "wrong_cluster");
    hello = b.hello_to("a");
    hello.knock.set_protocol(1);
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

  TEST_CASE_FIXTURE(alone,
                    "a peer that does not read its answers loses its stream, is told of once, and holds up none") {
    hand_made_peer b("b");
    hand_made_peer c("c");
    REQUIRE(b.open(a().api(), b.hello_to("a")) == "ok");
    REQUIRE(c.open(a().api(), c.hello_to("a")) == "ok");
    b.stop_reading();
    b.send({b.put(1, now(a()), "one", "value")});
    REQUIRE(eventually([&] { return b.closed().has_value(); }));
    CHECK(b.closed()->code() == errc::overloaded);
    b.heartbeat();
    b.send({b.put(2, now(a()), "two", "value")});
    c.heartbeat();
    CHECK(c.echoes() == 1);
    c.send({c.put(1, now(a()), "of c", "value")});
    CHECK(eventually([&] { return c.acks().size() == 1; }));
    CHECK(a().disk.version_of("two") == version{});
    CHECK(a().status().peers_refused() == 1);
    CHECK_FALSE(c.closed().has_value());
    b.close();
    c.close();
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

  TEST_CASE_FIXTURE(alone, "a stream that carries what is not even the place of an entry ends; the node stays") {
    hand_made_peer b("b");
    REQUIRE(b.open(a().api(), b.hello_to("a")) == "ok");
    v1::PeerFrame frame;
    frame.add_entries("no entry at all");
    frame.set_entries_hash(core::hash_of_entries(frame));
    b.send(frame);
    REQUIRE(b.closed().has_value());
    CHECK(b.closed()->code() == errc::malformed);
    CHECK(a().status().peers_refused() == 1);
    b.close();
    CHECK(write(a().api(), "key", "value", {.quorum = net::write_quorum::one}).ok());
    CHECK(a().failures().empty());
  }

  TEST_CASE_FIXTURE(alone, "an entry that cannot be read is set aside when it comes again, and other logs go on") {
    hand_made_peer b("b");
    REQUIRE(b.open(a().api(), b.hello_to("a")) == "ok");
    auto unreadable = b.put(1, now(a()), "key", "value");
    unreadable.mutations.clear();
    auto of_c = b.put(1, now(a()), "of c", "value");
    of_c.log = {node_id_of("c"), b.log.epoch};
    b.send({unreadable, of_c});
    REQUIRE(eventually([&] { return b.refusals().size() == 1; }));
    // It may have been damaged on the way.
    CHECK(b.refusals()[0].reason() == v1::LogRefusal::BUSY);
    CHECK(b.acks().size() == 1);
    CHECK(a().disk.value_of("of c") == "value");
    b.send({unreadable});
    REQUIRE(eventually([&] { return b.refusals().size() == 2; }));
    CHECK(b.refusals()[1].reason() == v1::LogRefusal::POISON);
    CHECK(a().status().entries_poisoned() == 1);
    CHECK_FALSE(b.closed().has_value());
    b.close();
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
    CHECK(disk_of_b() == hello.hello.disk());
    b.close();
    a().stop();
    a().disk.power_cut();
    CHECK(disk_of_b() == hello.hello.disk());
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
    options = good;
    options.cluster_key = std::string(31, 'k');
    CHECK(field_of(options) == "--cluster-key-file");
    options.cluster_key += 'k';
    CHECK(validate(options).ok());
    options.cluster_key += 'k';
    CHECK(field_of(options) == "--cluster-key-file");
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

TEST_SUITE("actors.accept.proof") {
  const std::string key(32, 'k');
  const std::string other_key(32, 'o');

  struct keyed : cluster {
    keyed() : cluster({.accept_loss = true, .start = false}) {
      (*this)["a"].options.cluster_key = key;
      (*this)["a"].start();
    }
    member& a() { return (*this)["a"]; }
  };

  hand_made_peer::greeting with_key(const hand_made_peer& peer, const std::string& held) {
    auto words = peer.hello_to("a");
    words.key = held;
    return words;
  }

  TEST_CASE_FIXTURE(keyed, "only who has the key is taken, and nothing is said to anybody else") {
    hand_made_peer b("b");
    CHECK(b.open(a().api(), with_key(b, other_key)) == "not_permitted");
    CHECK(b.closed()->message().find("another cluster key") != std::string::npos);
    CHECK_THROWS(b.welcome());
    CHECK(b.open(a().api(), with_key(b, {})) == "not_permitted");
    CHECK_THROWS(b.welcome());
    CHECK(b.challenge().keyed());
    CHECK(b.open(a().api(), with_key(b, key)) == "ok");
    CHECK(b.welcome().instance() != 0);
    CHECK(a().status().peers_refused() == 2);
    b.close();
  }

  TEST_CASE_FIXTURE(keyed, "a proof that was heard opens no second stream, and none to another node") {
    hand_made_peer b("b");
    auto words = with_key(b, key);
    words.proof =
        make_proof(key, proof_of::hello, words.knock.nonce(), std::string(16, 'x'), words.hello.SerializeAsString());
    CHECK(b.open(a().api(), words) == "not_permitted");
    // A welcome's code is none for a hello, and what is sealed is all of it.
    REQUIRE(b.open(a().api(), with_key(b, key)) == "ok");
    const auto first = b.challenge().nonce();
    b.close();
    REQUIRE(b.open(a().api(), with_key(b, key)) == "ok");
    CHECK(b.challenge().nonce() != first);
    b.close();
    CHECK_FALSE(
        proof_fits(make_proof(key, proof_of::welcome, "n", "m", "text"), key, proof_of::hello, "n", "m", "text"));
    CHECK_FALSE(proof_fits(make_proof(key, proof_of::hello, "n", "m", "text"), key, proof_of::hello, "n", "m", "Text"));
    CHECK_FALSE(proof_fits(make_proof(key, proof_of::hello, "nm", "", "text"), key, proof_of::hello, "n", "m", "text"));
    CHECK_FALSE(proof_fits("", key, proof_of::hello, "n", "m", "text"));
    CHECK_FALSE(proof_fits("x", "", proof_of::hello, "n", "m", "text"));
    CHECK(proof_fits("", "", proof_of::hello, "n", "m", "text"));
  }

  TEST_CASE_FIXTURE(alone, "without a key nobody is taken from another machine, and who proves something is told") {
    hand_made_peer b("b");
    auto words = b.hello_to("a");
    words.local = false;
    CHECK(b.open(a().api(), words) == "not_permitted");
    CHECK(b.open(a().api(), with_key(b, key)) == "not_permitted");
    CHECK(b.closed()->message().find("this node has none") != std::string::npos);
    CHECK(b.open(a().api(), b.hello_to("a")) == "ok");
    b.close();
  }

  TEST_CASE_FIXTURE(keyed, "from another machine, with the key") {
    hand_made_peer b("b");
    auto words = with_key(b, key);
    words.local = false;
    CHECK(b.open(a().api(), words) == "ok");
    b.close();
  }

  TEST_CASE_FIXTURE(alone, "callers who do not say who they are are sent away, and keep no member out") {
    std::vector<std::unique_ptr<hand_made_peer>> silent;
    std::vector<std::shared_ptr<net::inbound_link>> links;
    struct deaf final : net::answer_sink {
      status send(v1::PeerAnswer&&) override { return {}; }
      void close(const status&) override { ++ended; }
      std::atomic<int> ended{0};
    };
    const auto ear = std::make_shared<deaf>();
    hand_made_peer b("b");
    for (std::size_t i = 0; i < limits::handshakes_open_max + 10; ++i) {
      v1::Challenge challenge;
      auto accepted = a().api().accept(b.hello_to("a").knock, true, ear, &challenge);
      REQUIRE(accepted.ok());
      links.push_back(std::move(*accepted));
    }
    CHECK(ear->ended == 10);
    CHECK(b.open(a().api(), b.hello_to("a")) == "ok");
    CHECK(eventually([&] { return ear->ended == static_cast<int>(limits::handshakes_open_max + 10); }));
    b.heartbeat();
    CHECK(b.echoes() == 1);
    b.close();
  }

  TEST_CASE("a cluster with a key works, and a member without it says what is missing") {
    cluster nodes({.start = false});
    for (const auto* name : {"a", "b", "c"}) nodes[name].options.cluster_key = key;
    nodes["c"].options.cluster_key.clear();
    for (const auto* name : {"a", "b", "c"}) nodes[name].start();
    const auto told = [&](const char* node, const char* peer) {
      return nodes[node].peer(peer).last_error().find("--cluster-key-file") != std::string::npos;
    };
    CHECK(eventually([&] { return told("a", "c") && told("c", "a"); }));
    CHECK(nodes["a"].status().state() == "filling");
    nodes["c"].stop();
    nodes["c"].options.cluster_key = key;
    nodes["c"].start();
    REQUIRE(nodes.all_up());
    CHECK(write(nodes["c"].api(), "key", "value", {.quorum = net::write_quorum::all}).ok());
  }
}

TEST_SUITE("actors.accept.numbers") {
  constexpr std::uint64_t top = ~std::uint64_t{0};

  /// Whether the node goes on as before: it serves, it has ended the stream, nothing became of what was sent.
  bool unharmed(member & a, const hand_made_peer& b) {
    return b.closed() && a.failures().empty()
           && write(a.api(), "key", "value", {.quorum = net::write_quorum::one}).ok();
  }

  TEST_CASE_FIXTURE(alone, "a disk of a name that no time can give is not remembered") {
    hand_made_peer b("b");
    auto words = b.hello_to("a");
    words.hello.set_disk(top);
    CHECK(b.open(a().api(), words) == "malformed");
    CHECK(unharmed(a(), b));
    CHECK(b.open(a().api(), b.hello_to("a")) == "ok");
    b.heartbeat();
    CHECK(eventually([&] {
      const auto held = a().disk.store().summary();
      const auto known = held->disks.others.find(node_id_of("b"));
      return known != held->disks.others.end() && known->second == 1;
    }));
    b.close();
  }

  TEST_CASE_FIXTURE(alone, "entries of strangers, and at places that cannot be, end the stream") {
    for (const bool stranger : {true, false}) {
      hand_made_peer b("b");
      REQUIRE(b.open(a().api(), b.hello_to("a")) == "ok");
      auto e = b.put(1, now(a()), "forged", "value");
      if (stranger)
        e.log.origin = node_id_of("stranger");
      else
        e.sequence = top;
      b.send({e});
      CHECK(unharmed(a(), b));
      CHECK(a().disk.version_of("forged") == version{});
      b.close();
    }
  }

  TEST_CASE_FIXTURE(alone, "entries that were damaged on the way end the stream, and come again on another") {
    hand_made_peer b("b");
    REQUIRE(b.open(a().api(), b.hello_to("a")) == "ok");
    v1::PeerFrame frame;
    const auto e = b.put(1, now(a()), "key", "value");
    frame.add_entries(encode(e));
    frame.set_entries_hash(core::hash_of_entries(frame));
    // Still an entry, but another one.
    auto changed = e;
    changed.mutations[0].value = "walue";
    *frame.mutable_entries(0) = encode(changed);
    b.send(frame);
    CHECK(unharmed(a(), b));
    CHECK(a().disk.version_of("key") != e.stamp());
    b.close();
    REQUIRE(b.open(a().api(), b.hello_to("a")) == "ok");
    b.send({e});
    CHECK(eventually([&] { return b.acks().size() == 1; }));
    b.close();
  }

  TEST_CASE_FIXTURE(alone, "an entry in the node's own live log is refused by name, and the node goes on") {
    REQUIRE(write(a().api(), "key", "one", {.quorum = net::write_quorum::one}).ok());
    const log_id live{node_id_of("a"), a().status().epoch()};
    hand_made_peer b("b");
    REQUIRE(b.open(a().api(), b.hello_to("a")) == "ok");
    auto forged = b.put(2, now(a()), "forged", "value");
    forged.log = live;
    b.send({forged});
    REQUIRE(eventually([&] { return b.refusals().size() == 1; }));
    CHECK(b.refusals()[0].reason() == v1::LogRefusal::FORK);
    CHECK(a().status().forks() == 1);
    CHECK(a().failures().empty());
    CHECK(write(a().api(), "key", "two", {.quorum = net::write_quorum::one}).ok());
    CHECK(a().disk.version_of("forged") == version{});
    b.close();
  }

  TEST_CASE_FIXTURE(alone, "held is not said of other bytes, nor is anything taken behind them") {
    hand_made_peer b("b");
    REQUIRE(b.open(a().api(), b.hello_to("a")) == "ok");
    auto one = b.put(1, now(a()), "key", "value");
    one.previous = chain_start(one.log);
    auto two = b.put(2, now(a()) + 1, "key", "later");
    two.previous = chain_hash(encode(one));
    b.send({one, two});
    REQUIRE(eventually([&] { return b.acks().size() == 1; }));
    CHECK(b.acks()[0].hash() == chain_hash(encode(two)));
    auto other = two;
    other.mutations[0].value = "another";
    b.send({other});
    REQUIRE(eventually([&] { return b.refusals().size() == 1; }));
    CHECK(b.refusals()[0].reason() == v1::LogRefusal::FORK);
    CHECK(b.acks().size() == 1);
    auto three = b.put(3, now(a()) + 2, "key", "latest");
    three.previous = chain_hash(encode(other));
    b.send({three});
    REQUIRE(eventually([&] { return b.refusals().size() == 2; }));
    CHECK(b.refusals()[1].reason() == v1::LogRefusal::FORK);
    CHECK(a().disk.value_of("key") == "later");
    // What was sent before is acknowledged as ever, and the log goes on where it fits.
    three.previous = chain_hash(encode(two));
    b.send({two, three});
    REQUIRE(eventually([&] { return b.acks().size() == 2; }));
    CHECK(a().disk.value_of("key") == "latest");
    CHECK(a().status().forks() == 2);
    b.close();
  }

  TEST_CASE_FIXTURE(alone, "however many logs a peer brings, there is an end to them, and the node's own lives begin") {
    constexpr std::size_t frame = 2'048;
    constexpr std::size_t sent = limits::logs_max + frame;
    hand_made_peer b("b");
    REQUIRE(b.open(a().api(), b.hello_to("a")) == "ok");
    const auto life = [&](std::uint64_t epoch, sequence_number sequence) {
      auto e = b.put(sequence, now(a()) + epoch, "key", "value");
      e.log.epoch = epoch;
      return e;
    };
    for (std::uint64_t epoch = 1; epoch <= sent; epoch += frame) {
      std::vector<entry> entries;
      for (std::uint64_t i = epoch; i < epoch + frame; ++i) entries.push_back(life(i, 1));
      b.send(entries);
    }
    REQUIRE(eventually([&] { return b.acks().size() + b.refusals().size() == sent; }));
    CHECK(b.acks().size() == limits::logs_max);
    const auto refusals = b.refusals();
    CHECK(std::all_of(refusals.begin(), refusals.end(),
                      [](const auto& one) { return one.reason() == v1::LogRefusal::BUSY && one.have() == 0; }));
    CHECK_FALSE(b.closed().has_value());
    // What is there goes on.
    b.send({life(1, 2), life(sent, 1)});
    REQUIRE(eventually([&] { return b.acks().size() == limits::logs_max + 1; }));
    CHECK(b.acks().back().epoch() == 1);
    CHECK(b.acks().back().upto() == 2);
    b.close();
    // And so does the node, in this life and the next, without being turned away for what it holds then.
    for (std::size_t lives = 1; lives <= 2; ++lives) {
      CHECK(write(a().api(), "own", "value", {.quorum = net::write_quorum::one}).ok());
      hand_made_peer c("c");
      REQUIRE(c.open(a().api(), c.hello_to("a")) == "ok");
      const auto welcome = c.welcome();
      CHECK(static_cast<std::size_t>(welcome.vector_size()) == limits::logs_max + lives);
      const std::set<node_id> members{node_id_of("a"), node_id_of("b"), node_id_of("c")};
      const auto taken =
          core::check(welcome, {std::make_shared<const std::set<node_id>>(members), {}, a().time.wall_ms()});
      CHECK_MESSAGE(taken.ok(), taken.message());
      c.close();
      a().stop();
      a().start();
    }
    // And the life of another member, but no log that it merely brings.
    hand_made_peer c("c");
    REQUIRE(c.open(a().api(), c.hello_to("a")) == "ok");
    c.heartbeat();
    auto earlier = c.put(1, now(a()), "key", "of an earlier life");
    --earlier.log.epoch;
    c.send({earlier, c.put(1, now(a()), "late", "value")});
    REQUIRE(eventually([&] { return c.acks().size() + c.refusals().size() == 2; }));
    CHECK(c.acks().size() == 1);
    CHECK(a().disk.value_of("late") == "value");
    c.close();
    CHECK(a().failures().empty());
  }

  TEST_CASE("of the live log of a member that is there nobody relays more than it says there is") {
    cluster nodes;
    auto& a = nodes["a"];
    const log_id live{node_id_of("c"), nodes["c"].status().epoch()};
    // In the place of "b", which is down.
    nodes["b"].stop();
    REQUIRE(eventually([&] { return !a.peer("b").up(); }));
    hand_made_peer b("b", 99);
    REQUIRE(eventually([&] { return b.open(a.api(), b.hello_to("a")) == "ok"; }));
    auto forged = b.put(1, now(a), "forged", "value");
    forged.log = live;
    forged.previous = chain_start(live);
    b.send({forged});
    REQUIRE(eventually([&] { return b.refusals().size() == 1; }));
    CHECK(b.refusals()[0].reason() == v1::LogRefusal::BUSY);
    CHECK(a.disk.version_of("forged") == version{});
    b.close();
  }
}
