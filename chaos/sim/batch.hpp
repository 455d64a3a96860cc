// Many seeds: sums of their reports, the marks they came past, and the hunt for planted bugs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "chaos/sim/run.hpp"

namespace quorate::sim {

struct planted_entry {
  planted_bug bug;
  std::string name;
  std::string promise;
  std::string what;
};
const std::vector<planted_entry>& planted_bugs();

struct batch_totals {
  std::uint64_t seeds = 0;
  std::uint64_t operations = 0;
  std::uint64_t turns = 0;
  std::uint64_t events = 0;
  std::int64_t simulated_ms = 0;
  std::int64_t converged_ms_max = 0;
  std::map<std::string, std::uint64_t> faults;
  std::map<std::string, std::uint64_t> outcomes;

  void add(const run_report& one);
  /// `seconds`: of processor time.
  void print(std::ostream& out, double seconds) const;
};

/// Runs seeds from `first.seed` on while `more` says so. Returns the totals; `failed` is told of the first failure,
/// which ends the batch.
batch_totals run_batch(const run_options& first, const std::function<bool(std::uint64_t done)>& more,
                       const std::function<void(std::uint64_t seed, const run_report&)>& failed);

/// Marks no run of this process has come past.
std::vector<std::string> unreached_marks();

struct hunt {
  bool found = false;
  std::uint64_t seeds = 0;  ///< how many it took
  std::string broken;
};
hunt find_planted(const planted_entry& bug, run_options first, std::uint64_t seeds_max);

/// The last lines of a failed seed's timeline: it is run again for them.
std::vector<std::string> last_lines(run_options options, std::size_t count);

/// Seconds of processor time this process has used.
double processor_seconds();

}  // namespace quorate::sim
