// What a node's actors run on: threads in production, one thread and simulated time in the simulator.
//
// Given to start_node, copied; everything in it is called for as long as the node lives.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include <caf/fwd.hpp>

namespace quorate {

struct actor_runtime {
  /// Puts a scheduler in place of the library's; before the actor system is made.
  std::function<void(caf::actor_system_config&)> install_scheduler;
  /// Whether actors that block (writer, log_reader, scrubber, indexer) have threads of their own.
  bool own_threads = true;
  /// Numbers nobody can guess, or in the simulator those of its seed.
  std::function<std::uint64_t()> random;
  /// Returns once `done` is true, having let the actors run meanwhile. Who sets it notifies it.
  std::function<void(const std::atomic<bool>& done)> wait;
};

/// The scheduler of scheduler.hpp, the machine's random numbers.
const actor_runtime& threaded_runtime();

}  // namespace quorate
