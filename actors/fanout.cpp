#include "actors/fanout.hpp"

#include <chrono>

#include "actors/actor_defaults.hpp"

namespace quorate {
namespace {

constexpr std::chrono::milliseconds tick_interval{limits::deadline_tick_ms};

status describe(core::quorum_outcome outcome, std::uint32_t copies, std::uint32_t needed) {
  auto count = std::to_string(copies) + " of " + std::to_string(needed) + " copies";
  switch (outcome) {
    case core::quorum_outcome::met: return {};
    case core::quorum_outcome::superseded: return {errc::superseded, "stored, but a newer version was already there"};
    case core::quorum_outcome::timed_out:
      return {errc::quorum_timeout, count + " confirmed in time; the write may still surface"};
  }
  return {errc::internal, "unlisted outcome"};
}

}  // namespace

void fanout_state::answer(std::vector<core::quorum_decision<net::write_ticket>>& decisions) {
  for (auto& d : decisions) {
    if (!d.payload) continue;
    d.payload.finish(
        {describe(d.outcome, d.copies, d.copies_needed), d.stamp, d.superseded_by, d.copies_needed, d.copies});
  }
  context->facts.writes_pending = writes.open();
}

void fanout_state::on_begun(message::begun& group) {
  for (auto& w : group.writes) {
    auto deadline_us = w.ticket->deadline_us;
    writes.begin(group.log, w.sequence, w.stamp, w.copies_needed, deadline_us, std::move(w.ticket));
  }
  context->facts.writes_pending = writes.open();
}

void fanout_state::on_acked(const message::acked& ack) {
  std::vector<core::quorum_decision<net::write_ticket>> decisions;
  writes.acked(ack.log, ack.member, ack.first, ack.last, ack.superseded, decisions);
  if (!decisions.empty()) answer(decisions);
}

void fanout_state::on_tick() {
  auto now_us = context->time.steady_us();
  std::vector<core::quorum_decision<net::write_ticket>> decisions;
  writes.expire(now_us, decisions);
  answer(decisions);
  // The writer may be held up by a slow disk: what still waits for it has a deadline too.
  for (auto& ticket : context->inbox.expire(now_us)) {
    auto needed = context->copies_needed(ticket->quorum);
    ticket.finish(
        {status(errc::deadline_exceeded, "not begun: the writer was busy until the deadline"), {}, {}, needed, 0});
  }
}

caf::behavior fanout_behavior(caf::stateful_actor<fanout_state>* self, node_context* context) {
  install_defaults(self);
  self->state.context = context;
  self->delayed_send(self, tick_interval, message::tick{});
  return {
      [self](const message::begun_ptr& group) {
        self->state.context->fanout.received();
        self->state.on_begun(*group);
      },
      [self](const message::acked& ack) {
        self->state.context->fanout.received();
        self->state.on_acked(ack);
      },
      [self](message::tick) {
        self->state.on_tick();
        self->delayed_send(self, tick_interval, message::tick{});
      },
      [context](message::crash) {
        context->fanout.received();
        throw_for_drill();
      },
  };
}

}  // namespace quorate
