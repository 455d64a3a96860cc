// The simulator itself: its runs repeat, good code passes, planted bugs are found.
#include <doctest/doctest.h>

#include <string>

#include "actors/log.hpp"
#include "chaos/sim/run.hpp"

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

  TEST_CASE("with faults of every kind the promises hold") {
    std::map<std::string, std::uint64_t> faults;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      CAPTURE(seed);
      const auto report = sim::run(short_run(seed));
      CHECK(report.broken == "");
      CHECK(report.outcomes.at("ok") > 100);
      for (const auto& [name, n] : report.faults) faults[name] += n;
    }
    CHECK(faults.size() == 11);
  }

  TEST_CASE("every planted bug is found") {
    for (const auto& bug : sim::planted_bugs()) {
      CAPTURE(bug.name);
      bool found = false;
      for (std::uint64_t seed = 1; seed <= 60 && !found; ++seed) {
        auto options = short_run(seed);
        options.planted = bug.name;
        found = !sim::run(options).broken.empty();
      }
      CHECK(found);
    }
  }
}
