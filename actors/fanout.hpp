// fanout: counts the copies of every write this node coordinates, owns their deadlines, and answers them.
//
// One per node, cooperative (never blocks). State: core::quorum_table. Promises: each ticket it took is answered
// once, no later than a tick after its deadline. If it dies, its tickets answer "unknown"; the entries go on
// spreading, since links do not depend on it.
#pragma once

#include <caf/behavior.hpp>
#include <caf/stateful_actor.hpp>

#include "actors/context.hpp"
#include "actors/core/quorum.hpp"
#include "actors/messages.hpp"

namespace quorate {

struct fanout_state {
  static inline const char* name = "quorate.fanout";

  void on_begun(message::begun& group);
  void on_acked(const message::acked& ack);
  void on_held(const message::held& m);
  void on_settled(const message::settled& m);
  void on_tick();

  node_context* context = nullptr;
  core::quorum_table<net::write_ticket> writes;
  std::vector<message::entryless_ptr> waiting;  ///< for their groups to be on disk

 private:
  /// A superseded write whose caller wants that is sent round once more. Whether it was.
  bool repeat(net::write_ticket& ticket, const net::write_answer& first);
  void expire_first(std::vector<core::quorum_decision<net::write_ticket>>& decisions);
  void answer(std::vector<core::quorum_decision<net::write_ticket>>& decisions);
};

caf::behavior fanout_behavior(caf::stateful_actor<fanout_state>* self, node_context* context);

}  // namespace quorate
