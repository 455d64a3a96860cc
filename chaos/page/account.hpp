// What a run shows, in sentences made from its figures: for those who use the product, who decide about it, and who
// build it. They say no more than the artefacts do, and of a run that failed they say what failed and what that means.
//
// Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "chaos/page/verdict.hpp"

namespace quorate::page {

struct account {
  std::vector<std::string> shown;
  std::vector<std::string> end_users;
  std::vector<std::string> decision_makers;
  std::vector<std::string> engineers;
  std::string next_step;
};

account account_of(const run& of, const verdict& derived);

/// "7 of 18": the classes that pass, of those expected.
std::string classes_passed(const std::vector<fault_result>& classes);
/// The figures of phase 4 and the writes of phase 2.
std::optional<double> acknowledged_writes(const run& of, const std::vector<fault_result>& classes);

}  // namespace quorate::page
