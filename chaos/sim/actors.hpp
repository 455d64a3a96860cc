// Production actors in simulated time: the runtime that start_node is given.
//
// The actors of a node are a runner of the world; one message of one of them is one turn, and which is next is chance.
// Timers are events of the world.
#pragma once

#include "actors/runtime.hpp"
#include "chaos/sim/world.hpp"

namespace quorate::sim {

/// For the node of that name. The world must outlive it.
actor_runtime simulated_runtime(world& world, const std::string& name);

}  // namespace quorate::sim
