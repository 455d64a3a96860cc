// reconciler: compares this node's vector with what its peers said of theirs, orders relays, judges the clock.
//
// One per node, cooperative. Works from the board on a timer; keeps nothing that its next tick cannot find again.
#pragma once

#include <memory>

#include <caf/behavior.hpp>
#include <caf/stateful_actor.hpp>

#include "actors/context.hpp"
#include "actors/core/reconcile.hpp"

namespace quorate {

struct reconciler_state {
  static inline const char* name = "quorate.reconciler";

  void on_tick();

  node_context* context = nullptr;
  std::unique_ptr<core::reconcile> relays;
};

caf::behavior reconciler_behavior(caf::stateful_actor<reconciler_state>* self, node_context* context);

}  // namespace quorate
