// What must hold in a run: while it goes on, and at its end, over everything clients were answered and what the
// members hold.
//
// Pure but for reading the members; each returns the broken promise in one sentence, or nothing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "chaos/sim/clients.hpp"
#include "chaos/sim/cluster.hpp"

namespace quorate::sim {

using operations = std::vector<std::shared_ptr<operation>>;

/// P8, P9: no actor of a node that runs died of itself; queues and buffers are within their bounds.
std::string check_health(const member& m);
/// P3: no call is unanswered for longer than a tick after its deadline, unless its node stood still.
std::string check_answers(cluster& c, const operations& done, std::int64_t now_us);
/// P8: whoever died was started again.
std::string check_actors(cluster& c);
/// P6: the node that acknowledged a write has it, or something newer, at that very moment.
std::string check_own_copy(const member& m, const operation& done);
/// P1, P2, P4, P5: with all members equal, every entry of their logs is what somebody wrote under that version and was
/// not rejected; the logs hold all that was acknowledged, and the records are what the merge rule makes of them.
std::string check_contents(cluster& c, const operations& done, const shadow_history& shadow);
/// P4: the uses of a record add up to those that were acknowledged, and no more than those that may have been made.
std::string check_uses(cluster& c, const operations& done);
/// P1: what was collected as expired had been seen by whoever collected it.
std::string check_collections(cluster& c, const operations& done);
/// P3: acknowledged writes of a key that follow each other rise in version; P6: one that asked the members first was
/// made from all that had been acknowledged.
std::string check_versions(const operations& done);
/// P3: a read of one copy may be behind, but shows nothing that was not written.
std::string check_local_reads(const operations& done);
/// P6: the registers are linearizable. `c` is at rest: what its members hold is what a last read would see.
std::string check_registers(cluster& c, const operations& done, std::int64_t now_us);

}  // namespace quorate::sim
