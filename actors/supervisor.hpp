// supervisor: starts the children of a node, restarts the ones that die, gives up when that does not help.
//
// Erlang's one_for_one with exponential backoff and a maximum intensity (core/restart.hpp), counted per child. All
// children are permanent. When it gives up it calls context.fail, and the process ends for its platform to restart.
// One per node, cooperative. On exit it ends its children in reverse order of the table and waits for each.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/behavior.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include "actors/board.hpp"
#include "actors/context.hpp"
#include "actors/core/restart.hpp"
#include "actors/messages.hpp"

namespace quorate {

/// One line of the supervision tree.
struct child_spec {
  std::string name;
  address* place = nullptr;
  std::function<caf::actor(caf::event_based_actor* parent)> spawn;
  /// Called once the child can be reached: what was sent before that is lost.
  std::function<void()> on_placed;
};

struct supervisor_state {
  static inline const char* name = "quorate.supervisor";

  struct supervised_child {
    child_spec spec;
    caf::actor actor;
    core::restart_intensity intensity;
    actor_fact fact;
  };

  void start(std::size_t index);
  void on_down(const caf::down_msg& down);
  void begin_stop();

  caf::event_based_actor* self = nullptr;
  node_context* context = nullptr;
  std::vector<supervised_child> children;
  bool stopping = false;

 private:
  void stop_next();
};

caf::behavior supervisor_behavior(caf::stateful_actor<supervisor_state>* self, node_context* context,
                                  std::vector<child_spec> children);

}  // namespace quorate
