#include "bench/write_bench.hpp"

#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "bench/figures.hpp"
#include "bench/target.hpp"
#include "chaos/scratch_directory.hpp"
#include "chaos/terminal.hpp"

namespace quorate::bench {
namespace {

using chaos::fixed;
using chaos::grouped;

constexpr double failed_share_max = 0.001;
constexpr double disturbed_share = 0.05;  // more than that and the reader is told

struct cell {
  std::string system;
  unsigned round = 0;
  unsigned concurrency = 0;
  load_result seen;
};

struct medians {
  double writes_per_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double cpu_us = 0;
};

class write_bench {
 public:
  explicit write_bench(const write_options& options) : options_(options) {}

  int run() {
    const auto outcome = measure();
    if (!outcome) {
      std::cerr << "quorate-bench: " << outcome.message() << std::endl;
      return 1;
    }
    options_.json ? print_json() : print_medians();
    if (valid()) return 0;
    std::cerr << "quorate-bench: invalid run: more than " << failed_share_max * 100 << " % of the calls failed"
              << std::endl;
    return 1;
  }

 private:
  status measure() {
    auto scratch = chaos::scratch_directory::make(options_.directory);
    if (!scratch) return scratch.error();
    const auto& parent = scratch->path();
    const auto sync = measure_sync(parent);
    if (!sync) return sync.error();
    sync_ = *sync;
    if (options_.by_default) targets_.push_back(make_quorate_target(options_.program, parent));
    if (options_.linearizable) targets_.push_back(make_linearizable_target(options_.program, parent));
    if (!options_.etcd.empty()) targets_.push_back(make_etcd_target(options_.etcd, parent));
    print_head();
    for (unsigned round = 0; round < options_.rounds; ++round) {
      for (std::size_t i = 0; i < targets_.size(); ++i) {
        const auto at = round % 2 ? targets_.size() - 1 - i : i;
        if (auto done = measure_block(*targets_[at], round); !done) return done;
      }
    }
    return {};
  }

  status measure_block(target& system, unsigned round) {
    if (auto started = system.start(); !started) return started;
    load_options load;
    load.measured = std::chrono::milliseconds(static_cast<std::int64_t>(options_.seconds * 1'000));
    load.value_bytes = options_.value_bytes;
    load.members = system.pids();
    if (options_.one_entry) {
      const auto entry = system.best_entry();
      if (!entry) return entry.error();
      load.entry = *entry;
    }
    status outcome;
    for (const auto concurrency : options_.concurrency) {
      if (chaos::interrupted()) outcome = status(errc::unavailable, "interrupted");
      if (!outcome) break;
      load.concurrency = concurrency;
      load.key_prefix = "at-" + std::to_string(cells_.size()) + "-";
      cells_.push_back({system.name(), round + 1, concurrency, system.run(load)});
      print_cell(cells_.back());
    }
    system.stop();
    return outcome;
  }

  bool valid() const {
    std::uint64_t writes = 0;
    std::uint64_t failures = 0;
    for (const auto& one : cells_) {
      writes += one.seen.writes;
      failures += one.seen.failures;
      if (one.seen.writes == 0) return false;
    }
    return static_cast<double>(failures) <= failed_share_max * static_cast<double>(writes + failures);
  }

  medians medians_of(const std::string& system, unsigned concurrency) const {
    std::vector<double> rates, p50, p99, cpu;
    for (const auto& one : cells_) {
      if (one.system != system || one.concurrency != concurrency) continue;
      rates.push_back(one.seen.writes_per_second);
      p50.push_back(one.seen.p50_ms);
      p99.push_back(one.seen.p99_ms);
      cpu.push_back(one.seen.cpu_us_per_write);
    }
    return {median(rates), median(p50), median(p99), median(cpu)};
  }

  void print_head() const {
    if (options_.json) return;
    std::cout << "Three members and the client on this machine; a write is answered when two members have synced it to "
                 "disk.\n"
              << "fdatasync of a 400-byte append here: p50 " << fixed(sync_.p50_us, 0) << " us, p99 "
              << fixed(sync_.p99_us, 0) << " us\n"
              << options_.value_bytes << "-byte values, new key each time, "
              << (options_.one_entry ? "one entry member" : "round robin over the members") << ", " << options_.rounds
              << " rounds of " << options_.seconds
              << " s a cell after 0.7 s warm-up; only the system being measured runs\n"
              << std::endl;
  }

  void print_cell(const cell& one) const {
    if (options_.json) return;
    std::cout << chaos::dim("round " + std::to_string(one.round)) << "  " << one.system << " at " << one.concurrency
              << ": " << grouped(static_cast<std::uint64_t>(one.seen.writes_per_second)) << " writes/s, p50 "
              << fixed(one.seen.p50_ms, 2) << " ms, p99 " << fixed(one.seen.p99_ms, 2) << " ms, "
              << fixed(one.seen.cpu_us_per_write, 0) << " us CPU a write";
    if (one.seen.foreign_share > disturbed_share)
      std::cout << chaos::bad(", " + fixed(one.seen.foreign_share * 100, 0) + " % of the machine used by others");
    if (one.seen.stolen_share > disturbed_share)
      std::cout << chaos::bad(", " + fixed(one.seen.stolen_share * 100, 0) + " % of the machine stolen by its host");
    if (one.seen.failures > 0)
      std::cout << ", " << chaos::bad(grouped(one.seen.failures) + " failed") << " (first: " << one.seen.first_failure
                << ")";
    std::cout << std::endl;
  }

  void print_medians() const {
    std::vector<std::vector<std::string>> rows = {
        {"calls in flight", "system", "writes/s", "p50 ms", "p99 ms", "CPU us/write", "ratio"}};
    for (const auto concurrency : options_.concurrency) {
      const auto ours = medians_of(targets_.front()->name(), concurrency);
      for (const auto& system : targets_) {
        const auto seen = medians_of(system->name(), concurrency);
        const bool first = system == targets_.front();
        const bool comparable = !first && seen.writes_per_second > 0;
        rows.push_back({std::to_string(concurrency), system->name(),
                        grouped(static_cast<std::uint64_t>(seen.writes_per_second)), fixed(seen.p50_ms, 2),
                        fixed(seen.p99_ms, 2), fixed(seen.cpu_us, 0),
                        comparable ? fixed(ours.writes_per_second / seen.writes_per_second, 2) + "x" : ""});
      }
    }
    std::cout << "\nMedians of " << options_.rounds << " rounds"
              << (targets_.size() > 1
                      ? "; ratio = writes/s of " + targets_.front()->name() + " over those of this system"
                      : "")
              << "\n"
              << chaos::table(rows) << std::flush;
  }

  void print_json() const {
    nlohmann::ordered_json json = {{"fdatasync_us", {{"p50", sync_.p50_us}, {"p99", sync_.p99_us}}},
                                   {"value_bytes", options_.value_bytes},
                                   {"entry", options_.one_entry ? "one" : "all"},
                                   {"seconds", options_.seconds},
                                   {"valid", valid()},
                                   {"cells", nlohmann::ordered_json::array()},
                                   {"medians", nlohmann::ordered_json::array()}};
    for (const auto& one : cells_)
      json["cells"].push_back({{"system", one.system},
                               {"round", one.round},
                               {"concurrency", one.concurrency},
                               {"writes_per_second", one.seen.writes_per_second},
                               {"p50_ms", one.seen.p50_ms},
                               {"p99_ms", one.seen.p99_ms},
                               {"cpu_us_per_write", one.seen.cpu_us_per_write},
                               {"foreign_share", one.seen.foreign_share},
                               {"stolen_share", one.seen.stolen_share},
                               {"writes", one.seen.writes},
                               {"failures", one.seen.failures}});
    for (const auto concurrency : options_.concurrency) {
      const auto ours = medians_of(targets_.front()->name(), concurrency);
      for (const auto& system : targets_) {
        const auto seen = medians_of(system->name(), concurrency);
        nlohmann::ordered_json row = {
            {"system", system->name()}, {"concurrency", concurrency}, {"writes_per_second", seen.writes_per_second},
            {"p50_ms", seen.p50_ms},    {"p99_ms", seen.p99_ms},      {"cpu_us_per_write", seen.cpu_us}};
        if (system != targets_.front() && seen.writes_per_second > 0)
          row["quorate_over_this"] = ours.writes_per_second / seen.writes_per_second;
        json["medians"].push_back(std::move(row));
      }
    }
    std::cout << json.dump(2) << std::endl;
  }

  const write_options& options_;
  sync_cost sync_;
  std::vector<std::unique_ptr<target>> targets_;
  std::vector<cell> cells_;
};

}  // namespace

int run_write_bench(const write_options& options) { return write_bench(options).run(); }

}  // namespace quorate::bench
