// quorate-sim: many seeds of simulated clusters; the seed of a failure runs again the same.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <random>

#include "actors/log.hpp"
#include "chaos/sim/batch.hpp"

namespace {

using namespace quorate;

constexpr std::size_t lines_of_a_page = 40;
constexpr std::uint64_t seeds_for_marks = 300;  ///< a batch of so many must come past every mark
constexpr std::uint64_t seeds_for_planted = 2'000;
constexpr std::uint64_t seeds_between_news = 500;

std::string commit() {
  const char* known = std::getenv("QUORATE_COMMIT");
  return known != nullptr ? known : "not known; run through ./dev sim";
}

int hunt_planted(const std::string& which, const sim::run_options& first, std::uint64_t seeds) {
  bool all_found = true;
  bool any = false;
  std::cout << std::left << std::setw(24) << "planted" << std::setw(10) << "promise" << std::setw(8) << "seeds"
            << "found as\n";
  for (const auto& bug : sim::planted_bugs()) {
    if (which != "all" && which != bug.name) continue;
    any = true;
    const auto result = sim::find_planted(bug, first, seeds);
    all_found = all_found && result.found;
    std::cout << std::setw(24) << bug.name << std::setw(10) << bug.promise << std::setw(8) << result.seeds
              << (result.found ? result.broken : "NOT FOUND: " + bug.what) << std::endl;
  }
  if (!any) {
    std::cerr << "quorate-sim: no planted bug '" << which << "'; --planted all lists them\n";
    return 2;
  }
  return all_found ? 0 : 1;
}

/// `extra`: what a failed seed has to be given to run again the same.
int run_seeds(const sim::run_options& first, std::uint64_t seeds, double minutes, const std::string& extra) {
  std::cout << "first seed " << first.seed << ", " << first.nodes << " members" << std::endl;
  bool failed = false;
  const auto begun = std::chrono::steady_clock::now();
  const auto more = [&](std::uint64_t done) {
    if (done > 0 && done % seeds_between_news == 0)
      std::cout << done << " seeds, " << std::setprecision(3) << static_cast<double>(done) / sim::processor_seconds()
                << " a second" << std::endl;
    return minutes > 0
               ? std::chrono::steady_clock::now() - begun < std::chrono::duration<double, std::ratio<60>>(minutes)
               : done < seeds;
  };
  const auto sum = sim::run_batch(first, more, [&](std::uint64_t seed, const sim::run_report& report) {
    failed = true;
    std::cout << "seed " << seed << " at commit " << commit() << ":\n  " << report.broken
              << "\n  again: ./dev sim --nodes " << first.nodes << " --seed " << seed << extra
              << " --trace\n  it ends so:\n";
    auto again = first;
    again.seed = seed;
    for (const auto& line : sim::last_lines(again, lines_of_a_page)) std::cout << "    " << line << '\n';
  });
  sum.print(std::cout, sim::processor_seconds());
  if (failed) return 1;
  const auto missing = sim::unreached_marks();
  if (missing.empty() || sum.seeds < seeds_for_marks) return 0;
  std::cout << "places no run came past:";
  for (const auto& name : missing) std::cout << ' ' << name;
  std::cout << '\n';
  return 1;
}

}  // namespace

int main(int count, char** arguments) {
  CLI::App program("Runs production actors in simulated time, with faults, and checks the promises.", "quorate-sim");
  std::uint64_t seeds = 100;
  double minutes = 0;
  bool trace = false;
  std::string planted;
  sim::run_options options;
  options.seed = 0;
  program.add_option("--seed", options.seed, "The first seed; one seed unless --seeds or --minutes is given");
  auto* many = program.add_option("--seeds", seeds, "How many seeds")->capture_default_str();
  program.add_option("--minutes", minutes, "Go on for so long instead");
  program.add_option("--nodes", options.nodes, "Members")->check(CLI::IsMember({3, 5, 7}))->capture_default_str();
  program.add_option("--planted", planted, "A wrong behaviour to be found, or 'all'");
  std::string store = "some";
  program.add_option("--store", store, "real: every seed runs on RocksDB; memory: none; some: one in 20")
      ->check(CLI::IsMember({"real", "memory", "some"}))
      ->capture_default_str();
  program.add_option("--liars", options.liar_one_in, "In one run of so many a member lies to another; 0: in none");
  program.add_flag("--trace", trace, "Print the timeline");
  try {
    program.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : 2;
  }
  if (store != "some") options.real_store_one_in = store == "real" ? 1 : 0;
  logging::start(logging::format::text, logging::level::off, "sim");

  const bool one = options.seed != 0 && many->count() == 0 && minutes == 0;
  if (options.seed == 0) options.seed = planted.empty() ? std::random_device{}() % 1'000'000'000 + 1 : 1;
  if (trace) options.trace = [](const std::string& line) { std::cout << line << '\n'; };
  if (!planted.empty()) return hunt_planted(planted, options, many->count() == 0 ? seeds_for_planted : seeds);
  std::string extra;
  if (store != "some") extra += " --store " + store;
  if (options.liar_one_in != 0) extra += " --liars " + std::to_string(options.liar_one_in);
  return run_seeds(options, one ? 1 : seeds, minutes, extra);
}
