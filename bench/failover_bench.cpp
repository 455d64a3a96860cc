#include "bench/failover_bench.hpp"

#include <algorithm>
#include <atomic>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "bench/target.hpp"
#include "chaos/history.hpp"
#include "chaos/scratch_directory.hpp"
#include "chaos/terminal.hpp"
#include "chaos/wait.hpp"

namespace quorate::bench {
namespace {

using chaos::fixed;
using chaos::milliseconds;
using chaos::steady_us;

constexpr std::size_t members_count = 3;
constexpr milliseconds settle(700);
constexpr milliseconds watched_before(2'000);
constexpr milliseconds watched_after(5'000);

struct writer_log {
  std::size_t preferred = 0;
  std::vector<std::int64_t> successes_us;
  std::vector<std::int64_t> failures_us;
};

/// One writer's life: keeps to a member until a call fails, then takes the next at once.
void write_until(const std::atomic<bool>& stop, target& system, unsigned number, milliseconds deadline,
                 writer_log* log) {
  const auto client = system.make_writer();
  const std::string value(256, 'v');
  auto member = log->preferred;
  for (std::uint64_t i = 0; !stop; ++i) {
    const auto key = "writer-" + std::to_string(number) + "-" + std::to_string(i);
    if (client->put(member, key, value, deadline)) {
      log->successes_us.push_back(steady_us());
    } else {
      log->failures_us.push_back(steady_us());
      member = (member + 1) % members_count;
    }
  }
}

/// The longest time within [from, to] without a success; the stretches before the first and after the last count.
double longest_gap_ms(std::vector<std::int64_t> times, std::int64_t from, std::int64_t to) {
  std::sort(times.begin(), times.end());
  std::int64_t last = from;
  std::int64_t longest = 0;
  for (const auto time : times) {
    if (time < from) continue;
    if (time > to) break;
    longest = std::max(longest, time - last);
    last = time;
  }
  return static_cast<double>(std::max(longest, to - last)) / 1'000;
}

struct measurement {
  std::string system;
  std::string killed;
  double before_ms = 0;
  double anywhere_ms = 0;
  double others_ms = 0;
  double others_single_ms = 0;  ///< the worst single client of a survivor
  double dead_ms = 0;           ///< clients of the dead member
  std::uint64_t failed_calls = 0;
  bool recovered = false;
};

class failover_bench {
 public:
  explicit failover_bench(const failover_options& options) : options_(options) {}

  int run() {
    const auto outcome = measure();
    if (!outcome) {
      std::cerr << "quorate-bench: " << outcome.message() << std::endl;
      return 1;
    }
    options_.json ? print_json() : print_table();
    return std::all_of(seen_.begin(), seen_.end(), [](const auto& one) { return one.recovered; }) ? 0 : 1;
  }

 private:
  status measure() {
    auto scratch = chaos::scratch_directory::make(options_.directory);
    if (!scratch) return scratch.error();
    std::vector<std::unique_ptr<target>> targets;
    targets.push_back(make_quorate_target(options_.program, scratch->path()));
    if (!options_.etcd.empty()) targets.push_back(make_etcd_target(options_.etcd, scratch->path()));
    for (std::size_t round = 0; round < members_count; ++round) {
      for (auto& system : targets) {
        if (auto done = measure_kill(*system, round, system != targets.front()); !done) return done;
        if (chaos::interrupted()) return status(errc::unavailable, "interrupted");
      }
    }
    return {};
  }

  status measure_kill(target& system, std::size_t round, bool kill_best_entry) {
    if (auto started = system.start(); !started) return started;
    std::atomic<bool> stop = false;
    std::vector<writer_log> logs(options_.writers);
    std::vector<std::thread> writers;
    for (unsigned i = 0; i < options_.writers; ++i) {
      logs[i].preferred = i % members_count;
      writers.emplace_back([&, i] { write_until(stop, system, i, milliseconds(options_.deadline_ms), &logs[i]); });
    }
    // A measurement takes its time: these are its stretches, not waits for something to happen.
    std::this_thread::sleep_for(settle + watched_before);
    result<std::size_t> victim = kill_best_entry ? system.best_entry() : result<std::size_t>(round);
    const auto killed_us = steady_us();
    if (victim) {
      system.kill(*victim);
      std::this_thread::sleep_for(watched_after);
    }
    const auto end_us = steady_us();
    stop = true;
    for (auto& writer : writers) writer.join();
    if (victim) seen_.push_back(sum_up(system, *victim, logs, killed_us, end_us));
    system.stop();
    if (!victim) return victim.error();
    if (!options_.json)
      std::cout << chaos::dim("killed " + seen_.back().system + " " + seen_.back().killed) << std::endl;
    return {};
  }

  static measurement sum_up(const target& system, std::size_t victim, const std::vector<writer_log>& logs,
                            std::int64_t killed_us, std::int64_t end_us) {
    measurement sum;
    sum.system = system.name();
    sum.killed = system.member_name(victim);
    std::vector<std::int64_t> all, others, dead;
    for (const auto& log : logs) {
      auto& group = log.preferred == victim ? dead : others;
      group.insert(group.end(), log.successes_us.begin(), log.successes_us.end());
      all.insert(all.end(), log.successes_us.begin(), log.successes_us.end());
      if (log.preferred != victim)
        sum.others_single_ms = std::max(sum.others_single_ms, longest_gap_ms(log.successes_us, killed_us, end_us));
      sum.failed_calls += static_cast<std::uint64_t>(
          std::count_if(log.failures_us.begin(), log.failures_us.end(), [&](auto time) { return time >= killed_us; }));
    }
    const auto watched_from = killed_us - std::chrono::duration_cast<std::chrono::microseconds>(watched_before).count();
    sum.before_ms = longest_gap_ms(all, watched_from, killed_us);
    sum.anywhere_ms = longest_gap_ms(all, killed_us, end_us);
    sum.others_ms = longest_gap_ms(others, killed_us, end_us);
    sum.dead_ms = longest_gap_ms(dead, killed_us, end_us);
    const auto last_second = end_us - 1'000'000;
    sum.recovered = std::any_of(all.begin(), all.end(), [&](auto time) { return time > last_second; });
    return sum;
  }

  void print_table() const {
    std::vector<std::vector<std::string>> rows = {{"killed", "gap before", "gap after: anywhere",
                                                   "clients of the others", "their worst single one",
                                                   "clients of the dead", "failed calls"}};
    for (const auto& one : seen_) {
      rows.push_back({one.system + " " + one.killed, fixed(one.before_ms, 1) + " ms", fixed(one.anywhere_ms, 1) + " ms",
                      fixed(one.others_ms, 1) + " ms", fixed(one.others_single_ms, 1) + " ms",
                      fixed(one.dead_ms, 1) + " ms", std::to_string(one.failed_calls)});
    }
    std::cout << "\nLongest time without a successful write, kill -9 of one of three members under " << options_.writers
              << " writers,\n"
              << options_.deadline_ms << " ms deadline a call, next member at once after a failure"
              << (options_.etcd.empty() ? "" : "; of etcd the leader is killed") << "\n\n"
              << chaos::table(rows) << std::flush;
    for (const auto& one : seen_) {
      if (!one.recovered)
        std::cout << chaos::bad(one.system + " " + one.killed + ": no write succeeded in the last second watched")
                  << std::endl;
    }
  }

  void print_json() const {
    auto json = nlohmann::ordered_json::array();
    for (const auto& one : seen_)
      json.push_back({{"system", one.system},
                      {"killed", one.killed},
                      {"gap_before_ms", one.before_ms},
                      {"gap_anywhere_ms", one.anywhere_ms},
                      {"gap_clients_of_others_ms", one.others_ms},
                      {"gap_worst_client_of_others_ms", one.others_single_ms},
                      {"gap_clients_of_dead_ms", one.dead_ms},
                      {"failed_calls", one.failed_calls},
                      {"recovered", one.recovered}});
    std::cout << json.dump(2) << std::endl;
  }

  const failover_options& options_;
  std::vector<measurement> seen_;
};

}  // namespace

int run_failover_bench(const failover_options& options) { return failover_bench(options).run(); }

}  // namespace quorate::bench
