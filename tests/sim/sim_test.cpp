// The simulator itself: its runs repeat, good code passes, planted bugs are found.
#include <doctest/doctest.h>

#include <string>

#include "actors/log.hpp"
#include "chaos/sim/batch.hpp"

namespace {

using namespace quorate;

sim::run_options short_run(std::uint64_t seed) {
  static const bool quiet = (logging::start(logging::format::text, logging::level::off, "sim"), true);
  static_cast<void>(quiet);
  sim::run_options options;
  options.seed = seed;
  options.safety_ms = 10'000;
  return options;
}

std::string timeline(std::uint64_t seed) {
  std::string lines;
  auto options = short_run(seed);
  options.trace = [&lines](const std::string& line) { lines += line + '\n'; };
  static_cast<void>(sim::run(options));
  return lines;
}

}  // namespace

TEST_SUITE("sim") {
  TEST_CASE("the same seed gives the same timeline, another seed another one") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      CAPTURE(seed);
      const auto first = timeline(seed);
      REQUIRE(first.size() > 1'000);
      REQUIRE(first == timeline(seed));
    }
    CHECK(timeline(1) != timeline(2));
  }

  TEST_CASE("on RocksDB too") {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      CAPTURE(seed);
      auto options = short_run(seed);
      options.real_store_one_in = 1;
      const auto report = sim::run(options);
      CHECK(report.broken == "");
      CHECK(report.faults.contains("(on RocksDB)"));
    }
  }

  TEST_CASE("a peer that lies changes what arrives, and only when one is asked for") {
    auto options = short_run(3);
    CHECK_FALSE(sim::run(options).faults.contains("lies"));
    options.liar_one_in = 1;
    CHECK(sim::run(options).faults.contains("lies"));
  }

  TEST_CASE("with faults of every kind the promises hold") {
    std::map<std::string, std::uint64_t> faults;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      CAPTURE(seed);
      const auto report = sim::run(short_run(seed));
      CHECK(report.broken == "");
      CHECK(report.outcomes.at("ok") > 20);
      for (const auto& [name, n] : report.faults) faults[name] += n;
    }
    CHECK(faults.size() >= 20);  // an old disk takes longer than these runs to be put back
  }

  TEST_CASE("five and seven members keep them too") {
    for (const unsigned nodes : {5u, 7u})
      for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        CAPTURE(nodes);
        CAPTURE(seed);
        auto options = short_run(seed);
        options.nodes = nodes;
        CHECK(sim::run(options).broken == "");
      }
  }

  // Those that take many seeds are found by `quorate-sim --planted all` alone.
  TEST_CASE("planted bugs are found") {
    for (const auto& bug : sim::planted_bugs()) {
      if (bug.bug != planted_bug::ack_before_sync && bug.bug != planted_bug::no_relay
          && bug.bug != planted_bug::promises_dropped && bug.bug != planted_bug::digest_skips_deletes
          && bug.bug != planted_bug::write_back_stamped_anew && bug.bug != planted_bug::late_copy_counts)
        continue;
      CAPTURE(bug.name);
      CHECK(sim::find_planted(bug, short_run(1), 60).found);
    }
  }
}
