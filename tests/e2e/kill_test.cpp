#include <algorithm>
#include <iostream>
#include <random>

#include "chaos/workload.hpp"
#include "tests/e2e/fixture.hpp"

namespace quorate::e2e {
namespace {

std::string summary(const chaos::workload& load) {
  const auto counts = load.seen().counts();
  return std::to_string(counts.acknowledged) + " acknowledged, " + std::to_string(counts.rejected) + " rejected, "
         + std::to_string(counts.indeterminate) + " indeterminate, " + std::to_string(counts.superseded)
         + " superseded calls";
}

chaos::workload_options gentle_load(chaos::local_cluster& cluster, std::uint64_t seed) {
  chaos::workload_options options;
  options.endpoints = cluster.addresses();
  options.writers = 6;
  options.overwrites = 0.2;
  options.deletes = 0.05;
  options.seed = seed;
  options.pause = milliseconds(2);
  return options;
}

/// Waits until the load has got further, so that the next fault hits a busy cluster.
void require_progress(const chaos::workload& load, std::uint64_t writes) {
  const auto before = load.writes_done();
  REQUIRE_MESSAGE(chaos::wait_until(converge_bound, [&] { return load.writes_done() >= before + writes; }),
                  summary(load));
}

}  // namespace

TEST_SUITE("e2e.kill") {
  TEST_CASE("kill -9 of any node, again and again under load, loses nothing that was acknowledged") {
    const auto rounds = number_from_environment("QUORATE_KILL_ROUNDS", 30);
    const auto seed = number_from_environment("QUORATE_SEED", std::random_device()());
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    running_cluster cluster;
    chaos::workload load(gentle_load(*cluster, seed));
    load.start();
    const auto start = steady_clock::now();
    for (std::uint64_t round = 0; round < rounds; ++round) {
      CAPTURE(round);
      const auto& victim = cluster->names()[random() % cluster->names().size()];
      require_progress(load, 5);
      cluster->kill(victim);
      require_progress(load, 5);
      const auto started = cluster->start(victim);
      REQUIRE_MESSAGE(started.ok(), started.message());
    }
    const auto took = chaos::milliseconds_since(start);
    load.stop();
    std::cout << "  " << rounds << " kill rounds, seed " << seed << ", " << took / static_cast<double>(rounds)
              << " ms each: " << summary(load) << "\n";
    cluster.require_equal({"a", "b", "c"});
    cluster.require_history(load.seen().events(), {"a", "b", "c"});
    CHECK(load.overdue_ms_max() <= 250);
  }

  TEST_CASE("a node that was killed takes writes at once when it serves again") {
    running_cluster cluster;
    for (int i = 0; i < 20; ++i)
      REQUIRE(text_of(store(cluster->client("a"), "before " + std::to_string(i), "x")) == "OK");
    for (int restart = 0; restart < 5; ++restart) {
      CAPTURE(restart);
      cluster->kill("a");
      const auto started = cluster->start("a");
      REQUIRE_MESSAGE(started.ok(), started.message());
      REQUIRE(cluster->wait_connected(converge_bound).ok());
      const auto start = steady_clock::now();
      CHECK(text_of(store(cluster->client("a"), "after " + std::to_string(restart), "x")) == "OK");
      CHECK(chaos::milliseconds_since(start) < 500);
    }
    v1::StatusReply seen;
    REQUIRE(text_of(cluster->client("b").node_status(&seen)) == "OK");
    CHECK(seen.entries_refused_clock() == 0);
  }

  TEST_CASE("SIGTERM under load ends a node cleanly within five seconds, and loses nothing") {
    running_cluster cluster;
    auto options = gentle_load(*cluster, 7);
    options.pause = milliseconds(0);
    chaos::workload load(options);
    load.start();
    require_progress(load, 200);
    const auto end = cluster->terminate("a", milliseconds(5'000));
    REQUIRE_MESSAGE(end.ok(), end.error().message());
    CHECK(text_of(*end) == "exit code 0");
    require_progress(load, 100);
    load.stop();
    std::cout << "  SIGTERM: " << summary(load) << "\n";
    cluster.require_equal({"b", "c"});
    cluster.require_history(load.seen().events(), {"b", "c"});
    const auto started = cluster->start("a");
    REQUIRE_MESSAGE(started.ok(), started.message());
    cluster.require_equal({"a", "b", "c"});
    cluster.require_history(load.seen().events(), {"a"});
  }

  TEST_CASE("kill -9 of all nodes at one moment under load loses nothing that was acknowledged") {
    running_cluster cluster;
    auto options = gentle_load(*cluster, 11);
    options.pause = milliseconds(0);
    chaos::workload load(options);
    load.start();
    require_progress(load, 300);
    for (const auto& name : cluster->names()) cluster->kill(name);
    load.stop();
    const auto started = cluster->start_all();
    REQUIRE_MESSAGE(started.ok(), started.message());
    cluster.require_equal({"a", "b", "c"});
    cluster.require_history(load.seen().events(), {"a", "b", "c"});
  }
}

}  // namespace quorate::e2e
