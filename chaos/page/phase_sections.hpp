// The parts of a run's page that belong to one phase.
#pragma once

#include "chaos/page/html.hpp"
#include "chaos/page/run_directory.hpp"

namespace quorate::page {

/// Heading, badge, purpose, checks, figures, and the artefact itself behind a fold.
markup phase_section(const run& of, int number);
/// A list with a badge for each; nothing for a file without checks.
markup check_list(const json& phase);
/// The artefact as it is, folded; what is not there is said.
markup raw_artefact(const artefact& file, const json& content, const std::string& note = "");
/// A definition list of small figures.
markup facts(const std::vector<std::pair<std::string, std::string>>& all);

}  // namespace quorate::page
