// Phase 4 of a run, class by class, and whether the evidence bears out what each class says of itself.
//
// Values that refer to the run they were read from, which must outlive them. What the file does not say is "not known".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chaos/page/run_directory.hpp"

namespace quorate::page {

struct timeline_bin {
  double t = 0;  ///< ms since the begin of the cycle
  double ok = 0;
  double failed = 0;
  std::optional<double> p50_ms;
  std::optional<double> max_ms;
};

/// One cycle in slices of time.
struct timeline {
  std::optional<double> cycle;
  double bin_ms = 0;
  std::optional<double> fault_start_ms;
  std::optional<double> fault_end_ms;
  std::optional<double> converged_ms;
  std::vector<timeline_bin> bins;
};

struct fault_result {
  std::string name;
  std::string title;
  std::string what_is_done;
  bool expected = false;
  bool ran = false;    ///< the file has an entry for it
  std::string status;  ///< as the file says
  std::string reason;
  std::optional<double> convergence;
  std::optional<double> cycles, passed, failed, invalid;
  std::optional<double> acknowledged, rejected, indeterminate, superseded;
  std::optional<double> lost, phantom, foreign;
  std::string bit;
  std::optional<double> bit_min, bit_median;
  std::optional<double> converge_median, converge_p99, converge_max;
  std::optional<double> gap_median, gap_max;
  std::optional<double> worst_cycle, seconds;
  timeline worst;
  const json* cycle_rows = nullptr;  ///< an array, or null

  /// What speaks against this class; empty only for one that ran, passed, and whose figures agree.
  std::vector<std::string> complaints;
  bool passes() const { return complaints.empty(); }
};

/// The expected classes in their order, then those the file has besides. Empty when phase 4 was not read.
std::vector<fault_result> fault_results(const run& of);

/// Sum of a field over the classes; not known when no class has it.
std::optional<double> total(const std::vector<fault_result>& of, std::optional<double> fault_result::*field);
/// The class where a field is highest; null when no class has it.
const fault_result* highest(const std::vector<fault_result>& of, std::optional<double> fault_result::*field);

}  // namespace quorate::page
