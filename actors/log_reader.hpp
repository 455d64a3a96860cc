// log_reader: reads stretches of logs from disk for the links, so that no cooperative actor waits for a disk.
//
// One per node, on its own thread. No state. If it dies, the reads it had are asked again by the links.
#pragma once

#include <caf/behavior.hpp>
#include <caf/event_based_actor.hpp>

#include "actors/context.hpp"

namespace quorate {

caf::behavior log_reader_behavior(caf::event_based_actor* self, node_context* context);

}  // namespace quorate
