// Runs the cooperative actors of a node, one at a time, with as few wake-ups as possible: part of the seam around CAF.
//
// The library's own scheduler wakes its worker thread for every message to an idle actor. Where all cores are busy,
// that is most of what a group of writes costs. Here a thread that has just brought news (gRPC's, with an
// acknowledgement; the writer's, with a group) may lend itself: what it sent is run by it, on the spot. There is a
// worker thread of its own for everything else: timers, messages of threads that do not lend themselves, what a lender
// leaves over.
//
// One per actor system, which owns it. Promises what one worker thread promises: no two cooperative actors run at the
// same time, and each runs after what was sent to it. Detached actors are not its business.
#pragma once

#include <caf/fwd.hpp>

namespace quorate {

/// Puts it in place of the library's; before the actor system is made.
void install_scheduler(caf::actor_system_config& config);

/// The calling thread lends itself: actors it sends to meanwhile are run when the loan ends, unless somebody runs them
/// already. Hold no lock that an actor or its callbacks may take when it ends. At most `limits::loan_turns_max` turns.
class thread_loan {
 public:
  thread_loan();
  ~thread_loan();
  thread_loan(const thread_loan&) = delete;
  thread_loan& operator=(const thread_loan&) = delete;
};

}  // namespace quorate
