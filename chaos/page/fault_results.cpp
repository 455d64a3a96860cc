#include "chaos/page/fault_results.hpp"

#include <algorithm>

#include "chaos/drill/fault_class.hpp"
#include "chaos/page/figures.hpp"

namespace quorate::page {
namespace {

timeline read_timeline(const json& from) {
  timeline read;
  read.cycle = number(from, "cycle");
  read.bin_ms = number(from, "bin_ms").value_or(0);
  read.fault_start_ms = number(from, "fault_start_ms");
  read.fault_end_ms = number(from, "fault_end_ms");
  read.converged_ms = number(from, "converged_ms");
  const auto& bins = member(from, "bins");
  if (!bins.is_array() || !(read.bin_ms > 0)) return read;
  for (const auto& one : bins) {
    const auto t = number(one, "t");
    if (!t || *t < 0) continue;
    read.bins.push_back({*t, std::max(0.0, number(one, "ok").value_or(0)),
                         std::max(0.0, number(one, "failed").value_or(0)), number(one, "p50_ms"),
                         number(one, "max_ms")});
  }
  std::sort(read.bins.begin(), read.bins.end(), [](const auto& left, const auto& right) { return left.t < right.t; });
  return read;
}

fault_result read_class(const json& phase, const std::string& name) {
  fault_result read;
  read.name = name;
  const auto known = chaos::fault_of(name);
  read.title = known ? chaos::words_of(*known).title : name;
  read.what_is_done = known ? chaos::words_of(*known).what : "";
  read.convergence = number(member(phase, "convergence_by_fault"), name);
  const auto& from = member(member(phase, "faults"), name);
  read.ran = from.is_object();
  read.status = word(from, "status");
  read.reason = word(from, "reason");
  const std::pair<const char*, std::optional<double> fault_result::*> counters[] = {
      {"cycles", &fault_result::cycles},
      {"passed", &fault_result::passed},
      {"failed", &fault_result::failed},
      {"invalid", &fault_result::invalid},
      {"acknowledged", &fault_result::acknowledged},
      {"rejected", &fault_result::rejected},
      {"indeterminate", &fault_result::indeterminate},
      {"superseded", &fault_result::superseded},
      {"lost", &fault_result::lost},
      {"phantom", &fault_result::phantom},
      {"foreign", &fault_result::foreign},
      {"bit_min", &fault_result::bit_min},
      {"bit_median", &fault_result::bit_median},
      {"worst_cycle", &fault_result::worst_cycle},
      {"seconds", &fault_result::seconds},
  };
  for (const auto& [key, field] : counters) read.*field = number(from, key);
  read.bit = word(from, "bit");
  const auto& converge = member(from, "converge_ms");
  read.converge_median = number(converge, "median");
  read.converge_p99 = number(converge, "p99");
  read.converge_max = number(converge, "max");
  const auto& gap = member(from, "longest_gap_ms");
  read.gap_median = number(gap, "median");
  read.gap_max = number(gap, "max");
  read.worst = read_timeline(member(from, "timeline"));
  const auto& cycles = member(member(phase, "cycles_by_fault"), name);
  if (cycles.is_array()) read.cycle_rows = &cycles;
  return read;
}

/// A class is not taken at its word: its figures and its cycles must say the same.
std::vector<std::string> complaints_about(const fault_result& of) {
  if (!of.ran) return {"did not run"};
  std::vector<std::string> found;
  if (of.status != "pass")
    found.push_back((of.status.empty() ? "has no status" : of.status) + (of.reason.empty() ? "" : ": " + of.reason));
  // Of a class that was not tried there is nothing more to say.
  if (of.status == "skipped") return found;
  if (!of.convergence)
    found.emplace_back("no convergence was measured");
  else if (*of.convergence != 1)
    found.push_back("convergence is " + exact(of.convergence) + ", not 1");
  if (!of.cycles || *of.cycles < 1) found.emplace_back("no cycle was run");
  const std::pair<const char*, std::optional<double>> must_be_zero[] = {{"lost write", of.lost},
                                                                        {"phantom write", of.phantom},
                                                                        {"foreign record", of.foreign},
                                                                        {"failed cycle", of.failed}};
  for (const auto& [what, count] : must_be_zero) {
    if (!count)
      found.push_back(std::string("the number of ") + what + "s is not known");
    else if (*count != 0)
      found.push_back(counted(count, what));
  }
  if (!of.cycle_rows || (of.cycles && static_cast<double>(of.cycle_rows->size()) < *of.cycles))
    found.emplace_back("not every cycle is in the file");
  if (of.cycle_rows) {
    for (const auto& cycle : *of.cycle_rows) {
      const auto verdict = word(cycle, "verdict");
      if (verdict == "fail") found.push_back("cycle " + shown(member(cycle, "cycle")) + " says fail");
      if (found.size() > 8) break;
    }
  }
  return found;
}

}  // namespace

std::vector<fault_result> fault_results(const run& of) {
  const auto& file = of.phase(4).front();
  if (!file.is_read()) return {};
  const auto& phase = file.content;
  std::vector<fault_result> all;
  const auto add = [&](const std::string& name, bool expected) {
    if (std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.name == name; })) return;
    all.push_back(read_class(phase, name));
    all.back().expected = expected;
    all.back().complaints = complaints_about(all.back());
  };
  for (const auto& name : words(phase, "expected_faults")) add(name, true);
  const auto& faults = member(phase, "faults");
  if (faults.is_object()) {
    for (const auto& [name, ignored] : faults.items()) add(name, false);
  }
  return all;
}

std::optional<double> total(const std::vector<fault_result>& of, std::optional<double> fault_result::*field) {
  std::optional<double> sum;
  for (const auto& one : of) {
    if (one.*field) sum = sum.value_or(0) + *(one.*field);
  }
  return sum;
}

const fault_result* highest(const std::vector<fault_result>& of, std::optional<double> fault_result::*field) {
  const fault_result* best = nullptr;
  for (const auto& one : of) {
    if (one.*field && (!best || *(one.*field) > *(best->*field))) best = &one;
  }
  return best;
}

}  // namespace quorate::page
