// The verdict on a run, derived anew from its artefacts: a summary that says "pass" is one of the conditions, not the
// answer. Whatever is missing, unreadable or contradicts itself speaks against the run.
//
// Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "chaos/page/fault_results.hpp"
#include "chaos/page/run_directory.hpp"

namespace quorate::page {

enum class phase_state : std::uint8_t { pass, fail, not_run, unreadable };

/// One thing that speaks against the run.
struct finding {
  std::string where;    ///< e.g. "phase 4, disk_full"
  std::string what;     ///< e.g. "skipped: no loop devices"
  std::string meaning;  ///< for people who do not know the parts
};

struct verdict {
  bool pass = false;
  bool summary_says_pass = false;
  bool summary_says = false;  ///< the summary was read and holds a verdict
  std::vector<finding> findings;

  bool disagrees_with_summary() const { return summary_says && summary_says_pass != pass; }
};

phase_state state_of_phase(const run& of, int number);
std::string word_of(phase_state state);
/// "pass", "fail" or "other", for badges.
std::string badge_kind(phase_state state);
std::vector<int> expected_phases(const run& of);
verdict judge(const run& of);

}  // namespace quorate::page
