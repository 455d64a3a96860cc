// Two classes of faults in one cycle: one that lasts, and one that happens meanwhile.
//
// The seed of the cycle draws the pair. Left out is what no promise covers: a node is not started on a full disk, and
// only one disk is lost.
#pragma once

#include "chaos/drill/fault_scripts.hpp"

namespace quorate::chaos {

status prepare_pair(environment& env, const cycle_seed& seed);
result<bite> overlap(stage& on);

}  // namespace quorate::chaos
