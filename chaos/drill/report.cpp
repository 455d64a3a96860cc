#include "chaos/drill/report.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "chaos/terminal.hpp"

namespace quorate::chaos {
namespace {

using nlohmann::ordered_json;

double rounded(double number) { return std::round(number * 10) / 10; }

std::string dump(const ordered_json& object) {
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

ordered_json cycle_object(const cycle_result& cycle) {
  ordered_json out = {
      {"cycle", cycle.plan.number},
      {"seed", cycle.plan.seed},
      {"verdict", text_of(cycle.outcome)},
      {"reasons", cycle.reasons},
      {"fault", words_of(cycle.plan.fault).name},
      {"writes",
       cycle.counts.acknowledged + cycle.counts.rejected + cycle.counts.indeterminate + cycle.counts.superseded},
      {"ok", cycle.counts.acknowledged},
      {"quorum_not_met", cycle.counts.rejected},
      {"fail", cycle.counts.indeterminate + cycle.counts.superseded},
  };
  for (const char node : {'a', 'b', 'c'}) {
    const auto row = std::find_if(cycle.rows.begin(), cycle.rows.end(),
                                  [&](const auto& one) { return one.first == std::string(1, node); });
    out["count_node" + std::to_string(node - 'a')] = row != cycle.rows.end() ? std::to_string(row->second) : "ERR";
  }
  out["acknowledged"] = cycle.counts.acknowledged;
  out["rejected"] = cycle.counts.rejected;
  out["indeterminate"] = cycle.counts.indeterminate;
  out["superseded"] = cycle.counts.superseded;
  out["lost"] = cycle.lost;
  out["phantom"] = cycle.phantom;
  out["foreign"] = cycle.foreign;
  out["convergence"] = cycle.convergence;
  out["in_flight"] = cycle.in_flight;
  out["begun_in_fault"] = cycle.begun_in_fault;
  out["registers_in_fault"] = cycle.registers_in_fault;
  out["detail"] = cycle.detail;
  out["bit"] = cycle.bit;
  out["bit_needed"] = cycle.bit_needed;
  if (cycle.grown_bytes) {
    out["grown_bytes"] = *cycle.grown_bytes;
    out["grown_bytes_max"] = cycle.grown_bytes_max;
  }
  out["fault_ms"] = rounded(cycle.fault_ms);
  out["converge_ms"] = rounded(cycle.converge_ms);
  out["longest_gap_ms"] = rounded(cycle.longest_gap_ms);
  out["reads"] = cycle.register_operations;
  out["linearizable"] = cycle.linearizable;
  out["seconds"] = rounded(cycle.seconds);
  return out;
}

ordered_json timeline_object(const cycle_result& cycle) {
  auto bins = ordered_json::array();
  double at = 0;
  for (const auto& bin : cycle.timeline.bins) {
    bins.push_back({{"t", rounded(at)},
                    {"ok", bin.ok},
                    {"failed", bin.failed},
                    {"p50_ms", rounded(bin.p50_ms)},
                    {"max_ms", rounded(bin.max_ms)}});
    at += cycle.timeline.bin_ms;
  }
  const auto& converged = cycle.timeline.converged_ms;
  return {{"cycle", cycle.plan.number},
          {"bin_ms", rounded(cycle.timeline.bin_ms)},
          {"fault_start_ms", rounded(cycle.timeline.fault_start_ms)},
          {"fault_end_ms", rounded(cycle.timeline.fault_end_ms)},
          {"converged_ms", converged ? ordered_json(rounded(*converged)) : ordered_json()},
          {"bins", std::move(bins)}};
}

/// The first that failed, else the one that took longest to become equal.
const cycle_result* worst_of(const class_result& run) {
  const cycle_result* worst = nullptr;
  for (const auto& cycle : run.valid) {
    const bool worse = !worst || (worst->outcome == verdict::pass && cycle.outcome != verdict::pass)
                       || (worst->outcome == cycle.outcome && worst->converge_ms < cycle.converge_ms);
    if (worse) worst = &cycle;
  }
  return worst;
}

template <class Value>
std::vector<double> sorted(const class_result& run, Value value) {
  std::vector<double> all;
  for (const auto& cycle : run.valid) all.push_back(rounded(static_cast<double>(value(cycle))));
  std::sort(all.begin(), all.end());
  return all;
}

double quantile(const std::vector<double>& sorted_values, double share) {
  if (sorted_values.empty()) return 0;
  const auto at = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted_values.size())));
  return sorted_values[std::min(sorted_values.size(), std::max<std::size_t>(at, 1)) - 1];
}

template <class Value>
std::uint64_t sum(const class_result& run, Value value) {
  std::uint64_t all = 0;
  for (const auto& cycle : run.valid) all += value(cycle);
  return all;
}

ordered_json class_object(const class_result& run) {
  const auto bit = sorted(run, [](const auto& cycle) { return cycle.bit; });
  const auto converge = sorted(run, [](const auto& cycle) { return cycle.converge_ms; });
  const auto gap = sorted(run, [](const auto& cycle) { return cycle.longest_gap_ms; });
  const auto passed = static_cast<std::uint64_t>(std::count_if(
      run.valid.begin(), run.valid.end(), [](const auto& cycle) { return cycle.outcome == verdict::pass; }));
  ordered_json out = {
      {"status", run.status()},
      {"reason", run.reason()},
      {"cycles", run.valid.size()},
      {"passed", passed},
      {"failed", run.valid.size() - passed},
      {"invalid", run.invalid.size()},
      {"acknowledged", sum(run, [](const auto& cycle) { return cycle.counts.acknowledged; })},
      {"rejected", sum(run, [](const auto& cycle) { return cycle.counts.rejected; })},
      {"indeterminate", sum(run, [](const auto& cycle) { return cycle.counts.indeterminate; })},
      {"superseded", sum(run, [](const auto& cycle) { return cycle.counts.superseded; })},
      {"lost", sum(run, [](const auto& cycle) { return cycle.lost; })},
      {"phantom", sum(run, [](const auto& cycle) { return cycle.phantom; })},
      {"foreign", sum(run, [](const auto& cycle) { return cycle.foreign; })},
      {"bit", words_of(run.fault).proof},
      {"bit_min", bit.empty() ? 0 : bit.front()},
      {"bit_median", quantile(bit, 0.5)},
      {"converge_ms",
       {{"median", quantile(converge, 0.5)}, {"p99", quantile(converge, 0.99)}, {"max", quantile(converge, 1)}}},
      {"longest_gap_ms", {{"median", quantile(gap, 0.5)}, {"max", quantile(gap, 1)}}},
      {"seconds", rounded(run.seconds)}};
  if (const auto* worst = worst_of(run)) {
    out["worst_cycle"] = worst->plan.number;
    out["timeline"] = timeline_object(*worst);
  }
  return out;
}

}  // namespace

std::string report_line(const cycle_result& cycle) { return dump(cycle_object(cycle)); }

status write_history(const std::string& path, const cycle_history& history) {
  std::ofstream file(path, std::ios::trunc);
  for (const auto& event : history.writes) {
    file << dump({{"key", readable(event.key)},
                  {"what", event.deleted ? "delete" : "put"},
                  {"content_hash", event.content_hash},
                  {"start_us", event.start_us},
                  {"end_us", event.end_us},
                  {"outcome", text_of(event.outcome)},
                  {"through", std::string(1, static_cast<char>('a' + event.node))},
                  {"stamp", event.stamp ? ordered_json{event.stamp->first, event.stamp->second} : ordered_json()},
                  {"id", event.id}})
         << "\n";
  }
  for (const auto& operation : history.registers)
    file << dump({{"key", operation.key},
                  {"what", operation.write ? "linearizable put" : "quorum read"},
                  {"value", operation.value},
                  {"start_us", operation.start_us},
                  {"end_us", operation.end_us},
                  {"outcome", operation.certain ? "acknowledged" : "indeterminate"},
                  {"through", operation.label}})
         << "\n";
  file.close();
  return file ? status() : status(errc::internal, "cannot write " + path);
}

ordered_json drills_object(const drill_options& options, const place& where, const std::vector<class_result>& classes,
                           const std::vector<fault_class>& expected_faults) {
  auto reasons = ordered_json::array();
  auto expected = ordered_json::array();
  ordered_json convergence = ordered_json::object();
  ordered_json faults = ordered_json::object();
  ordered_json cycles = ordered_json::object();
  for (const auto fault : expected_faults) {
    const std::string name(words_of(fault).name);
    expected.push_back(name);
    const auto run = std::find_if(classes.begin(), classes.end(), [&](const auto& one) { return one.fault == fault; });
    if (run == classes.end()) {
      convergence[name] = nullptr;
      reasons.push_back(name + ": not run");
      continue;
    }
    faults[name] = class_object(*run);
    convergence[name] = run->valid.empty() ? ordered_json() : ordered_json(run->convergence());
    if (run->status() != "pass") reasons.push_back(name + ": " + run->status() + ", " + run->reason());
    if (run->status() == "pass" && run->convergence() != 1) reasons.push_back(name + ": convergence below 1");
    auto lines = ordered_json::array();
    for (const auto& cycle : run->valid) lines.push_back(cycle_object(cycle));
    for (const auto& cycle : run->invalid) lines.push_back(cycle_object(cycle));
    cycles[name] = std::move(lines);
  }
  return {{"phase", 4},
          {"pass", reasons.empty() && !expected_faults.empty()},
          {"reasons", std::move(reasons)},
          {"seed", options.seed},
          {"environment", where.environment_name()},
          {"network", where.network_name()},
          {"cycles_per_fault", options.cycles},
          {"writes_per_cycle", options.writes},
          {"clients", options.clients},
          {"expected_faults", std::move(expected)},
          {"convergence_by_fault", std::move(convergence)},
          {"faults", std::move(faults)},
          {"cycles_by_fault", std::move(cycles)}};
}

std::string drills_table(const std::vector<class_result>& classes) {
  std::vector<std::vector<std::string>> rows{{"class", "verdict", "cycles", "acknowledged", "lost", "phantom",
                                              "foreign", "convergence", "equal after, worst", "longest gap"}};
  for (const auto& run : classes) {
    const auto converge = sorted(run, [](const auto& cycle) { return cycle.converge_ms; });
    const auto gap = sorted(run, [](const auto& cycle) { return cycle.longest_gap_ms; });
    rows.push_back({std::string(words_of(run.fault).name), run.status(), std::to_string(run.valid.size()),
                    grouped(sum(run, [](const auto& cycle) { return cycle.counts.acknowledged; })),
                    grouped(sum(run, [](const auto& cycle) { return cycle.lost; })),
                    grouped(sum(run, [](const auto& cycle) { return cycle.phantom; })),
                    grouped(sum(run, [](const auto& cycle) { return cycle.foreign; })),
                    run.valid.empty() ? "-" : fixed(run.convergence(), 4), duration_text(quantile(converge, 1)),
                    duration_text(quantile(gap, 1))});
  }
  return table(rows);
}

}  // namespace quorate::chaos
