// Attackers on the ports of nodes for peers: in the name of a member that is down, of one that is up, of nobody; and on
// the port of the member that is down. Every other cycle the cluster has a key, which they do not have.
//
// The drill's own thread, and those of the impostor. Afterwards nodes serve, are equal, complete and no larger than
// their writes explain, none was started again, and nothing of what was made up is there.
#pragma once

#include "chaos/drill/fault_scripts.hpp"

namespace quorate::chaos {

status prepare_hostile_peer(environment& env, const cycle_seed& seed);
result<bite> attack_as_peer(stage& on);

}  // namespace quorate::chaos
