// The first three phases of the gate; the fourth are the drills.
//
// Each but migration starts a fresh cluster of its own in `where`, uses it as users do, through the program `quorate`
// and the public services, and gives its artefact (docs/evidence-format.md). An artefact is always given: what could
// not be looked at is a check that failed. Main thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "chaos/drill/place.hpp"

namespace quorate::chaos {

struct phase_options {
  std::string program;    ///< path of `quorate`
  std::string directory;  ///< for what the phase leaves behind while it runs; exists
  bool quick = false;     ///< fewer records than a release needs
};

/// Functional, as one user of every node: one artefact a node, in their order.
std::vector<nlohmann::ordered_json> run_functional_phase(const phase_options& options, place& where);

/// Federation: four agents on different nodes at once, then one and two peers down.
nlohmann::ordered_json run_federation_phase(const phase_options& options, place& where);

/// Migration: SQLite, PostgreSQL (a server of its own) and data directories, all contents compared at every stop.
nlohmann::ordered_json run_migration_phase(const phase_options& options);

}  // namespace quorate::chaos
