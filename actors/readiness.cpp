#include "actors/readiness.hpp"

#include <cstdlib>

#include "actors/context.hpp"
#include "actors/log.hpp"
#include "proto/limits.hpp"

namespace quorate {
namespace {

constexpr std::int64_t look_interval_us = 500'000;
/// Shorter than this nobody need know of it: starts, elections of a route, a restarted peer.
constexpr std::int64_t lasting_us = 3'000'000;
constexpr std::size_t trouble_bytes_max = 300;

std::string listed(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ",") + name;
  return list;
}

}  // namespace

core::node_sight sight_of(const node_context& context) {
  const auto& facts = context.facts;
  const auto now_us = context.time.steady_us();
  const auto difference_ms = context.time.wall_ms() - now_us / 1'000;
  // As core::clock_step_guard will judge it when the next write comes.
  const auto close = [&](std::int64_t then_ms) {
    return then_ms != board::clock_never_agreed
           && std::llabs(difference_ms - then_ms) <= context.options.max_clock_offset_ms;
  };
  core::node_sight node;
  node.disk_full = facts.disk_full;
  node.complete = facts.complete() && facts.newest_own_disk <= facts.own_disk();
  core::log_vector own;
  if (!node.complete) own = facts.vector();
  node.holds = !own.positions().empty();
  node.began_after_damage = context.options.began_after_damage;
  node.clock_skewed = facts.clock_skewed;
  node.clock_doubted = !context.peers.empty() && facts.clock_trusted_ms != board::clock_never_agreed
                       && !close(facts.clock_trusted_ms) && !close(facts.clock_agreed_ms);
  node.stamps_ahead_ms = facts.newest_stamp_ms - context.time.wall_ms() - facts.clock_correction_ms;
  node.clock_offset_ms_max = context.options.max_clock_offset_ms;
  node.running_ms = (now_us - context.started_us) / 1'000;
  node.refill_wait_ms = context.options.refill_wait_ms;
  node.copies_needed = context.copies_needed(net::write_quorum::by_default);
  node.others.reserve(context.peers.size());
  facts.look_at_peers([&](std::size_t index, const peer_fact& fact) {
    core::member_sight other;
    other.name = context.peers[index].name;
    other.up = fact.up;
    other.counts = facts.peer_counts(index);
    other.complete = fact.complete;
    other.full = fact.full;
    other.holds = !fact.vector.positions().empty();
    other.knows_us = fact.knows_us_by != 0;
    other.silent_ms = fact.heard_us < 0 ? -1 : (now_us - fact.heard_us) / 1'000;
    other.address = context.peers[index].address;
    // One that dies is silent both ways at about the same time.
    const auto silent_us = now_us - (fact.heard_us < 0 ? context.started_us : fact.heard_us);
    other.calls_us = !fact.up && fact.called_us >= 0 && now_us - fact.called_us < limits::suspicion_ms * 1'000
                     && silent_us > 2 * limits::suspicion_ms * 1'000;
    if (!node.complete)
      for (const auto& fork : own.forks_with(fact.vector)) other.forks.push_back(context.words_for(fork));
    if (!fact.up) other.trouble = logging::printable(fact.last_error, trouble_bytes_max);
    other.clock_known = fact.clock_known;
    other.offset_ms = core::offset_now(fact.clock_offset_ms, fact.clock_measured_at_ms, difference_ms,
                                       context.options.max_clock_offset_ms);
    node.others.push_back(std::move(other));
  });
  return node;
}

void readiness_teller::look(const node_context& context) {
  const auto now_us = context.time.steady_us();
  if (now_us < next_look_us_) return;
  next_look_us_ = now_us + look_interval_us;
  const auto sight = sight_of(context);
  const auto verdict = core::judge(sight);
  if (writes_.is_news(verdict.takes_writes ? "" : verdict.state + " " + listed(verdict.waiting_for), now_us)) {
    if (verdict.takes_writes)
      logging::event(logging::level::info, "writes.taken");
    else
      logging::event(logging::level::warn, "writes.refused",
                     {{"state", verdict.state},
                      {"waiting_for", listed(verdict.waiting_for)},
                      {"reason", verdict.why_not.reason},
                      {"action", verdict.why_not.advice}});
  }
  std::string moved;
  for (const auto& other : sight.others)
    if (!other.up && other.calls_us) moved += other.name + " ";
  if (moved_.is_news(moved, now_us))
    for (const auto& sentence : core::moved_members(sight))
      logging::event(logging::level::warn, "peer.moved", {{"reason", sentence}});
}

bool readiness_teller::lasting::is_news(const std::string& seen, std::int64_t now_us) {
  if (seen != seen_) {
    seen_ = seen;
    since_us_ = now_us;
  }
  if (seen_ == told_ || (!seen_.empty() && now_us - since_us_ < lasting_us)) return false;
  told_ = seen_;
  return true;
}

}  // namespace quorate
