#include <algorithm>
#include <iostream>

#include "chaos/workload.hpp"
#include "tests/e2e/fixture.hpp"

namespace quorate::e2e {
namespace {

std::uint64_t restarts_of(chaos::node_client& node, const std::string& actor) {
  v1::ActorsReply reply;
  if (!node.actors(&reply).ok()) return 0;
  for (const auto& one : reply.actors()) {
    if (one.name() == actor) return one.restarts();
  }
  return 0;
}

}  // namespace

TEST_SUITE("e2e.actors") {
  TEST_CASE(
      "an actor that dies under load is a blip: every call is answered in time and nothing acknowledged is lost") {
    running_cluster cluster;
    auto& node = cluster->client("a");
    v1::ActorsReply tree;
    REQUIRE(text_of(node.actors(&tree)) == "OK");
    std::string names;
    for (const auto& actor : tree.actors()) names += " " + actor.name();
    CAPTURE(names);

    chaos::workload_options options;
    options.endpoints = {cluster->address("a")};
    options.writers = 8;
    options.overwrites = 0.2;
    options.deletes = 0.05;
    chaos::workload load(options);
    load.start();
    // Two deaths of each stay below the supervisor's intensity of ten in thirty seconds.
    for (std::uint64_t death = 1; death <= 2; ++death) {
      for (const auto* actor : {"writer", "fanout", "link.b", "reconciler"}) {
        CAPTURE(actor);
        const auto done = load.writes_done();
        REQUIRE(chaos::wait_until(converge_bound, [&] { return load.writes_done() >= done + 20; }));
        v1::DrillRequest kill;
        kill.set_kill_actor(actor);
        REQUIRE(text_of(node.drill(kill)) == "OK");
        CHECK(chaos::wait_until(converge_bound, [&] { return restarts_of(node, actor) == death; }));
      }
    }
    const auto done = load.writes_done();
    CHECK(chaos::wait_until(converge_bound, [&] { return load.writes_done() >= done + 100; }));
    load.stop();
    const auto counts = load.seen().counts();
    std::cout << "  8 actor deaths: " << counts.acknowledged << " acknowledged, " << counts.rejected << " rejected, "
              << counts.indeterminate << " indeterminate calls; latest answer " << load.overdue_ms_max()
              << " ms after its deadline\n";
    CHECK(load.overdue_ms_max() <= 250);

    REQUIRE(text_of(node.actors(&tree)) == "OK");
    for (const auto& actor : tree.actors()) {
      if (actor.restarts() == 0) continue;
      CAPTURE(actor.name());
      CHECK(actor.state() == "running");
      CHECK(!actor.last_reason().empty());
    }
    cluster.require_equal({"a", "b", "c"});
    cluster.require_history(load.seen().events(), {"a", "b", "c"});
  }

  TEST_CASE("drills are refused on a node that runs without them") {
    running_cluster cluster({}, false);
    auto line = cluster->command_line("a");
    line.erase(std::remove(line.begin(), line.end(), "--enable-drills"), line.end());
    auto node = chaos::process::start({line, {}, cluster->directory() + "/a.log"});
    REQUIRE(node.ok());
    chaos::node_client client(cluster->address("a"));
    REQUIRE(chaos::wait_until(converge_bound, [&] { return chaos::node_client(cluster->address("a")).serving(); }));
    v1::DrillRequest kill;
    kill.set_kill_actor("writer");
    CHECK(client.drill(kill).error_code() == grpc::PERMISSION_DENIED);
  }
}

}  // namespace quorate::e2e
