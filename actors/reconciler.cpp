#include "actors/reconciler.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "actors/actor_defaults.hpp"
#include "actors/core/clock_agreement.hpp"
#include "actors/log.hpp"
#include "proto/test_points.hpp"

namespace quorate {
namespace {

/// A node that does not count yet looks again soon: a new cluster takes its first write when it does.
std::chrono::milliseconds interval_of(const node_context& context) {
  return std::chrono::milliseconds(context.facts.complete()
                                           && context.facts.peers_counting() == context.facts.peers_up()
                                       ? limits::reconcile_ms
                                       : limits::reconcile_ms / 5);
}

}  // namespace

void reconciler_state::on_tick() {
  auto& facts = context->facts;
  auto peers = facts.peers();

  std::vector<std::int64_t> offsets;
  // An offset measured before our clock was set says nothing of what it shows now.
  const auto& options = context->options;
  const auto difference_ms = context->time.wall_ms() - context->time.steady_us() / 1000;
  std::size_t agreeing = 0;
  for (const auto& peer : peers) {
    if (!peer.up || !peer.clock_known) continue;
    offsets.push_back(
        core::offset_now(peer.clock_offset_ms, peer.clock_measured_at_ms, difference_ms, options.max_clock_offset_ms));
    if (std::llabs(peer.clock_offset_ms) <= options.max_clock_offset_ms
        && std::llabs(peer.clock_measured_at_ms - difference_ms) <= options.max_clock_offset_ms)
      ++agreeing;
  }
  if (agreeing > 0 && agreeing >= context->members() / 2) facts.clock_agreed_ms = difference_ms;
  auto verdict = core::judge_clock(offsets, context->members(), context->options.max_clock_offset_ms);
  facts.clock_correction_ms = verdict.correction_ms;
  if (facts.clock_skewed.exchange(verdict.skewed) != verdict.skewed) {
    if (verdict.skewed)
      logging::event(logging::level::error, "clock.skewed",
                     {{"others", core::offsets_of(sight_of(*context))},
                      {"bound_ms", context->options.max_clock_offset_ms},
                      {"action", "refusing to coordinate writes"}});
    else
      logging::event(logging::level::info, "clock.agreed");
  }

  settle_disks(peers);
  if (context->sweep_callers) context->sweep_callers();
  teller.look(*context);

  std::vector<core::peer_view> views;
  for (std::size_t i = 0; i < peers.size(); ++i)
    views.push_back({context->peers[i].id, peers[i].up, std::move(peers[i].vector)});
  auto now_ms = context->time.steady_us() / 1000;
  for (const auto& order : relays->tick(now_ms, facts.live_log(), facts.vector(), views))
    for (std::size_t i = 0; i < context->peers.size(); ++i)
      if (context->peers[i].id == order.to) context->links[i]->send(message::relay{order.upto});
}

void reconciler_state::settle_disks(const std::vector<peer_fact>& peers) {
  const auto held = context->facts.disks();
  if (held.own == 0) return;  // the writer has not opened the store yet
  auto wanted = held;
  for (std::size_t i = 0; i < peers.size(); ++i) {
    const auto& peer = peers[i];
    if (auto disk = std::max(peer.complete_caller, peer.complete ? peer.disk : 0); disk != 0) {
      auto& known = wanted.others[context->peers[i].id];
      known = std::max(known, disk);
    }
  }
  if (const std::uint64_t newest = context->facts.newest_own_disk; newest > held.own) {
    // What was acknowledged since this disk was taken away is not on it.
    reached(mark::old_disk_noticed);
    logging::event(logging::level::error, "disk.outdated", {{"action", "it is filled again from the others"}});
    wanted.own = newest + 1;
    wanted.complete = false;
    return context->writer.send(message::remember{std::move(wanted)});
  }
  if (!held.complete) {
    const bool founded = !context->facts.members().founder.empty();
    std::vector<core::refill_view> views;
    for (std::size_t i = 0; i < peers.size(); ++i)
      views.push_back({context->peers[i].id, peers[i].up, peers[i].complete && context->facts.peer_counts(i),
                       peers[i].knows_us_by, peers[i].vector, peers[i].vector_asked_us,
                       peers[i].founder == context->peers[i].name, founded || !peers[i].founder.empty()});
    const auto verdict = filling->tick(context->facts.vector(), views);
    wanted.complete = verdict != core::refill_verdict::wait;
    if (verdict == core::refill_verdict::complete_as_new) reached(mark::filled_as_new);
    if (verdict == core::refill_verdict::complete_as_joined)
      logging::event(logging::level::info, "disk.joined",
                     {{"meaning", "all that the founder of the cluster holds is here"}});
    if (verdict == core::refill_verdict::complete_as_refilled) {
      reached(mark::filled_after_loss);
      logging::event(logging::level::info, "disk.refilled");
    }
  }
  if (wanted != held) context->writer.send(message::remember{std::move(wanted)});
}

caf::behavior reconciler_behavior(caf::stateful_actor<reconciler_state>* self, node_context* context) {
  install_defaults(self);
  self->state.context = context;
  self->state.relays = std::make_unique<core::reconcile>(context->self.id, context->options.relay_delay_ms);
  self->state.filling =
      std::make_unique<core::refill>(context->started_us + context->options.refill_wait_ms * 1000,
                                     !context->options.began_after_damage || planted(planted_bug::set_aside_is_new));
  self->delayed_send(self, interval_of(*context), message::tick{});
  return {
      [self, context](message::tick) {
        self->state.on_tick();
        self->delayed_send(self, interval_of(*context), message::tick{});
      },
      [context](message::crash) {
        context->reconciler.received();
        throw_for_drill();
      },
  };
}

}  // namespace quorate
