// An attacker on the nodes' ports for peers: in the name of a member that is down, of one that is up, of nobody.
//
// The drill's own thread; what he sends is forged_frames'. Afterwards nodes serve, are equal and complete, and nothing
// of what he made up is there: the drill judges that as ever.
#pragma once

#include "chaos/drill/fault_scripts.hpp"

namespace quorate::chaos {

status prepare_hostile_peer(environment& env, const cycle_seed& seed);
result<bite> attack_as_peer(stage& on);

}  // namespace quorate::chaos
