// What drills leave behind: a line a cycle, the history of a cycle, and the object of all classes that the gate's
// phase 4 and the page are made of. The fields are in docs/evidence-format.md.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "chaos/drill/drill.hpp"

namespace quorate::chaos {

/// One line of JSON, without its end.
std::string report_line(const cycle_result& cycle);

/// One line of JSON for each call: who asked what, when, and what came of it.
status write_history(const std::string& path, const cycle_history& history);

/// `pass` only when every expected class passed with a convergence of exactly 1.
nlohmann::ordered_json drills_object(const drill_options& options, const place& where,
                                     const std::vector<class_result>& classes,
                                     const std::vector<fault_class>& expected_faults);

/// For a person: a row a class.
std::string drills_table(const std::vector<class_result>& classes);

}  // namespace quorate::chaos
