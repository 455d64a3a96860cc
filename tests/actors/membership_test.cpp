// Which members count: what a start with another list is told, and how a directory becomes the first of a cluster.
#include <doctest/doctest.h>

#include <string>

#include "actors/core/group_builder.hpp"
#include "proto/entry_codec.hpp"
#include "proto/hash.hpp"
#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

namespace {

constexpr int records = 200;
constexpr std::chrono::milliseconds a_while{700};

struct three : cluster {
  explicit three(const cluster_options& options = {.refill_wait_ms = 100, .start = false}) : cluster(options) {}
  member& a() { return (*this)["a"]; }
  member& b() { return (*this)["b"]; }
  member& c() { return (*this)["c"]; }

  /// "a" is used without peers, and stopped again.
  void use_alone() {
    const auto peers = std::exchange(a().options.peers, {});
    a().start();
    for (int i = 0; i < records; ++i) REQUIRE(write(a().api(), key(i), "alone").ok());
    a().stop();
    a().options.peers = peers;
  }

  /// What a start of this member says; it is started only to hear that.
  status start_of(member& node) {
    auto started = start_node(node.options, node.disk.open(), network.transport(node.name()), [](const status&) {});
    return started ? status() : started.error();
  }

  static std::string key(int i) { return "key " + std::to_string(i); }

  /// Whoever counts has all that was acknowledged.
  bool nobody_counts_without_it() {
    for (auto* node : running()) {
      if (node->filling()) continue;
      for (int i = 0; i < records; ++i)
        if (node->disk.value_of(key(i)) != "alone") return false;
    }
    return true;
  }
};

/// As after a restore: entries and records, and no word of whose members' they are.
void put_restored(member& node) {
  core::group_state before;
  core::group_builder group(node.disk.store(), before);
  for (int i = 0; i < records; ++i) {
    entry e{{node_id_of("of another cluster"), 7},
            static_cast<sequence_number>(i + 1),
            hybrid_time_at(1'000) + 1 + i,
            {{{key_kind::memory, three::key(i)}, false, {}, "alone"}}};
    auto bytes = std::make_shared<const std::string>(encode(e));
    REQUIRE(group.add(e, bytes).ok());
  }
  REQUIRE(node.disk.store().commit(group.take().first).ok());
}

}  // namespace

TEST_SUITE("actors.membership") {
  TEST_CASE("the list is in the directory, and another one is refused in one line") {
    three nodes;
    for (auto* node : {&nodes.a(), &nodes.b(), &nodes.c()}) node->start();
    REQUIRE(nodes.all_up());
    const auto status_of_a = nodes.a().status();
    CHECK(status_of_a.member_names_size() == 3);
    CHECK(status_of_a.write_quorum() == 2);
    CHECK(status_of_a.founder().empty());
    nodes.a().stop();
    const auto peers = nodes.a().options.peers;
    nodes.a().options.peers.push_back({"d", "d"});
    nodes.a().options.peers.push_back({"e", "e"});
    const auto refused = nodes.start_of(nodes.a());
    CHECK(refused.code() == errc::wrong_cluster);
    CHECK(refused.message().find("a, b, c (write quorum 2)") != std::string::npos);
    nodes.a().options.peers = {peers[0]};
    CHECK(nodes.start_of(nodes.a()).code() == errc::wrong_cluster);
    nodes.a().options.peers = {};
    CHECK(nodes.start_of(nodes.a()).code() == errc::wrong_cluster);
    nodes.a().options.peers = peers;
    nodes.a().options.write_quorum = 1;
    CHECK(nodes.start_of(nodes.a()).message().find("--write-quorum 2") != std::string::npos);
    nodes.a().options.write_quorum = 0;
    // An address may change.
    for (auto& peer : nodes.a().options.peers) peer.address = "elsewhere";
    CHECK(nodes.start_of(nodes.a()).ok());
  }

  TEST_CASE("a directory that was used alone becomes the first of three, and fills the others before they count") {
    three nodes;
    nodes.use_alone();
    CHECK(nodes.start_of(nodes.a()).message().find("--adopt-peers") != std::string::npos);
    nodes.a().options.adopt_peers = true;
    // "c" hears of everything but entries: it must not count however long that lasts.
    for (const std::string from : {"a", "b"}) nodes.network.set(from, "c", {.hold_entries = true});
    for (auto* node : {&nodes.a(), &nodes.b(), &nodes.c()}) node->start();
    CHECK(eventually([&] { return !nodes.b().filling(); }));
    CHECK(throughout(a_while, [&] { return nodes.c().filling() && nodes.nobody_counts_without_it(); }));
    CHECK(write(nodes.b().api(), "later", "value").ok());
    for (const std::string from : {"a", "b"}) nodes.network.set(from, "c", {});
    REQUIRE(nodes.all_up());
    CHECK(nodes.nobody_counts_without_it());
    CHECK(nodes.c().status().founder() == "a");
    // The founder may go now: what it alone had acknowledged is read from the others.
    nodes.a().stop();
    for (int i = 0; i < records; i += 20) CHECK(read(nodes.c().api(), three::key(i)).value() == "alone");
    // From now on the list is as any other's, with the flag or without.
    nodes.a().options.adopt_peers = false;
    nodes.a().start();
    REQUIRE(nodes.all_up());
    CHECK(nodes.equal());
  }

  TEST_CASE("a restored directory among empty ones: nobody counts until it is said that it is what they begin with") {
    three nodes;
    put_restored(nodes.a());
    for (auto* node : {&nodes.a(), &nodes.b(), &nodes.c()}) node->start();
    CHECK(throughout(a_while, [&] { return nodes.a().filling() && nodes.b().filling() && nodes.c().filling(); }));
    nodes.a().stop();
    nodes.a().options.adopt_peers = true;
    nodes.a().start();
    REQUIRE(nodes.all_up());
    CHECK(nodes.nobody_counts_without_it());
    CHECK(nodes.equal());
    CHECK(write(nodes.c().api(), "later", "value", {.quorum = net::write_quorum::all}).ok());
  }

  TEST_CASE("a directory that is to begin a cluster is refused by members that counted before") {
    three nodes;
    for (auto* node : {&nodes.a(), &nodes.b(), &nodes.c()}) node->start();
    REQUIRE(nodes.all_up());
    REQUIRE(write(nodes.b().api(), "key", "theirs", {.quorum = net::write_quorum::all}).ok());
    nodes.a().stop();
    nodes.a().disk.wipe();
    put_restored(nodes.a());
    nodes.a().options.adopt_peers = true;
    nodes.a().start();
    CHECK(eventually([&] { return nodes.a().peer("b").last_error().find("counted before") != std::string::npos; }));
    CHECK(throughout(a_while, [&] { return !nodes.b().peer("a").up(); }));
    CHECK(write(nodes.b().api(), "later", "value").ok());
    CHECK(nodes.b().disk.value_of(three::key(0)).empty());
  }
}
