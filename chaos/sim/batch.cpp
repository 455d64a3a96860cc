#include "chaos/sim/batch.hpp"

#include <algorithm>
#include <ctime>
#include <deque>
#include <utility>

namespace quorate::sim {

const std::vector<planted_entry>& planted_bugs() {
  static const std::vector<planted_entry> bugs{
#define QUORATE_PLANTED_BUG(name, promise, what) {planted_bug::name, #name, promise, what},
#include "proto/planted_bugs.def"
#undef QUORATE_PLANTED_BUG
  };
  return bugs;
}

void batch_totals::add(const run_report& one) {
  ++seeds;
  operations += one.operations;
  turns += one.turns;
  events += one.events;
  simulated_ms += one.simulated_ms;
  converged_ms_max = std::max(converged_ms_max, one.converged_ms);
  for (const auto& [name, n] : one.faults) faults[name] += n;
  for (const auto& [name, n] : one.outcomes) outcomes[name] += n;
}

void batch_totals::print(std::ostream& out, double seconds) const {
  const auto list = [&out](const char* what, const std::map<std::string, std::uint64_t>& counts) {
    out << "  " << what << ':';
    const char* comma = " ";
    for (const auto& [name, n] : counts) out << std::exchange(comma, ", ") << name << ' ' << n;
    out << '\n';
  };
  const auto each = static_cast<double>(std::max<std::uint64_t>(seeds, 1));
  out << seeds << " seeds in " << seconds << " s of processor time: " << static_cast<double>(seeds) / seconds
      << " a second\n  each " << static_cast<double>(simulated_ms) / 1000 / each << " s simulated, "
      << static_cast<double>(operations) / each << " calls, " << static_cast<double>(turns) / each
      << " turns of actors, " << static_cast<double>(events) / each << " events; all members equal at most "
      << converged_ms_max << " ms after the last fault\n";
  list("faults", faults);
  list("answers", outcomes);
}

batch_totals run_batch(const run_options& first, const std::function<bool(std::uint64_t done)>& more,
                       const std::function<void(std::uint64_t seed, const run_report&)>& failed) {
  batch_totals sum;
  while (more(sum.seeds)) {
    auto now = first;
    now.seed += sum.seeds;
    const auto report = run(now);
    sum.add(report);
    if (report.broken.empty()) continue;
    failed(now.seed, report);
    break;
  }
  return sum;
}

std::vector<std::string> unreached_marks() {
  static const std::vector<std::string> names{
#define QUORATE_MARK(name) #name,
#include "proto/marks.def"
#undef QUORATE_MARK
  };
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (points.reached[i] == 0) missing.push_back(names[i]);
  return missing;
}

hunt find_planted(const planted_entry& bug, run_options first, std::uint64_t seeds_max) {
  hunt result;
  first.planted = bug.bug;
  const auto sum = run_batch(
      first, [&](std::uint64_t done) { return done < seeds_max; },
      [&](std::uint64_t, const run_report& report) {
        result.found = true;
        result.broken = report.broken;
      });
  result.seeds = sum.seeds;
  return result;
}

std::vector<std::string> last_lines(run_options options, std::size_t count) {
  std::deque<std::string> lines;
  options.trace = [&](const std::string& line) {
    lines.push_back(line);
    if (lines.size() > count) lines.pop_front();
  };
  static_cast<void>(run(options));
  return {lines.begin(), lines.end()};
}

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace quorate::sim
