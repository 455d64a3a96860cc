#include "chaos/drill/disk_faults.hpp"

#include "chaos/drill/environment.hpp"
#include "chaos/drill/fault_steps.hpp"
#include "chaos/wait.hpp"
#include "chaos/workload.hpp"

namespace quorate::chaos {
namespace {

/// What lost power is not damaged, and what was mended need not be.
status nobody_set_aside(environment& env, const std::string& after) {
  for (const auto& node : env.nodes())
    if (env.holds_set_aside(node)) return node_failed("node " + node + " set its disk aside after " + after);
  return {};
}

}  // namespace

status prepare_power_loss(environment& env, const cycle_seed& seed) {
  for (const auto& node : env.nodes()) {
    // Every other time nothing stays of what was not synced; else a part may.
    const auto torn = seed.number % 2 == 1 ? 0 : seed.seed;
    if (auto given = env.give_forgetful_disk(node, torn); !given) return given;
  }
  return {};
}

result<bite> lose_power(stage& on) {
  bite done;
  done.in_flight = wait_in_flight(on.load);
  done.from_us = steady_us();
  if (auto killed = on.env.kill_together(); !killed) return killed;
  done.count = done.in_flight >= in_flight_min ? done.in_flight : 0;
  const auto more = on.between(0, 2);
  for (std::uint64_t again = 0; again < more; ++again) {
    for (const auto& node : on.env.nodes())
      if (auto begun = on.env.begin_start(node); !begun) return begun;
    last(on.between(0, 400));
    if (auto killed = on.env.kill_together(); !killed) return killed;
  }
  done.detail = std::to_string(more + 1) + " times";
  for (const auto& node : on.env.nodes())
    if (auto started = on.env.start(node, start_bound); !started) return started;
  if (auto sound = nobody_set_aside(on.env, "a loss of power"); !sound) return sound;
  if (auto back = wait_all_count(on, notice_bound); !back) return back;
  return done;
}

status prepare_io_error(environment& env, const cycle_seed&) {
  for (const auto& node : env.nodes())
    if (auto given = env.give_forgetful_disk(node, 0); !given) return given;
  return {};
}

result<bite> fail_disk(stage& on) {
  const auto& node = on.any_node();
  const auto what = on.cycle % 2 == 1 ? disk_access::writes : disk_access::reads;
  if (what == disk_access::reads) {
    // What is only in a write-ahead log becomes a table at the next start, which then is read through.
    if (auto killed = on.env.kill(node); !killed) return killed;
    if (auto started = on.env.start(node, start_bound); !started) return started;
  }
  bite done;
  done.detail = std::string(what == disk_access::writes ? "writes" : "reads") + " of " + node;
  done.from_us = steady_us();
  if (auto failing = on.env.fail_disk(node, what); !failing) return failing;
  const bool noticed = wait_until(notice_bound, [&] { return !on.env.running(node) || on.env.holds_set_aside(node); });
  if (!noticed) return node_failed("node " + node + " goes on although the " + done.detail + " fail");
  const auto before = on.load.writes_done();
  last(on.between(300, 1'000));
  done.count = on.load.writes_done() - before;
  if (auto mended = on.env.mend_disk(node); !mended) return mended;
  if (on.env.running(node))
    if (auto killed = on.env.kill(node); !killed) return killed;
  if (auto started = on.env.start(node, refill_bound); !started) return started;
  if (auto back = wait_all_count(on, refill_bound); !back) return back;
  return done;
}

result<bite> put_back_old_disk(stage& on) {
  const auto& node = on.any_node();
  if (auto killed = on.env.kill(node); !killed) return killed;
  if (const auto kept = on.env.keep_disk(node); !kept) return kept.error();
  if (const auto gone = on.env.wipe(node); !gone) return gone.error();
  if (auto started = on.env.start(node, start_bound); !started) return started;
  if (auto filled = wait_all_count(on, refill_bound); !filled) return filled;
  // Writes in whose quorums the new disk counts, and the old one is not.
  const auto before = on.load.writes_done();
  last(on.between(300, 800));
  if (on.load.writes_done() == before) return bite{};
  if (auto killed = on.env.kill(node); !killed) return killed;
  const auto back = on.env.put_back_disk(node);
  if (!back) return back.error();
  bite done;
  done.count = *back;
  if (auto begun = on.env.begin_start(node); !begun) return begun;
  if (!wait_until(notice_bound, [&] { return !on.env.running(node); }))
    return node_failed("node " + node + " goes on with a disk that is not its newest");
  if (auto started = on.env.start(node, start_bound); !started) return started;
  if (auto filled = wait_all_count(on, refill_bound); !filled) return filled;
  return done;
}

}  // namespace quorate::chaos
