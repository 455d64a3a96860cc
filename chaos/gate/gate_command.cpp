#include "chaos/gate/gate_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <utility>

#include "chaos/gate/class_runs.hpp"
#include "chaos/gate/host_facts.hpp"
#include "chaos/gate/phases.hpp"
#include "chaos/gate/program.hpp"
#include "chaos/scratch_directory.hpp"
#include "chaos/terminal.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

using nlohmann::ordered_json;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
constexpr unsigned full_cycles = 50;
constexpr unsigned quick_cycles = 2;
const std::set<int> all_phases{1, 2, 3, 4};

int complain(const status& error) {
  std::cerr << "quorate-chaos: " << error.message() << "\n";
  return error.code() == errc::invalid_argument ? exit_usage : exit_failed;
}

result<std::set<int>> read_phases(const std::string& flag, const std::string& list) {
  std::set<int> phases;
  std::istringstream text(list);
  for (std::string part; std::getline(text, part, ',');) {
    if (part.size() != 1 || !all_phases.contains(part[0] - '0'))
      return status::invalid(flag, "takes phases such as 1,2,3,4, got \"" + list + "\"");
    phases.insert(part[0] - '0');
  }
  return phases;
}

/// Whole or not at all.
status write_artefact(const std::string& path, const ordered_json& object) {
  const auto next = path + ".next";
  std::ofstream file(next, std::ios::trunc);
  file << object.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(next, path, error);
  return file && !error ? status() : status(errc::internal, "cannot write " + path);
}

class gate {
 public:
  gate(const gate_flags& flags, std::set<int> phases, std::unique_ptr<place> where)
      : flags_(flags), phases_(std::move(phases)), where_(std::move(where)), started_at_(utc_now()) {}

  result<ordered_json> run() {
    std::cerr << "gate: seed " << flags_.drills.seed << ", " << where_->environment_name() << ", network by "
              << where_->network_name() << ", " << flags_.drills.cycles << " cycles of " << flags_.drills.writes
              << " writes or more" << std::endl;
    auto scratch = scratch_directory::make();
    if (!scratch) return scratch.error();
    if (auto pinned = pin(scratch->path()); !pinned) return pinned;
    const phase_options options{flags_.drills.program, scratch->path(), flags_.quick};
    status kept;
    if (wanted(1)) {
      for (auto& one : artefacts_of(1, [&] { return run_functional_phase(options, *where_); })) {
        const auto name = "phase1-node-" + one.value("host", "unknown") + ".json";
        if (kept) kept = keep(1, name, std::move(one));
      }
    }
    if (kept && wanted(2)) kept = keep_one(2, [&] { return run_federation_phase(options, *where_); });
    if (kept && wanted(3)) kept = keep_one(3, [&] { return run_migration_phase(options); });
    if (kept && wanted(4)) kept = keep_one(4, [&] { return run_classes(flags_.drills, flags_.jobs, self_); });
    if (!kept) return kept;
    return finish();
  }

  /// Of the phases that count for the exit code.
  bool failed_beyond(const std::set<int>& accepted) const {
    return std::any_of(all_phases.begin(), all_phases.end(),
                       [&](int phase) { return !accepted.contains(phase) && !passed(phase); });
  }

 private:
  /// The programs are those of the start, whatever is built meanwhile.
  status pin(const std::string& directory) {
    std::error_code error;
    const auto copy = [&](const std::string& from, const char* name) {
      const auto to = directory + "/" + name;
      if (!error) std::filesystem::copy_file(from, to, error);
      return to;
    };
    flags_.drills.program = copy(flags_.drills.program, "quorate");
    // Without it the classes that need it say so.
    if (std::error_code none; std::filesystem::exists(flags_.drills.faulty_program, none))
      flags_.drills.faulty_program = copy(flags_.drills.faulty_program, "quorate-planted");
    self_ = copy(std::filesystem::read_symlink("/proc/self/exe", error).string(), "quorate-chaos");
    return error ? status(errc::internal, "cannot copy the programs to " + directory + ": " + error.message())
                 : status();
  }

  /// An artefact whatever happens: a phase that breaks down is one that failed.
  template <class Run>
  static std::vector<ordered_json> artefacts_of(int phase, Run run) {
    try {
      return run();
    } catch (const std::exception& error) {
      ordered_json broken = {{"phase", phase}, {"pass", false}};
      broken["reasons"] = ordered_json::array({std::string("the phase broke down: ") + error.what()});
      return {broken};
    }
  }

  template <class Run>
  status keep_one(int phase, Run run) {
    auto made = artefacts_of(phase, [&] { return std::vector<ordered_json>{run()}; });
    return keep(phase, "phase" + std::to_string(phase) + ".json", std::move(made.front()));
  }

  bool wanted(int phase) const { return phases_.contains(phase) && !interrupted(); }

  bool passed(int phase) const {
    std::size_t seen = 0;
    for (const auto& one : artefacts_) {
      if (one["phase"] != phase) continue;
      if (!one["pass"].get<bool>()) return false;
      ++seen;
    }
    return seen == (phase == 1 ? 3 : 1);
  }

  status keep(int phase, const std::string& name, ordered_json artefact) {
    if (auto written = write_artefact(flags_.drills.out + "/" + name, artefact); !written) return written;
    const bool pass = artefact["pass"].get<bool>();
    std::cerr << (pass ? good("pass") : bad("fail")) << "  phase " << phase << "  " << name << std::endl;
    if (!pass)
      for (const auto& reason : artefact["reasons"]) std::cerr << "      " << reason.get<std::string>() << std::endl;
    artefacts_.push_back(std::move(artefact));
    return {};
  }

  result<ordered_json> finish() {
    auto reasons = ordered_json::array();
    for (const auto phase : all_phases) {
      const auto has =
          std::any_of(artefacts_.begin(), artefacts_.end(), [&](const auto& one) { return one["phase"] == phase; });
      if (!passed(phase)) reasons.push_back("phase " + std::to_string(phase) + (has ? " failed" : " was not run"));
    }
    const char* commit = std::getenv("QUORATE_COMMIT");
    const std::string commit_text = commit ? commit : "unknown";
    ordered_json summary = {
        {"campaign_id", std::filesystem::path(flags_.drills.out).lexically_normal().filename().string()},
        {"ai_memory_git_ref", commit_text},
        {"commit", commit_text},
        {"version", quorate_program(flags_.drills.program).version()},
        {"started_at", started_at_},
        {"completed_at", utc_now()},
        {"seconds", milliseconds_since(start_) / 1'000},
        {"environment", where_->environment_name()},
        {"network", where_->network_name()},
        {"seed", flags_.drills.seed},
        {"quick", flags_.quick},
        {"host", host_facts()},
        {"expected_phases", all_phases},
        {"overall_pass", reasons.empty()},
        {"reasons", reasons},
        {"phases", artefacts_}};
    // The cycles are in phase4.json; twice would be once too often.
    for (auto& phase : summary["phases"]) phase.erase("cycles_by_fault");
    if (auto written = write_artefact(flags_.drills.out + "/campaign-summary.json", summary); !written) return written;
    return summary;
  }

  gate_flags flags_;
  std::string self_;
  const std::set<int> phases_;
  const std::unique_ptr<place> where_;
  const std::string started_at_;
  const steady_clock::time_point start_ = steady_clock::now();
  std::vector<ordered_json> artefacts_;
};

}  // namespace

void add_gate_verb(CLI::App& program, std::shared_ptr<gate_flags> flags) {
  flags->drills.cycles = full_cycles;
  auto* verb = program.add_subcommand("gate", "All phases of a release's campaign, with evidence for each");
  verb->add_option("--phases", flags->phases, "Which to run; one that is left out fails")->capture_default_str();
  verb->add_option("--accept-failing", flags->accept_failing,
                   "Phases that may fail without an exit code of 1; the verdict stays what it is");
  verb->add_option("--jobs", flags->jobs, "Classes of phase 4 at a time")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  auto* quick = verb->add_flag("--quick", flags->quick,
                               "All phases and classes, but " + std::to_string(quick_cycles) + " cycles each");
  add_common_flags(*verb, &flags->drills);
  auto* cycles = verb->get_option("--cycles");
  quick->excludes(cycles);
  verb->footer("Exit codes: 0 all phases passed, 1 not, 2 the command line breaks a rule.");
}

int run_gate_verb(const gate_flags& given) {
  auto flags = given;
  if (flags.quick) flags.drills.cycles = quick_cycles;
  flags.drills.seed = chosen_seed(flags.drills.seed);
  auto phases = read_phases("--phases", flags.phases);
  if (!phases) return complain(phases.error());
  const auto accepted = read_phases("--accept-failing", flags.accept_failing);
  if (!accepted) return complain(accepted.error());
  if (auto made = make_out_directory(flags.drills.out); !made) return complain(made);
  auto where = make_place(flags.drills);
  if (!where) return complain(where.error());
  gate campaign(flags, std::move(*phases), std::move(*where));
  const auto summary = campaign.run();
  if (!summary) return complain(summary.error());
  const bool pass = (*summary)["overall_pass"].get<bool>();
  if (flags.drills.json)
    std::cout << summary->dump(1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
  else
    std::cout << (pass ? good("PASS") : bad("FAIL")) << "  " << flags.drills.out << std::endl;
  return campaign.failed_beyond(*accepted) ? exit_failed : 0;
}

}  // namespace quorate::chaos
