// reaper: moves the records whose expiry has come to the archive, every so often.
//
// One per node, supervised; on its own thread, as it waits for the disk and for its writes. What a collection is, and
// why the nodes need not agree on who does it, is in net/collect.hpp and docs/adr/0015. A collection that fails is
// reported and made up for by the next. If the actor dies it begins anew.
#pragma once

#include <caf/stateful_actor.hpp>

#include "actors/context.hpp"

namespace quorate {

struct reaper_state {
  static constexpr const char* name = "reaper";
};

/// Only where options.collect_expired is set.
caf::behavior reaper_behavior(caf::stateful_actor<reaper_state>* self, node_context* context);

}  // namespace quorate
