// The end of a node: what is under way is answered, nothing new is begun, and it does end.
#include <doctest/doctest.h>

#include <thread>

#include "tests/support/hand_made_peer.hpp"
#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

namespace {

constexpr std::int64_t stop_margin_ms = 1'000;

/// A drain on its own thread; joined at the end.
struct draining {
  explicit draining(member& of) {
    thread = std::thread([this, &of] {
      const auto began_us = of.time.steady_us();
      of.running_node().drain();
      took_ms = (of.time.steady_us() - began_us) / 1'000;
      done = true;
    });
  }
  ~draining() { finish(); }
  void finish() {
    if (thread.joinable()) thread.join();
  }
  std::thread thread;
  std::atomic<bool> done{false};
  std::int64_t took_ms = 0;
};

}  // namespace

TEST_SUITE("actors.drain") {
  TEST_CASE("a draining node refuses new writes and answers those under way") {
    cluster nodes;
    auto& a = nodes["a"];
    for (const std::string to : {"b", "c"}) nodes.network.set("a", to, {.hold_entries = true});
    const auto under_way = submit(a.api(), "under way", "value", {.timeout_ms = 30'000});
    REQUIRE(eventually([&] { return nodes.network.seen("a", "b").held != 0; }));
    draining drain(a);
    REQUIRE(eventually([&] { return a.status().state() == "draining"; }));
    const auto refused = write(a.api(), "new", "value");
    CHECK(refused.outcome() == "shutting_down");
    CHECK_FALSE(drain.done);
    CHECK_FALSE(under_way->answered());
    for (const std::string to : {"b", "c"}) nodes.network.set("a", to, {});
    CHECK(under_way->wait().outcome() == "ok");
    drain.finish();
    CHECK(drain.took_ms < limits::drain_ms_max);
    CHECK(nodes["b"].disk.version_of("new") == version{});
    CHECK(write(a.api(), "after", "value").outcome() == "shutting_down");
    hand_made_peer b("b", 7);
    CHECK(b.open(a.api(), b.hello_to("a")) == "shutting_down");
    a.stop();
    CHECK(write(nodes["b"].api(), "others go on", "value").ok());
  }

  TEST_CASE("a drain ends within its bound, and what it could not wait for is answered as unknown") {
    cluster nodes;
    auto& a = nodes["a"];
    for (const std::string to : {"b", "c"}) nodes.network.set("a", to, {.hold_entries = true});
    const auto stuck = submit(a.api(), "stuck", "value", {.timeout_ms = 60'000});
    REQUIRE(eventually([&] { return nodes.network.seen("a", "b").held != 0; }));
    draining drain(a);
    drain.finish();
    CHECK(drain.took_ms >= limits::drain_ms_max - 10);
    CHECK(drain.took_ms <= limits::drain_ms_max + stop_margin_ms);
    REQUIRE(stuck->answered());
    CHECK(stuck->wait().outcome() == "outcome_unknown");
  }

  TEST_CASE("under load a drain leaves no write unanswered and none acknowledged that the others lack") {
    cluster nodes;
    auto& a = nodes["a"];
    load writers(a.api(), "a", {.writers = 8});
    REQUIRE(eventually([&] { return writers.acknowledged() >= 100; }));
    a.running_node().drain();
    writers.stop();
    const auto history = writers.history();
    for (const auto& w : history) CHECK((w.ok() || w.outcome() == "shutting_down"));
    a.stop();
    CHECK(nodes.equal());
    for (auto* node : nodes.running()) CHECK(missing_in(node->disk.store(), history).size() == 0);
  }

  TEST_CASE("a node that dies answers what it held") {
    cluster nodes;
    auto& a = nodes["a"];
    for (const std::string to : {"b", "c"}) nodes.network.set("a", to, {.hold_entries = true});
    const auto held = submit(a.api(), "held", "value", {.timeout_ms = 60'000});
    REQUIRE(eventually([&] { return nodes.network.seen("a", "b").held != 0; }));
    a.stop();
    REQUIRE(held->answered());
    CHECK(held->wait().outcome() == "outcome_unknown");
  }

#ifdef __SANITIZE_ADDRESS__
  // Only the sanitizer sees the difference.
  TEST_CASE("a stream may tell of its end after its node is gone") {
    cluster nodes;
    nodes.network.late_closing = true;
    for (auto* node : nodes.running()) node->stop();
  }
#endif
}
