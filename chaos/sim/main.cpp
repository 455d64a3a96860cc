// quorate-sim: many seeds of simulated clusters; the seed of a failure runs again the same.
#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <random>

#include "actors/log.hpp"
#include "chaos/sim/run.hpp"

namespace {

using namespace quorate;

struct totals {
  std::uint64_t seeds = 0;
  std::uint64_t operations = 0;
  std::int64_t simulated_ms = 0;
  std::map<std::string, std::uint64_t> faults;
  std::map<std::string, std::uint64_t> outcomes;

  void add(const sim::run_report& one) {
    ++seeds;
    operations += one.operations;
    simulated_ms += one.simulated_ms;
    for (const auto& [name, n] : one.faults) faults[name] += n;
    for (const auto& [name, n] : one.outcomes) outcomes[name] += n;
  }
  void print(double seconds) const {
    std::cout << seeds << " seeds in " << seconds << " s (" << static_cast<double>(seeds) / seconds << " a second), "
              << simulated_ms / 1000 << " s simulated, " << operations << " writes\n  faults:";
    for (const auto& [name, n] : faults) std::cout << ' ' << name << ' ' << n << ';';
    std::cout << "\n  answers:";
    for (const auto& [name, n] : outcomes) std::cout << ' ' << name << ' ' << n << ';';
    std::cout << '\n';
  }
};

}  // namespace

int main(int count, char** arguments) {
  CLI::App program("Runs production actors in simulated time, with faults, and checks the promises.", "quorate-sim");
  std::uint64_t seeds = 100;
  double minutes = 0;
  bool trace = false;
  std::string planted;
  sim::run_options options;
  options.seed = 0;
  program.add_option("--seed", options.seed, "The first seed; one seed unless --seeds is given");
  auto* many = program.add_option("--seeds", seeds, "How many seeds")->capture_default_str();
  program.add_option("--minutes", minutes, "Go on for so long instead");
  program.add_option("--nodes", options.nodes, "Members")->check(CLI::IsMember({3, 5, 7}))->capture_default_str();
  program.add_option("--planted", planted, "A wrong behaviour to be found, or 'all'");
  program.add_flag("--trace", trace, "Print the timeline");
  CLI11_PARSE(program, count, arguments);
  logging::start(logging::format::text, logging::level::off, "sim");

  const bool one = options.seed != 0 && many->count() == 0 && minutes == 0;
  if (one) seeds = 1;
  if (options.seed == 0) options.seed = std::random_device{}() % 1'000'000'000 + 1;
  if (trace) options.trace = [](const std::string& line) { std::cout << line << '\n'; };

  if (!planted.empty()) {
    bool all_found = true;
    for (const auto& bug : sim::planted_bugs()) {
      if (planted != "all" && planted != bug.name) continue;
      options.planted = bug.name;
      std::uint64_t needed = 0;
      sim::run_report report;
      for (; needed < seeds && report.broken.empty(); ++needed) {
        auto now = options;
        now.seed += needed;
        report = sim::run(now);
      }
      all_found = all_found && !report.broken.empty();
      std::cout << bug.name << " (" << bug.promise << "): "
                << (report.broken.empty() ? "NOT FOUND in " + std::to_string(needed) + " seeds"
                                          : "found with seed " + std::to_string(needed) + ": " + report.broken)
                << std::endl;
    }
    return all_found ? 0 : 1;
  }

  std::cout << "first seed " << options.seed << std::endl;
  totals sum;
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  for (std::uint64_t i = 0; minutes > 0 ? seconds() < minutes * 60 : i < seeds; ++i) {
    auto now = options;
    now.seed += i;
    const auto report = sim::run(now);
    sum.add(report);
    if (!report.broken.empty()) {
      std::cout << "seed " << now.seed << ": " << report.broken << "\n  again: quorate-sim --seed " << now.seed
                << " --trace\n";
      sum.print(seconds());
      return 1;
    }
  }
  sum.print(seconds());
  return 0;
}
