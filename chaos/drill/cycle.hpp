// One cycle of a drill: a fresh cluster, clients, one fault while they write, and the judgement of what is left.
//
// Run by the main thread; nothing outlives the call. The order: start, one write through every node that must be OK,
// load, the fault at a random moment, its end, load again, all nodes equal within a bound, every record of every node
// compared with every answer. No figure is a row count: rows are compared by name and content.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chaos/drill/fault_class.hpp"
#include "chaos/history.hpp"
#include "chaos/linearizability.hpp"

namespace quorate::chaos {

class environment;

struct cycle_plan {
  fault_class fault = fault_class::kill_primary_mid_write;
  unsigned number = 1;  ///< from 1; some classes take turns by it
  std::uint64_t seed = 1;
  std::uint64_t writes = 100;  ///< acknowledged ones, at least; the load goes on as long as the fault does
  unsigned clients = 8;
  std::chrono::milliseconds converge_bound{60'000};  ///< all nodes equal within that, or the cycle failed
};

enum class verdict : std::uint8_t {
  pass,
  fail,           ///< a promise was broken, or nothing was acknowledged
  invalid,        ///< the fault did nothing, or the load was too low: it proves nothing
  infrastructure  ///< the cluster did not even start and take a write
};
std::string_view text_of(verdict v);

struct load_bin {
  std::uint64_t ok = 0;
  std::uint64_t failed = 0;
  double p50_ms = 0;
  double max_ms = 0;
};

struct load_timeline {
  double bin_ms = 0;
  double fault_start_ms = 0;  ///< since the load began, as the rest
  double fault_end_ms = 0;
  std::optional<double> converged_ms;
  std::vector<load_bin> bins;
};

struct cycle_result {
  cycle_plan plan;
  verdict outcome = verdict::pass;
  std::vector<std::string> reasons;  ///< of anything but pass
  outcome_counts counts;
  std::uint64_t lost = 0;     ///< acknowledged, but missing or not as written, on some node
  std::uint64_t phantom = 0;  ///< rejected, but there
  std::uint64_t foreign = 0;  ///< written by nobody, or there twice
  /// Of the records an answer makes certain, the share that is as answered on the worst node. 1 or something is wrong.
  double convergence = 0;
  std::vector<std::pair<std::string, std::uint64_t>> rows;  ///< node, live records in the end
  unsigned in_flight = 0;                                   ///< writes when the fault began
  std::uint64_t begun_in_fault = 0;
  std::uint64_t registers_in_fault = 0;  ///< calls on the shared records that were under way during it
  std::string detail;                    ///< which of several things the fault was; may be empty
  std::uint64_t bit = 0;                 ///< proof of the fault, in the unit of its class
  std::uint64_t bit_needed = 1;          ///< with less of it the cycle is invalid
  /// Where sizes are judged: how much the data directory grew most that did, and how much it might have at most.
  std::optional<std::uint64_t> grown_bytes;
  std::uint64_t grown_bytes_max = 0;
  double fault_ms = 0;
  double converge_ms = 0;     ///< from the end of fault and load until all nodes are equal
  double longest_gap_ms = 0;  ///< between two acknowledgements, anywhere
  std::uint64_t register_operations = 0;
  bool linearizable = false;
  load_timeline timeline;
  double seconds = 0;

  void fail(verdict why, std::string reason);
};

/// What was asked and answered, for a file beside the result.
struct cycle_history {
  std::vector<write_event> writes;
  std::vector<register_operation> registers;
};

cycle_result run_cycle(const cycle_plan& plan, environment& env, cycle_history* history);

}  // namespace quorate::chaos
