// Phase 4: each class of faults by a `quorate-chaos drill` of its own, several at a time, and their reports put
// together to one artefact.
//
// A drill of its own has its own network, disks and nodes, so classes do not disturb each other but for the processor,
// and one that crashes is a failed class. Main thread. Interrupted, it asks the drills to end and waits for them.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "chaos/drill/drill_command.hpp"

namespace quorate::chaos {

/// The artefact of phase 4, always; the seed is chosen already. `self` is this program's path.
nlohmann::ordered_json run_classes(const drill_flags& flags, unsigned jobs, const std::string& self);

}  // namespace quorate::chaos
