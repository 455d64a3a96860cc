// scrubber: reads through all that is on disk, soon after the node's start and every so often, so that damage is found
// while the other members are whole and not when the last good copy is asked for.
//
// One per node, supervised; on its own thread, as it waits for the disk. One step a message and a pause after each, so
// that it takes a bounded share of the disk and can be stopped between any two. What it finds ends the node
// (context.fail). If it dies it begins anew.
#pragma once

#include <chrono>
#include <memory>

#include <caf/stateful_actor.hpp>

#include "actors/context.hpp"

namespace quorate {

struct scrubber_state {
  static constexpr const char* name = "scrubber";

  caf::event_based_actor* self = nullptr;
  node_context* context = nullptr;
  std::unique_ptr<storage::verification> reading;  ///< none between two
  std::uint64_t bytes = 0;                         ///< read by it
  std::int64_t began_us = 0;

  void on_tick();

 private:
  void wait(std::chrono::microseconds pause);
};

caf::behavior scrubber_behavior(caf::stateful_actor<scrubber_state>* self, node_context* context);

}  // namespace quorate
