#include "chaos/drill/relay_network.hpp"

#include <doctest/doctest.h>

#include "tests/drill/sockets.hpp"

namespace quorate::chaos {
namespace {

constexpr std::size_t megabyte = 1'000'000;

/// Nodes a, b and c, which listen and do nothing else.
struct three_nodes {
  three_nodes() {
    auto made = relay_network::make({"a", "b", "c"});
    REQUIRE(made.ok());
    network = std::move(*made);
    for (const std::string node : {"a", "b", "c"}) {
      listeners[node] = listener_at(network->listen_address(node));
      REQUIRE(listeners[node].ok());
    }
  }
  /// A connection `from` opens to `to`: its two ends.
  std::pair<test_socket, test_socket> connect(const std::string& from, const std::string& to) {
    auto near = connect_to(network->peer_address(from, to));
    auto far = accept_from(listeners.at(to));
    REQUIRE(near.ok());
    REQUIRE(far.ok());
    return {std::move(near), std::move(far)};
  }
  bool bites() {
    return wait_until(patience, [&] { return *network->bitten() > 0; });
  }

  std::unique_ptr<relay_network> network;
  std::map<std::string, test_socket> listeners;
};

}  // namespace

TEST_SUITE("drill.relay_network") {
  TEST_CASE("bytes pass both ways, in order, and ends of streams") {
    three_nodes nodes;
    auto [a, b] = nodes.connect("a", "b");
    CHECK(transfer(a, b, 3 * megabyte) > 0);
    CHECK(transfer(b, a, 3 * megabyte) > 0);
    CHECK(*nodes.network->bitten() == 0);
    a = test_socket();
    CHECK(b.sees_end());
  }

  TEST_CASE("a cut stops one direction, on connections of both sides, until it heals") {
    three_nodes nodes;
    auto [a, b] = nodes.connect("a", "b");
    auto [b2, a2] = nodes.connect("b", "a");
    REQUIRE(nodes.network->cut("a", "b").ok());
    REQUIRE(a.send_all("one"));
    REQUIRE(a2.send_all("two"));
    CHECK(wait_until(patience, [&] { return *nodes.network->bitten() == 2; }));
    CHECK(b.arrived().empty());
    CHECK(b2.arrived().empty());
    CHECK(transfer(b, a, megabyte) > 0);
    CHECK(transfer(b2, a2, megabyte) > 0);
    auto [c, also_b] = nodes.connect("c", "b");
    CHECK(transfer(c, also_b, megabyte) > 0);

    REQUIRE(a.send_all(" three"));
    REQUIRE(nodes.network->heal().ok());
    CHECK(b.receives("one three"));
    CHECK(b2.receives("two"));
    CHECK(*nodes.network->bitten() == 0);
    CHECK(transfer(a, b, megabyte) > 0);
  }

  TEST_CASE("a sender meets a full socket behind a cut, and not a byte is lost or swapped") {
    three_nodes nodes;
    auto [a, b] = nodes.connect("a", "b");
    REQUIRE(nodes.network->cut("a", "b").ok());
    const auto bytes = sample_bytes(64 * megabyte);
    std::size_t sent = 0;
    int refusals = 0;
    REQUIRE(wait_until(patience, [&] {
      const auto taken = a.send_some(bytes.substr(sent, megabyte));
      sent += taken;
      refusals = taken == 0 ? refusals + 1 : 0;
      return refusals == 20;
    }));
    CHECK(sent < 32 * megabyte);
    CHECK(b.arrived().empty());
    REQUIRE(nodes.network->heal().ok());
    CHECK(b.receives(bytes.substr(0, sent)));
  }

  TEST_CASE("the end of a stream and a broken connection are kept by a cut too") {
    three_nodes nodes;
    auto [a, b] = nodes.connect("a", "b");
    auto [silent_a, silent_b] = nodes.connect("a", "b");
    REQUIRE(nodes.network->cut("a", "b").ok());
    REQUIRE(a.send_all("last words"));
    REQUIRE(nodes.bites());
    a = test_socket();
    silent_a = test_socket();
    bool silent_ended = false;
    bool ended = false;
    REQUIRE(b.send_all("to nobody"));
    CHECK(!wait_until(milliseconds(100), [&] {
      CHECK(b.arrived(&ended).empty());
      silent_b.arrived(&silent_ended);
      return ended || silent_ended;
    }));
    REQUIRE(nodes.network->heal().ok());
    CHECK(b.receives("last words"));
    CHECK(b.sees_end());
    CHECK(silent_b.sees_end());
  }

  TEST_CASE("a new connection through a cut pair is accepted, and opened when it heals") {
    three_nodes nodes;
    // The direction of the answers: what is dialled is cut off as well.
    REQUIRE(nodes.network->cut("b", "a").ok());
    const auto a = connect_to(nodes.network->peer_address("a", "b"));
    REQUIRE(a.ok());
    REQUIRE(a.send_all("hello"));
    auto given_up = connect_to(nodes.network->peer_address("a", "b"));
    REQUIRE(given_up.ok());
    REQUIRE(wait_until(patience, [&] { return *nodes.network->bitten() == 2; }));
    given_up = test_socket();
    CHECK(!accept_from(nodes.listeners["b"], milliseconds(100)).ok());
    REQUIRE(nodes.network->heal().ok());
    const auto b = accept_from(nodes.listeners["b"]);
    REQUIRE(b.ok());
    CHECK(b.receives("hello"));
    CHECK(transfer(b, a, megabyte) > 0);
    CHECK(!accept_from(nodes.listeners["b"], milliseconds(0)).ok());
  }

  TEST_CASE("a node that does not listen breaks the connection") {
    three_nodes nodes;
    nodes.listeners["b"] = test_socket();
    const auto a = connect_to(nodes.network->peer_address("a", "b"));
    REQUIRE(a.ok());
    CHECK(a.sees_end());
  }

  TEST_CASE("a limit holds in both directions of one pair, and goes with heal") {
    three_nodes nodes;
    auto [a, b] = nodes.connect("a", "b");
    auto [c, also_b] = nodes.connect("c", "b");
    REQUIRE(nodes.network->limit("a", "b", 2'000'000).ok());
    constexpr std::size_t bytes = 125'000;  // half a second
    const auto there = transfer(a, b, bytes);
    const auto back = transfer(b, a, bytes);
    CHECK(there > 400);
    CHECK(back > 400);
    CHECK(there < 2'500);
    CHECK(back < 2'500);
    CHECK(*nodes.network->bitten() > 0);
    const auto others = transfer(c, also_b, bytes);
    CHECK(others >= 0);
    CHECK(others < 250);
    REQUIRE(nodes.network->heal().ok());
    const auto healed = transfer(a, b, bytes);
    CHECK(healed >= 0);
    CHECK(healed < 250);
  }

  TEST_CASE("loss is delay, and says so; nothing is lost or swapped") {
    three_nodes nodes;
    CHECK(!nodes.network->cannot_lose().empty());
    auto [a, b] = nodes.connect("a", "b");
    REQUIRE(nodes.network->lose(0.4).ok());
    double slowest = 0;
    // 60 in a row that all get through have a chance of 5e-14.
    for (int i = 0; i < 60 && slowest < 150; ++i) {
      const auto took = transfer(a, b, 100);
      REQUIRE(took >= 0);
      slowest = std::max(slowest, took);
    }
    CHECK(slowest >= 150);
    CHECK(*nodes.network->bitten() > 0);
    REQUIRE(nodes.network->lose(1).ok());
    const auto before = *nodes.network->bitten();
    REQUIRE(a.send_all("early"));
    REQUIRE(wait_until(patience, [&] { return *nodes.network->bitten() > before; }));
    const auto healed = steady_clock::now();
    REQUIRE(nodes.network->heal().ok());
    CHECK(b.receives("early"));
    CHECK(milliseconds_since(healed) < 6'000);  // by itself it would come after more than twelve seconds
  }

  TEST_CASE("faults of nobody, of one node with itself, and of impossible size are refused") {
    three_nodes nodes;
    CHECK(!nodes.network->cut("a", "a").ok());
    CHECK(!nodes.network->cut("a", "d").ok());
    CHECK(!nodes.network->limit("a", "b", 0).ok());
    CHECK(!nodes.network->lose(1.5).ok());
    CHECK(!nodes.network->lose(-0.1).ok());
  }
}

}  // namespace quorate::chaos
