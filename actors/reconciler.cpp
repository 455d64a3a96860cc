#include "actors/reconciler.hpp"

#include <chrono>
#include <cstdlib>

#include "actors/actor_defaults.hpp"
#include "actors/core/clock_agreement.hpp"
#include "actors/log.hpp"

namespace quorate {

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
    offsets.push_back(peer.clock_offset_ms);
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
                     {{"offset_ms", -verdict.correction_ms}, {"action", "refusing to coordinate writes"}});
    else
      logging::event(logging::level::info, "clock.agreed");
  }

  std::vector<core::peer_view> views;
  for (std::size_t i = 0; i < peers.size(); ++i)
    views.push_back({context->peers[i].id, peers[i].up, std::move(peers[i].vector)});
  auto now_ms = context->time.steady_us() / 1000;
  for (const auto& order : relays->tick(now_ms, facts.live_log(), facts.vector(), views))
    for (std::size_t i = 0; i < context->peers.size(); ++i)
      if (context->peers[i].id == order.to) context->links[i]->send(message::relay{order.upto});
}

caf::behavior reconciler_behavior(caf::stateful_actor<reconciler_state>* self, node_context* context) {
  constexpr std::chrono::milliseconds interval{limits::reconcile_ms};
  install_defaults(self);
  self->state.context = context;
  self->state.relays = std::make_unique<core::reconcile>(context->self.id, context->options.relay_delay_ms);
  self->delayed_send(self, interval, message::tick{});
  return {
      [self, interval](message::tick) {
        self->state.on_tick();
        self->delayed_send(self, interval, message::tick{});
      },
      [context](message::crash) {
        context->reconciler.received();
        throw_for_drill();
      },
  };
}

}  // namespace quorate
