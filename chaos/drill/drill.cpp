#include "chaos/drill/drill.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include "chaos/drill/drill_progress.hpp"
#include "chaos/drill/report.hpp"
#include "chaos/terminal.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

constexpr unsigned log_lines = 15;

unsigned invalid_max(unsigned cycles) { return std::max(2u, cycles / 10); }

class class_run {
 public:
  class_run(const drill_options& options, place& where, fault_class fault, drill_progress& progress)
      : options_(options), where_(where), progress_(progress) {
    result_.fault = fault;
    result_.wanted = options.cycles;
  }

  result<class_result> run() {
    const auto start = steady_clock::now();
    result_.skipped = where_.cannot(result_.fault);
    for (unsigned number = 1; result_.skipped.empty() && !enough(); ++number) {
      if (interrupted()) {
        result_.interrupted = true;
        break;
      }
      progress_.on_cycle(result_);
      if (auto done = cycle(number); !done) return done;
    }
    result_.seconds = milliseconds_since(start) / 1'000;
    progress_.on_class(result_);
    return std::move(result_);
  }

 private:
  bool enough() const {
    const bool broken = !result_.invalid.empty() && result_.invalid.back().outcome == verdict::infrastructure;
    return broken || result_.valid.size() >= options_.cycles || result_.invalid.size() > invalid_max(options_.cycles);
  }

  status cycle(unsigned number) {
    const cycle_plan plan{result_.fault,   number,           seed_of(options_.seed, result_.fault, number),
                          options_.writes, options_.clients, options_.converge_bound};
    cycle_history history;
    auto done = play(plan, &history);
    const bool passed = done.outcome == verdict::pass;
    if (interrupted() && !passed) {
      result_.interrupted = true;  // what was broken off shows nothing
      return {};
    }
    if (auto kept = keep(done, history, passed && !options_.keep_all_histories); !kept) return kept;
    if (!passed) progress_.on_trouble(done);
    auto& pile = passed || done.outcome == verdict::fail ? result_.valid : result_.invalid;
    pile.push_back(std::move(done));
    return {};
  }

  cycle_result play(const cycle_plan& plan, cycle_history* history) {
    auto env = where_.make();
    if (!env) {
      cycle_result failed;
      failed.plan = plan;
      failed.fail(verdict::infrastructure, env.error().message());
      return failed;
    }
    cycle_result done;
    try {
      done = run_cycle(plan, **env, history);
    } catch (const std::exception& error) {
      done.plan = plan;
      done.fail(verdict::infrastructure, std::string("the drill itself failed: ") + error.what());
    }
    if (done.outcome == verdict::fail) {
      for (const auto& node : (*env)->nodes())
        for (const auto& line : (*env)->log_tail(node, log_lines)) logs_.push_back(node + " | " + line);
    }
    return done;
  }

  status keep(const cycle_result& done, const cycle_history& history, bool only_line) {
    const auto line = options_.directory + "/chaos-report.jsonl";
    std::ofstream report(line, std::ios::app);
    report << report_line(done) << "\n";
    report.close();
    if (!report) return {errc::internal, "cannot write " + line};
    const auto logs = std::exchange(logs_, {});
    if (only_line) return {};
    const auto directory = options_.directory + "/history";
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    const auto stem =
        directory + "/" + std::string(words_of(done.plan.fault).name) + "-" + std::to_string(done.plan.number);
    if (auto written = write_history(stem + ".jsonl", history); !written) return written;
    if (logs.empty()) return {};
    std::ofstream file(stem + ".nodes.txt");
    for (const auto& one : logs) file << one << "\n";
    return {};
  }

  const drill_options& options_;
  place& where_;
  drill_progress& progress_;
  class_result result_;
  std::vector<std::string> logs_;
};

}  // namespace

std::string class_result::status() const {
  if (!skipped.empty()) return "skipped";
  const auto failed = [](const cycle_result& cycle) { return cycle.outcome == verdict::fail; };
  if (std::any_of(valid.begin(), valid.end(), failed)) return "fail";
  if (!invalid.empty() && invalid.back().outcome == verdict::infrastructure) return "infrastructure";
  if (interrupted) return "interrupted";
  return valid.size() >= wanted && wanted > 0 ? "pass" : "invalid";
}

std::string class_result::reason() const {
  if (!skipped.empty()) return skipped;
  if (status() == "pass") return "";
  for (const auto* pile : {&valid, &invalid}) {
    for (const auto& cycle : *pile)
      if (!cycle.reasons.empty() && cycle.outcome != verdict::pass)
        return "cycle " + std::to_string(cycle.plan.number) + ": " + cycle.reasons.front();
  }
  return interrupted ? "interrupted" : "no cycle was run";
}

double class_result::convergence() const {
  double worst = valid.empty() ? 0 : 1;
  for (const auto& cycle : valid) worst = std::min(worst, cycle.convergence);
  return worst;
}

std::uint64_t seed_of(std::uint64_t seed, fault_class fault, unsigned cycle) {
  // Well mixed, so that neighbours have nothing in common (the finaliser of SplitMix64, Steele et al. 2014).
  auto mixed = seed * 0x9E3779B97F4A7C15u + (static_cast<std::uint64_t>(fault) << 32) + cycle;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
  return (mixed ^ (mixed >> 31)) >> 16;  // short enough to be typed, and exact in JSON
}

result<std::vector<class_result>> run_drills(const drill_options& options, place& where) {
  drill_progress progress(options);
  std::vector<class_result> results;
  for (const auto fault : options.faults) {
    auto done = class_run(options, where, fault, progress).run();
    if (!done) return done.error();
    results.push_back(std::move(*done));
    if (interrupted()) break;
  }
  return results;
}

}  // namespace quorate::chaos
