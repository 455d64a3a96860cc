// Drills: many cycles of each class of faults, one after the other, and what they add up to.
//
// Main thread. A cycle that proves nothing (the fault did nothing, the load was too low) is run again with another
// seed, a bounded number of times, and is counted. An infrastructure failure ends its class at once. Nothing is
// averaged away: a class has the convergence of its worst cycle.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "chaos/drill/cycle.hpp"
#include "chaos/drill/place.hpp"

namespace quorate::chaos {

struct drill_options {
  std::vector<fault_class> faults;
  unsigned cycles = 10;
  std::uint64_t writes = 100;
  unsigned clients = 8;
  std::chrono::milliseconds converge_bound{60'000};
  std::uint64_t seed = 1;
  std::string directory;            ///< gets chaos-report.jsonl and history/; exists
  bool keep_all_histories = false;  ///< else only of cycles that did not pass
};

struct class_result {
  fault_class fault = fault_class::kill_primary_mid_write;
  std::string skipped;  ///< why; empty when it was run
  bool interrupted = false;
  std::vector<cycle_result> valid;    ///< passed or failed
  std::vector<cycle_result> invalid;  ///< proved nothing, or infrastructure
  double seconds = 0;
  unsigned wanted = 0;  ///< valid cycles

  /// "pass", "fail", "skipped", "invalid", "infrastructure", "interrupted".
  std::string status() const;
  /// The first reason of anything but pass.
  std::string reason() const;
  /// Of the worst cycle; 0 when there is none.
  double convergence() const;
};

/// The seed of a cycle: the same for the same seed of the drill, class and number.
std::uint64_t seed_of(std::uint64_t seed, fault_class fault, unsigned cycle);

result<std::vector<class_result>> run_drills(const drill_options& options, place& where);

}  // namespace quorate::chaos
