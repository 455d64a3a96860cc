// The verb `quorate-chaos gate`: four phases, an artefact each, one verdict. docs/gate.md tells what each shows.
#pragma once

#include <memory>
#include <string>

#include "chaos/drill/drill_command.hpp"

namespace quorate::chaos {

struct gate_flags {
  drill_flags drills;
  std::string phases = "1,2,3,4";
  std::string accept_failing;  ///< phases that may fail without an exit code of 1
  unsigned jobs = 2;           ///< classes of faults at a time
  bool quick = false;
};

void add_gate_verb(CLI::App& program, std::shared_ptr<gate_flags> flags);
/// Exit code: 0 passed, 1 not, 2 usage.
int run_gate_verb(const gate_flags& flags);

}  // namespace quorate::chaos
