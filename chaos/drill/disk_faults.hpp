// Faults of disks that need a node built for it (quorate-planted), and of disks that are swapped.
#pragma once

#include "chaos/drill/fault_scripts.hpp"

namespace quorate::chaos {

status prepare_power_loss(environment& env, const cycle_seed& seed);
result<bite> lose_power(stage& on);

status prepare_io_error(environment& env, const cycle_seed& seed);
/// Writes in odd cycles, reads in even ones.
result<bite> fail_disk(stage& on);

result<bite> put_back_old_disk(stage& on);

}  // namespace quorate::chaos
