#include "actors/fanout.hpp"

#include <algorithm>
#include <chrono>

#include "actors/actor_defaults.hpp"
#include "proto/ensure.hpp"
#include "proto/test_points.hpp"

namespace quorate {
namespace {

constexpr std::chrono::milliseconds tick_interval{limits::deadline_tick_ms};

status describe(core::quorum_outcome outcome, std::uint32_t copies, std::uint32_t needed) {
  auto count = std::to_string(copies) + " of " + std::to_string(needed) + " copies";
  switch (outcome) {
    case core::quorum_outcome::met: return {};
    case core::quorum_outcome::superseded: return {errc::superseded, "stored, but a newer version was already there"};
    case core::quorum_outcome::timed_out:
      if (planted(planted_bug::rejected_after_stamp)) return {errc::deadline_exceeded, "too late"};
      return {errc::quorum_timeout, count + " confirmed in time; the write may still surface"};
  }
  return {errc::internal, "unlisted outcome"};
}

/// Answers those whose deadlines have come.
void expire(message::entryless& group, std::int64_t now_us) {
  const auto look = [&](net::write_ticket& ticket, std::uint32_t needed) {
    if (ticket && ticket->deadline_us <= now_us)
      ticket.finish({status(errc::deadline_exceeded, "nothing was written"), {}, {}, needed, 0});
  };
  for (auto& one : group.unchanged) look(one.ticket, one.copies_needed);
  for (auto& [ticket, why] : group.refused) look(ticket, why.copies_needed);
}

}  // namespace

void fanout_state::answer(std::vector<core::quorum_decision<net::write_ticket>>& decisions) {
  for (auto& d : decisions) {
    if (!d.payload) continue;
    pass(kill_point::fanout_quorum_met);
    ensure(d.outcome == core::quorum_outcome::timed_out || d.copies >= d.copies_needed
               || planted(planted_bug::ack_counted_twice),
           "what is acknowledged has its copies");
    net::write_answer answer{describe(d.outcome, d.copies, d.copies_needed), d.stamp, d.superseded_by, d.copies_needed,
                             d.copies};
    reached(d.outcome == core::quorum_outcome::met          ? mark::fanout_met
            : d.outcome == core::quorum_outcome::superseded ? mark::fanout_superseded
                                                            : mark::fanout_timed_out);
    if (d.outcome == core::quorum_outcome::superseded && repeat(d.payload, answer)) continue;
    d.payload.finish(std::move(answer));
  }
  context->facts.writes_pending = writes.open();
}

bool fanout_state::repeat(net::write_ticket& ticket, const net::write_answer& first) {
  const bool again = planted(planted_bug::stamped_twice) && ticket->consistency == net::write_consistency::linearizable;
  if (!again
      && (ticket->on_superseded != net::when_superseded::retry || ticket->found.superseded
          || ticket->consistency != net::write_consistency::by_default))
    return false;
  reached(mark::fanout_retried);
  ticket->found.floor = first.superseded_by.time;
  if (again || planted(planted_bug::repeated_unasked)) {
    if (!again) ticket->found.superseded = first;
    ticket->consistency = net::write_consistency::linearizable;
    std::vector<net::write_ticket> one;
    one.push_back(std::move(ticket));
    return context->inbox.submit(one);
  }
  ticket->found.superseded = first;
  ticket->consistency = net::write_consistency::linearizable;
  auto order = std::make_shared<message::inquire>();
  order->writes.push_back(std::move(ticket));
  context->inquirer.send(message::inquire_ptr(std::move(order)));
  return true;
}

void fanout_state::on_begun(message::begun& group) {
  for (auto& w : group.writes) {
    auto deadline_us = w.ticket->deadline_us;
    writes.begin(group.log, w.sequence, w.stamp, w.copies_needed, deadline_us, std::move(w.ticket), w.any_verdict);
  }
  context->facts.writes_pending = writes.open();
}

void fanout_state::expire_first(std::vector<core::quorum_decision<net::write_ticket>>& decisions) {
  // A copy that is learned of after the deadline, say because this process stood still, comes too late: what a lost
  // disk had promised may be void by then (core/refill.hpp).
  if (!planted(planted_bug::deadline_ignored) && !planted(planted_bug::late_copy_counts))
    writes.expire(context->time.steady_us(), decisions);
}

void fanout_state::on_acked(const message::acked& ack) {
  std::vector<core::quorum_decision<net::write_ticket>> decisions;
  expire_first(decisions);
  writes.acked(ack.log, ack.member, ack.first, ack.last, ack.superseded, decisions);
  if (!decisions.empty()) answer(decisions);
}

void fanout_state::on_held(const message::held& m) {
  std::vector<core::quorum_decision<net::write_ticket>> decisions;
  expire_first(decisions);
  const auto before = decisions.size();
  writes.holds(m.upto.log, m.member, m.upto.sequence, decisions);
  if (decisions.size() > before) reached(mark::fanout_met_by_vector);
  if (!decisions.empty()) answer(decisions);
}

void fanout_state::on_settled(const message::settled& m) {
  // Groups before it whose writer died over them never will be; their writes are answered by their deadlines.
  std::erase(waiting, m.writes);
  expire(*m.writes, context->time.steady_us());
  for (auto& [ticket, why] : m.writes->refused) ticket.finish(std::move(why));
  // Unchanged stands on as many copies as a write: the members are asked for the others.
  auto order = std::make_shared<message::confirm>();
  for (auto& one : m.writes->unchanged) {
    if (!one.ticket) continue;
    if (one.found.empty() || one.copies_needed <= 1 || planted(planted_bug::unchanged_on_one_disk))
      one.ticket.finish({{}, {}, {}, one.copies_needed, one.copies_needed});
    else
      order->writes.push_back(std::move(one));
  }
  if (!order->writes.empty()) context->inquirer.send(message::confirm_ptr(std::move(order)));
}

void fanout_state::on_tick() {
  if (planted(planted_bug::deadline_ignored)) return;
  auto now_us = context->time.steady_us();
  context->waiting_reads.expire(now_us);
  context->words.expire(now_us);
  std::vector<core::quorum_decision<net::write_ticket>> decisions;
  writes.expire(now_us, decisions);
  answer(decisions);
  for (auto& group : waiting) expire(*group, now_us);
  std::erase_if(waiting, [](const message::entryless_ptr& group) {
    return std::none_of(group->unchanged.begin(), group->unchanged.end(), [](auto& one) { return bool(one.ticket); })
           && std::none_of(group->refused.begin(), group->refused.end(), [](auto& one) { return bool(one.first); });
  });
  // The writer may be held up by a slow disk: what still waits for it has a deadline too.
  for (auto& ticket : context->inbox.expire(now_us)) {
    auto needed = context->copies_needed(ticket->quorum);
    reached(mark::fanout_expired_in_inbox);
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
      [self](const message::entryless_ptr& group) {
        self->state.context->fanout.received();
        self->state.waiting.push_back(group);
      },
      [self](const message::settled& m) {
        self->state.context->fanout.received();
        self->state.on_settled(m);
      },
      [self](const message::held& m) {
        self->state.context->fanout.received();
        self->state.on_held(m);
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
