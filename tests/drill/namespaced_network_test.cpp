#include "chaos/drill/namespaced_network.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <csignal>
#include <fstream>
#include <map>

#include "chaos/command.hpp"
#include "chaos/process.hpp"
#include "chaos/scratch_directory.hpp"
#include "tests/drill/entered.hpp"
#include "tests/drill/sockets.hpp"

namespace quorate::chaos {
namespace {

constexpr std::chrono::seconds bound(15);

bool permitted() {
  if (!entered().network) MESSAGE("skipped: no private network here: " << entered().why_no_network);
  return entered().network;
}

std::string text_of_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string shown(std::vector<std::string> arguments, int network_namespace = -1) {
  const auto output = output_of({std::move(arguments), "iproute2", "", {}, network_namespace}, bound);
  return output ? *output : output.error().message();
}

/// Everything a drill could leave behind here.
std::string traces() {
  return shown({"ip", "-o", "link"}) + shown({"ip", "-o", "address"}) + shown({"ip", "route"})
         + shown({"tc", "qdisc", "show"}) + shown({"iptables", "-S"}) + shown({"ip", "netns", "list"})
         + text_of_file("/proc/self/mounts");
}

struct three_nodes {
  three_nodes() {
    auto made = namespaced_network::make(entered(), {"a", "b", "c"});
    REQUIRE_MESSAGE(made.ok(), made.error().message());
    network = std::move(*made);
    for (const std::string node : {"a", "b", "c"}) {
      const int place = network->namespace_of(node);
      listeners[node] = listener_at(network->listen_address(node), place);
      datagrams[node] = bound_socket(SOCK_DGRAM, network->listen_address(node), place);
      REQUIRE(listeners[node].ok());
      REQUIRE(datagrams[node].ok());
    }
  }
  std::pair<test_socket, test_socket> connect(const std::string& from, const std::string& to) {
    auto near = connect_to(network->peer_address(from, to), network->namespace_of(from));
    auto far = accept_from(listeners.at(to));
    REQUIRE(near.ok());
    REQUIRE(far.ok());
    return {std::move(near), std::move(far)};
  }
  void send(const std::string& from, const std::string& to, int count) {
    for (int i = 0; i < count; ++i) REQUIRE(send_datagram(datagrams[from], network->listen_address(to), "datagram"));
  }
  bool takes(const std::string& node, int count) {
    int taken = 0;
    wait_until(patience, [&] { return (taken += take_datagrams(datagrams[node])) >= count; });
    return taken == count;
  }

  std::unique_ptr<namespaced_network> network;
  std::map<std::string, test_socket> listeners;
  std::map<std::string, test_socket> datagrams;
};

}  // namespace

TEST_SUITE("drill.namespaced_network") {
  TEST_CASE("without a private network there is none, and the error says why") {
    private_namespaces outside;
    outside.why_no_network = "told not to";
    const auto made = namespaced_network::make(outside, {"a", "b"});
    REQUIRE(!made.ok());
    CHECK(made.error().message().find("told not to") != std::string::npos);
  }

  TEST_CASE("where another interface is up already there is none, and what is there stays") {
    if (!permitted()) return;
    three_nodes nodes;
    REQUIRE(nodes.network->cut("a", "b").ok());
    const auto before = traces();
    const auto second = namespaced_network::make(entered(), {"d"});
    REQUIRE(!second.ok());
    CHECK(second.error().message().find("not ours alone") != std::string::npos);
    CHECK(traces() == before);
  }

  TEST_CASE("nodes reach each other and clients reach them; a process is started where its node lives") {
    if (!permitted()) return;
    three_nodes nodes;
    auto [a, b] = nodes.connect("a", "b");
    CHECK(transfer(a, b, 1'000'000) > 0);
    CHECK(transfer(b, a, 1'000'000) > 0);
    const auto client = connect_to(nodes.network->listen_address("c"));
    const auto c = accept_from(nodes.listeners["c"]);
    REQUIRE(c.ok());
    CHECK(transfer(client, c, 1'000'000) > 0);
    const auto at_a = shown({"ip", "-o", "address"}, nodes.network->namespace_of("a"));
    CHECK(at_a.find("10.77.1.2/30") != std::string::npos);
    CHECK(at_a.find("10.77.1.1/30") == std::string::npos);
  }

  TEST_CASE("a cut stops the packets of one direction, and heals") {
    if (!permitted()) return;
    three_nodes nodes;
    auto [a, b] = nodes.connect("a", "b");
    REQUIRE(transfer(a, b, 100'000) > 0);
    REQUIRE(nodes.network->cut("a", "b").ok());
    nodes.send("a", "b", 20);
    CHECK(wait_until(patience, [&] { return *nodes.network->bitten() == 20; }));
    CHECK(take_datagrams(nodes.datagrams["b"]) == 0);
    nodes.send("b", "a", 20);
    CHECK(nodes.takes("a", 20));
    nodes.send("a", "c", 20);
    CHECK(nodes.takes("c", 20));
    const auto client = bound_socket(SOCK_DGRAM, "0.0.0.0:0");
    for (const std::string node : {"a", "b"}) {
      REQUIRE(send_datagram(client, nodes.network->listen_address(node), "from a client"));
      CHECK(nodes.takes(node, 1));
    }
    CHECK(*nodes.network->bitten() == 20);

    // Packets of the wire's size: ten at once to begin with, where a large one would be one.
    const auto bytes = sample_bytes(50'000);
    REQUIRE(a.send_all(bytes));
    CHECK(wait_until(milliseconds(1'000), [&] { return *nodes.network->bitten() >= 20 + 8; }));
    CHECK(b.arrived().empty());
    REQUIRE(nodes.network->heal().ok());
    CHECK(*nodes.network->bitten() == 0);
    CHECK(b.receives(bytes));
    nodes.send("a", "b", 20);
    CHECK(nodes.takes("b", 20));
  }

  TEST_CASE("a third is lost when a third is to be lost, also after another share") {
    if (!permitted()) return;
    three_nodes nodes;
    REQUIRE(nodes.network->lose(1).ok());
    nodes.send("b", "c", 10);
    REQUIRE(wait_until(patience, [&] { return *nodes.network->bitten() == 10; }));
    REQUIRE(nodes.network->lose(0.33).ok());
    constexpr int sent = 4'000;
    int received = 0;
    for (int i = 0; i < sent; ++i) {
      nodes.send("a", "b", 1);
      received += take_datagrams(nodes.datagrams["b"]);
    }
    std::uint64_t lost = 0;
    CHECK(wait_until(patience, [&] {
      received += take_datagrams(nodes.datagrams["b"]);
      lost = *nodes.network->bitten() - 10;
      return received + static_cast<int>(lost) == sent;
    }));
    // 0.33, give or take six standard deviations.
    CHECK(lost > sent * 0.285);
    CHECK(lost < sent * 0.375);
    REQUIRE(nodes.network->heal().ok());
    nodes.send("a", "b", 50);
    CHECK(nodes.takes("b", 50));
  }

  TEST_CASE("a limit holds in both directions of one pair, can be changed, and goes with heal") {
    if (!permitted()) return;
    three_nodes nodes;
    auto [a, b] = nodes.connect("a", "b");
    auto [c, also_b] = nodes.connect("c", "b");
    constexpr std::size_t bytes = 125'000;
    REQUIRE(nodes.network->limit("a", "b", 1'000'000).ok());
    REQUIRE(nodes.network->limit("c", "b", 1'000'000'000).ok());
    REQUIRE(nodes.network->limit("a", "b", 2'000'000).ok());  // half a second
    const auto there = transfer(a, b, bytes);
    const auto back = transfer(b, a, bytes);
    CHECK(there > 350);
    CHECK(back > 350);
    CHECK(there < 2'500);
    CHECK(back < 2'500);
    CHECK(*nodes.network->bitten() > 0);
    const auto others = transfer(c, also_b, bytes);
    CHECK(others >= 0);
    CHECK(others < 250);
    REQUIRE(nodes.network->heal().ok());
    CHECK(*nodes.network->bitten() == 0);
    const auto healed = transfer(a, b, bytes);
    CHECK(healed >= 0);
    CHECK(healed < 250);
    REQUIRE(nodes.network->limit("a", "b", 2'000'000).ok());
    CHECK(transfer(a, b, bytes) > 350);
  }

  TEST_CASE("faults of nobody, of one node with itself, and of impossible size are refused") {
    if (!permitted()) return;
    three_nodes nodes;
    CHECK(!nodes.network->cut("a", "a").ok());
    CHECK(!nodes.network->cut("a", "d").ok());
    CHECK(!nodes.network->limit("a", "b", 0).ok());
    CHECK(!nodes.network->lose(1.5).ok());
    CHECK(!nodes.network->lose(-0.1).ok());
  }

  TEST_CASE("a network that is destroyed leaves nothing, and the next one is there quickly") {
    if (!permitted()) return;
    const auto before = traces();
    double made_ms = 0;
    for (int round = 0; round < 3; ++round) {
      const auto start = steady_clock::now();
      three_nodes nodes;
      made_ms = milliseconds_since(start);
      REQUIRE(nodes.network->cut("a", "b").ok());
      REQUIRE(nodes.network->lose(0.5).ok());
      REQUIRE(nodes.network->limit("a", "b", 1'000'000).ok());
      CHECK(traces() != before);
    }
    CHECK(traces() == before);
    MESSAGE("made in " << made_ms << " ms");
  }

  TEST_CASE("nothing of a drill is seen outside, neither while it runs nor after it was killed") {
    if (!permitted()) return;
    auto scratch = scratch_directory::make();
    REQUIRE(scratch.ok());
    const auto before = traces();
    const auto output = scratch->path() + "/output";
    auto drill = process::start({{KILLED_DRILL_PROGRAM, scratch->path()}, {}, output});
    REQUIRE(drill.ok());
    REQUIRE(wait_until(patience, [&] { return !text_of_file(output).empty(); }));
    REQUIRE(text_of_file(output) == "ready\n");
    CHECK(text_of_file("/proc/" + std::to_string(drill->pid()) + "/mounts").find(scratch->path()) != std::string::npos);
    CHECK(traces() == before);
    drill->signal(SIGKILL);
    REQUIRE(drill->wait(bound).has_value());
    CHECK(traces() == before);
  }
}

}  // namespace quorate::chaos
