#include "tests/page/fixture.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "chaos/drill/fault_class.hpp"

namespace quorate::page::test {
namespace {

json check(const char* name, const char* detail) { return {{"name", name}, {"status", "pass"}, {"detail", detail}}; }

json functional(const std::string& host) {
  return {{"phase", 1},
          {"host", host},
          {"version", "quorate 0.1.0"},
          {"pass", true},
          {"reasons", json::array()},
          {"checks", {check("store", "exit code 0"), check("recall", "1 memory"), check("export", "1 line")}},
          {"stats", {{"total", 1}, {"by_tier", {{"mid", 1}}}}},
          {"curator", {{"errors", json::array()}}},
          {"mcp_tool_count", 36},
          {"recall_count", 1},
          {"snapshot_count", 1},
          {"manifest_count", 1},
          {"seconds", 2.5}};
}

json replication() {
  return {{"phase", 2},
          {"pass", true},
          {"reasons", json::array()},
          {"total_writes", 200},
          {"ok", 200},
          {"quorum_not_met", 0},
          {"fail", 0},
          {"counts", {{"a", 200}, {"b", 200}, {"c", 200}}},
          {"missing", {{"a", 0}, {"b", 0}, {"c", 0}}},
          {"foreign", {{"a", 0}, {"b", 0}, {"c", 0}}},
          {"converge_ms", 38.5},
          {"digests_equal", true},
          {"probe1_single_peer_down", "201"},
          {"probe2_both_peers_down", "503"},
          {"checks", {check("every write acknowledged", "200 of 200"), check("digests", "equal")}},
          {"seconds", 9.25}};
}

json migration() {
  const json report = {{"memories_read", 1000}, {"memories_written", 1000}, {"errors", json::array()}};
  return {{"phase", 3},
          {"pass", true},
          {"reasons", json::array()},
          {"checks", {check("forward", "1000 of 1000")}},
          {"report_forward", report},
          {"report_idempotent", report},
          {"report_reverse", report},
          {"src_count", 1000},
          {"dst_count", 1000},
          {"seconds", 12.0}};
}

/// Two seconds of writes that stop for a part of the fault.
json worst_timeline(std::size_t which) {
  json bins = json::array();
  for (int t = 0; t < 2'000; t += 25) {
    const bool hit = t >= 300 && t < 420 + static_cast<int>(which) * 20;
    const double wave = 1 + 0.3 * std::sin(t / 90.0 + static_cast<double>(which));
    json bin = {{"t", t}, {"ok", hit ? 0 : std::lround(14 * wave)}, {"failed", hit ? 3 : 0}};
    bin["p50_ms"] = hit ? 90.0 : 0.7 * wave;
    bin["max_ms"] = hit ? 240.0 : 3.1 * wave;
    bins.push_back(bin);
  }
  return {{"cycle", 17},         {"bin_ms", 25},        {"fault_start_ms", 300},
          {"fault_end_ms", 800}, {"converged_ms", 900}, {"bins", bins}};
}

json cycle_rows(const std::string& name, std::size_t which) {
  json rows = json::array();
  for (int cycle = 1; cycle <= 50; ++cycle) {
    const double converge =
        30 + 12 * std::abs(std::sin(cycle * 1.7 + static_cast<double>(which))) + (cycle == 17 ? 45 : 0);
    rows.push_back({{"cycle", cycle},
                    {"seed", 4'200 + cycle},
                    {"verdict", "pass"},
                    {"reasons", json::array()},
                    {"writes", 340},
                    {"ok", 338},
                    {"quorum_not_met", 1},
                    {"fail", 1},
                    {"fault", name},
                    {"count_node0", "120"},
                    {"count_node1", "120"},
                    {"count_node2", "120"},
                    {"acknowledged", 338},
                    {"rejected", 1},
                    {"indeterminate", 1},
                    {"superseded", 0},
                    {"lost", 0},
                    {"phantom", 0},
                    {"foreign", 0},
                    {"in_flight", 33},
                    {"bit", 57},
                    {"fault_ms", 500.2},
                    {"converge_ms", std::round(converge * 10) / 10},
                    {"longest_gap_ms", 12.5},
                    {"reads", 100},
                    {"linearizable", true}});
  }
  return rows;
}

json chaos() {
  json phase = {{"phase", 4},
                {"pass", true},
                {"reasons", json::array()},
                {"seed", 42},
                {"cycles_per_fault", 50},
                {"writes_per_cycle", 100},
                {"expected_faults", fault_names()},
                {"seconds", 1'500.0}};
  std::size_t which = 0;
  for (const auto& name : fault_names()) {
    phase["convergence_by_fault"][name] = 1.0;
    phase["faults"][name] = {
        {"status", "pass"},
        {"reason", ""},
        {"cycles", 50},
        {"passed", 50},
        {"failed", 0},
        {"invalid", 0},
        {"acknowledged", 16'900},
        {"rejected", 50},
        {"indeterminate", 50},
        {"superseded", 0},
        {"lost", 0},
        {"phantom", 0},
        {"foreign", 0},
        {"bit", "packets dropped"},
        {"bit_min", 12},
        {"bit_median", 57},
        {"converge_ms", {{"median", 36.2}, {"p99", 71.0}, {"max", 84.3 + static_cast<double>(which)}}},
        {"longest_gap_ms", {{"median", 12.5}, {"max", 410.0 + static_cast<double>(which)}}},
        {"worst_cycle", 17},
        {"seconds", 115.0},
        {"timeline", worst_timeline(which)}};
    phase["cycles_by_fault"][name] = cycle_rows(name, which);
    ++which;
  }
  return phase;
}

}  // namespace

std::vector<std::string> fault_names() {
  std::vector<std::string> names;
  for (const auto& one : chaos::all_faults) names.emplace_back(one.name);
  return names;
}

artefacts good_run(const std::string& id) {
  artefacts files = {{"phase1-node-a.json", functional("a")},
                     {"phase1-node-b.json", functional("b")},
                     {"phase1-node-c.json", functional("c")},
                     {"phase2.json", replication()},
                     {"phase3.json", migration()},
                     {"phase4.json", chaos()}};
  files["campaign-summary.json"] = {
      {"campaign_id", id},
      {"ai_memory_git_ref", "0123456789abcdef0123456789abcdef01234567"},
      {"commit", "0123456789abcdef0123456789abcdef01234567"},
      {"version", "0.1.0"},
      {"started_at", "2026-01-02T03:04:05Z"},
      {"completed_at", "2026-01-02T03:30:05Z"},
      {"seconds", 1'560.0},
      {"environment", "local"},
      {"network", "namespaces"},
      {"seed", 42},
      {"quick", false},
      {"host",
       {{"cpus", 2}, {"memory_bytes", 8'589'934'592}, {"kernel", "6.1.0"}, {"os", "Debian 12"}, {"cpu", "made up"}}},
      {"expected_phases", {1, 2, 3, 4}},
      {"overall_pass", true},
      {"reasons", json::array()},
      {"phases", json::array()}};
  return files;
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void write_run(const std::string& runs_directory, const std::string& id, const artefacts& files) {
  const auto directory = std::filesystem::path(runs_directory) / id;
  std::filesystem::create_directories(directory);
  for (const auto& [name, content] : files) write_file((directory / name).string(), content.dump());
}

}  // namespace quorate::page::test
