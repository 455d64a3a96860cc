// Charts as inline SVG: no script, no library, a few kilobytes each, colours from the page's style sheet.
//
// Pure; any thread. A chart has a title and a description for those who do not see it, `id` (unique on its page) ties
// them to it. Without data there is no chart but a sentence that says so.
#pragma once

#include <string>

#include "chaos/page/fault_results.hpp"
#include "chaos/page/html.hpp"

namespace quorate::page {

/// Over the time of one cycle: writes a second (acknowledged and not) above, their latency below, the time of the fault
/// shaded, the moment at which all nodes were equal marked.
markup timeline_chart(const std::string& id, const std::string& title, const timeline& of);

struct cycle_point {
  double cycle = 0;
  std::optional<double> converge_ms;  ///< not known: it never got there
  bool good = true;
};
/// Time to equality, cycle by cycle.
markup convergence_chart(const std::string& id, const std::string& title, const std::vector<cycle_point>& points);

}  // namespace quorate::page
