// Production actors in simulated time: the runtime that start_node is given.
//
// The actors of a node are a runner of the world; one message of one of them is one turn, and which is next is chance.
// Timers are events of the world.
#pragma once

#include "actors/runtime.hpp"
#include "chaos/sim/world.hpp"

namespace quorate::sim {

/// The world must outlive the node.
actor_runtime simulated_runtime(world& world);

}  // namespace quorate::sim
