// reconciler: compares this node's vector with what its peers said of theirs, orders relays, judges the clock, and
// whether this node, on a new disk, may count in quorums.
//
// One per node, cooperative. Works from the board on a timer; keeps nothing that its next tick cannot find again.
#pragma once

#include <memory>

#include <caf/behavior.hpp>
#include <caf/stateful_actor.hpp>

#include "actors/context.hpp"
#include "actors/core/reconcile.hpp"
#include "actors/core/refill.hpp"
#include "actors/readiness.hpp"

namespace quorate {

struct reconciler_state {
  static inline const char* name = "quorate.reconciler";

  void on_tick();

  node_context* context = nullptr;
  std::unique_ptr<core::reconcile> relays;
  std::unique_ptr<core::refill> filling;
  readiness_teller teller;

 private:
  /// Has the writer remember when this node has become complete, and which disks complete members have.
  void settle_disks(const std::vector<peer_fact>& peers);
};

caf::behavior reconciler_behavior(caf::stateful_actor<reconciler_state>* self, node_context* context);

}  // namespace quorate
