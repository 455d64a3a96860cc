#include "actors/writer.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "actors/actor_defaults.hpp"
#include "actors/arrivals.hpp"
#include "actors/core/disk_full.hpp"
#include "actors/core/noted_reads.hpp"
#include "actors/guarded_plan.hpp"
#include "actors/inbound.hpp"
#include "actors/log.hpp"
#include "actors/readiness.hpp"
#include "actors/scheduler.hpp"
#include "proto/ensure.hpp"
#include "proto/entry_codec.hpp"
#include "proto/hash.hpp"
#include "proto/log_chain.hpp"
#include "proto/test_points.hpp"
#include "quorate/v1/replication.pb.h"

namespace quorate {
namespace {

constexpr std::chrono::milliseconds look_interval{limits::disk_look_ms};

}  // namespace

status writer_state::open(node_context* node) {
  context_ = node;
  read_clocks();
  auto unix_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(now_.wall_ms, 0));
  auto epoch = node->store.begin_epoch(unix_ms, static_cast<std::uint16_t>(node->random()));
  if (!epoch) return epoch.error();
  // An older copy of the disk may have been put back, and peers have brought the lives that it does not know of.
  if (const auto held = node->store.summary(); held) {
    const auto used = [&](std::uint64_t number) {
      return std::any_of(held->vector.begin(), held->vector.end(), [&](const auto& p) {
        return p.log == log_id{node->self.id, number};
      });
    };
    while (epoch && used(*epoch)) {
      const auto taken = *epoch;
      epoch = node->store.begin_epoch(taken >> 16, 0xFFFF);
      ensure(!epoch || *epoch > taken, "a store's next epoch is above the one before");
    }
  }
  if (!epoch) return epoch.error();
  ensure(live_.epoch < *epoch, "no life of the writer goes on with the log of another");
  live_ = {node->self.id, *epoch};
  auto summary = node->store.summary();
  if (!summary) return summary.error();
  if (auto named = open_disk(summary->disks); !named) return named;
  if (auto listed = node->facts.members(); summary->members != listed)
    if (auto stored = remember(listed); !stored) return stored;
  auto ends = read_ends(node->store, summary->vector);
  if (!ends) return ends.error();
  // A writer that died right after its commit did not get to say so.
  if (const auto last = node->facts.live_log(); last.epoch != 0 && ends->at(last) != 0)
    node->fanout.send(message::acked{0, last, 1, ends->at(last), {}});
  ensure(ends->at(live_) == 0, "a log that begins is empty");
  std::vector<node_id> writers;
  for (const auto& position : summary->vector) writers.push_back(position.log.origin);
  node->facts.add_origins(writers);
  state_ = {std::move(*ends), core::digest(summary->buckets), summary->counts};
  // A new process starts above the stored bound; a new writer in the same process knows better, and does not leave a
  // gap that peers would have to take for a fast clock.
  clock_ = core::hybrid_clock(node->last_stamp != 0 ? node->last_stamp : summary->clock_bound);
  clock_bound_ = summary->clock_bound;
  node->facts.newest_stamp_ms = static_cast<std::int64_t>(milliseconds_of(clock_.last()));
  look_at_space();
  node->facts.set_disks(disks_);
  node->facts.set_vector(state_.vector, live_);
  node->waiting_reads.look([this](const log_position& seen) { return state_.vector.at(seen.log) >= seen.sequence; });
  node->words.on_news();
  for (auto& link : node->links) link->send(message::wake{});

  auto& poison = node->poison;
  if (poison.in_hand && ++poison.deaths[*poison.in_hand] >= 2 && poison.set_aside.insert(*poison.in_hand).second) {
    ++node->facts.entries_poisoned;
    logging::event(logging::level::error, "writer.entry_set_aside",
                   {{"epoch", static_cast<std::int64_t>(poison.in_hand->log.epoch)},
                    {"sequence", static_cast<std::int64_t>(poison.in_hand->sequence)}});
  }
  poison.in_hand.reset();
  return {};
}

status writer_state::open_disk(const storage::member_disks& held) {
  disks_ = held;
  if (disks_.own == 0)
    disks_.own = hybrid_time_at(static_cast<std::uint64_t>(std::max<std::int64_t>(now_.wall_ms, 1)))
                 | (context_->random() & 0xFFFF);
  if (planted(planted_bug::wiped_counts)) disks_.complete = true;
  if (!disks_.complete && context_->members() == 1) disks_.complete = true;
  // The directory that a cluster begins with holds all that was ever acknowledged, by whoever used it before.
  if (!disks_.complete && context_->founding) disks_.complete = true;
  if (!disks_.complete && context_->options.accept_loss && !planted(planted_bug::loss_not_accepted)) {
    disks_.complete = true;
    logging::event(logging::level::warn, "disk.accepted_as_complete", {{"reason", "--accept-loss"}});
  }
  if (!disks_.complete)
    logging::event(logging::level::warn, "disk.filling",
                   {{"reason", "it is new or was not yet filled"},
                    {"until", "all members of a new cluster are up, or what a lost disk held is here again"}});
  return disks_ == held ? status() : remember(disks_);
}

status writer_state::remember(const storage::member_disks& disks) {
  storage::write_group group;
  group.disks = disks;
  // Together: a founder that counts and is not known as one would be taken for a member like the others.
  if (context_->founding) group.members = context_->facts.members();
  // What was learned since these were put together stays.
  if (group.disks->own == disks_.own) group.disks->complete = disks.complete || disks_.complete;
  for (const auto& [member, disk] : disks_.others) {
    auto& known = group.disks->others[member];
    known = std::max(known, disk);
  }
  if (auto stored = context_->store.commit(group); !stored) return stored;
  disks_ = *group.disks;
  disks_changed_ = false;
  context_->facts.set_disks(disks_);
  return {};
}

status writer_state::remember(const storage::member_list& members) {
  storage::write_group group;
  group.members = members;
  return context_->store.commit(group);
}

status writer_state::on_forked(const log_id& log, std::size_t peer) {
  // Not for a log of an earlier life, and not at the pace of somebody who says so all the time.
  if (log != live_ || !new_logs_[peer].on_fork(context_->time.steady_us() / 1000)) return {};
  logging::event(logging::level::warn, "writer.new_log", {{"reason", "a peer holds other entries in the present one"}});
  return open(context_);
}

result<writer_state::judgement> writer_state::judge(const core::group_builder& group, const peer_batch& batch,
                                                    const peer_batch::arrived_entry& arrived, held_entries& held) {
  const auto& e = arrived.content;
  const auto place = group.vector().place(e.log, e.sequence);
  const auto refuse = [](v1::LogRefusal::Reason reason) { return judgement{static_cast<int>(reason), false}; };
  const auto& peer = context_->peers[batch.from().peer()];
  const auto fork = [&] {
    context_->forked(peer.name, {{e.log, e.sequence}});
    return refuse(v1::LogRefusal::FORK);
  };
  if (place == core::placement::held) {
    reached(mark::writer_duplicate_entry);
    auto here = group.added(e.log, e.sequence);
    if (!here) {
      auto stored = held.at(e.log, e.sequence);
      if (!stored) return stored.error();
      here = std::move(*stored);
    }
    // "Held" is never said of other bytes.
    return *here == *arrived.encoded ? judgement{{}, true} : fork();
  }
  // Nobody but this writer appends to its live log.
  if (e.log == live_) return fork();
  if (place == core::placement::gap) {
    if (planted(planted_bug::gap_accepted)) return judgement{{}, true};
    reached(mark::writer_gap_refused);
    return refuse(v1::LogRefusal::GAP);
  }
  // A member that is there sends its own entries; what it does not know of cannot be relayed.
  if (e.log.origin != peer.id && !planted(planted_bug::peers_believed)) {
    const auto live = context_->facts.live_log_of(e.log.origin, now_.steady_us);
    if (live && live->log == e.log && e.sequence > live->sequence) return refuse(v1::LogRefusal::BUSY);
  }
  if (!arrived.readable.ok()) {
    // Once it may have been damaged on the way.
    const std::pair where{log_position{e.log, e.sequence}, chain_hash(*arrived.encoded)};
    context_->refused(peer.name, arrived.readable);
    auto& poison = context_->poison;
    if (poison.unreadable.size() >= poison_watch::watched_max) poison.unreadable.clear();
    const auto times = ++poison.unreadable[where];
    if (times < 2) return refuse(v1::LogRefusal::BUSY);
    if (times == 2) ++context_->facts.entries_poisoned;
    return refuse(v1::LogRefusal::POISON);
  }
  if (context_->poison.set_aside.contains({e.log, e.sequence})) return refuse(v1::LogRefusal::POISON);
  if (!group.follows(e)) return fork();
  if (e.sequence == 1) {
    // The life that a member lives now always begins, however many logs somebody brought.
    const auto live = e.log.origin == peer.id ? context_->facts.live_log_of(peer.id, now_.steady_us) : std::nullopt;
    const auto room = live && live->log == e.log ? limits::logs_named_max : limits::logs_max;
    if (group.vector().positions().size() >= room) {
      context_->refused(peer.name, {errc::overloaded, "another log, and there are " + std::to_string(room)});
      return refuse(v1::LogRefusal::BUSY);
    }
  }
  return judgement{};
}

status writer_state::merge(core::group_builder& group, peer_batch& batch, batch_answer& answer) {
  auto correction_ms = std::max<std::int64_t>(context_->facts.clock_correction_ms, 0);
  const auto sender = context_->peers[batch.from().peer()].id;
  // Together with what the sender will count as acknowledged here: then this node can tell should that disk be lost.
  if (batch.counted && !batch.from().closed()) {
    const auto known = disks_.others.find(sender);
    if (known == disks_.others.end() || known->second < batch.from().disk()) {
      disks_.others[sender] = batch.from().disk();
      disks_changed_ = true;
    }
  }
  auto latest_ms = now_.wall_ms + correction_ms + context_->options.max_clock_offset_ms;
  held_entries held(context_->store);
  for (auto& arrived : batch.entries) {
    const auto& e = arrived.content;
    auto& log = answer.logs[e.log];
    if (log.refusal) continue;
    auto refuse = [&](v1::LogRefusal::Reason reason) {
      log.refusal = reason;
      log.have = group.vector().at(e.log);
    };
    auto judged = judge(group, batch, arrived, held);
    if (!judged) return judged.error();
    result<version> verdict = version{};
    const bool has_gap =
        planted(planted_bug::gap_accepted) && group.vector().place(e.log, e.sequence) == core::placement::gap;
    if (judged->refusal) {
      refuse(static_cast<v1::LogRefusal::Reason>(*judged->refusal));
      continue;
    } else if (has_gap) {
      // The defect: it is acknowledged below as if it were held.
    } else if (judged->held) {
      verdict = group.judge_again(e);
    } else if (static_cast<std::int64_t>(milliseconds_of(e.time)) > latest_ms
               && !planted(planted_bug::skewed_stamps_taken)) {
      reached(mark::writer_clock_refused);
      if (context_->facts.entries_refused_clock++ % 1000 == 0)
        logging::event(logging::level::error, "peer.clock_ahead",
                       {{"peer", context_->peers[batch.from().peer()].name},
                        {"ahead_ms", static_cast<std::int64_t>(milliseconds_of(e.time)) - now_.wall_ms}});
      refuse(v1::LogRefusal::CLOCK);
      continue;
    } else if (context_->facts.disk_full && !planted(planted_bug::full_disk_acks)) {
      reached(mark::writer_disk_full_refused);
      refuse(v1::LogRefusal::DISK_FULL);
      continue;
    } else if (!context_->facts.disk_full) {
      context_->poison.in_hand = {e.log, e.sequence};
      verdict = group.add(e, arrived.encoded);
      context_->poison.in_hand.reset();
      clock_.observe(e.time);
    }
    if (!verdict) return verdict.error();
    if (log.first == 0) log.first = e.sequence;
    ensure(log.last == 0 || e.sequence > log.last || judged->held, "entries of a log are acknowledged in their order");
    log.last = e.sequence;
    log.hash = e.previous == 0 ? 0 : chain_hash(*arrived.encoded);
    // Only the origin counts copies, so only it needs the verdicts: the sender, or this node.
    if (*verdict) reached(mark::writer_write_superseded_on_arrival);
    if (*verdict && (e.log.origin == sender || e.log.origin == context_->self.id))
      log.superseded.push_back({e.sequence, *verdict});
  }
  return {};
}

void writer_state::look_at_space() {
  const auto space = context_->store.space();
  if (!space) return;  // whether there is room the next commit will tell
  auto& full = context_->facts.disk_full;
  const bool before = full;
  const bool now = core::disk_is_full(before, space->free, space->reserve);
  if (now == before) return;
  full = now;
  const std::initializer_list<logging::field> room{{"free_bytes", static_cast<std::int64_t>(space->free)},
                                                   {"reserve_bytes", static_cast<std::int64_t>(space->reserve)}};
  if (now)
    logging::event(logging::level::error, "disk.full", room);
  else
    logging::event(logging::level::info, "disk.has_room", room);
}

void writer_state::read_clocks() {
  const auto& time = context_->time;
  now_.wall_ms = time.wall_ms();
  now_.steady_us = time.steady_us();
  const std::int64_t agreed_ms = context_->facts.clock_agreed_ms;
  now_.wall_usable =
      context_->clock_steps.may_use(now_.wall_ms - now_.steady_us / 1000,
                                    agreed_ms == board::clock_never_agreed ? std::nullopt : std::optional(agreed_ms))
      || context_->members() == 1;
  context_->facts.clock_trusted_ms = context_->clock_steps.trusted_ms();
}

status writer_state::admissible(const net::write_ticket& ticket, std::uint32_t needed) const {
  const auto& facts = context_->facts;
  const auto sight = [&](std::int64_t ahead_ms = 0) {
    auto seen = sight_of(*context_);
    seen.copies_needed = needed;
    seen.stamps_ahead_ms = ahead_ms;
    return seen;
  };
  if (ticket->deadline_us <= now_.steady_us)
    return {errc::deadline_exceeded, "the deadline passed before the write was begun"};
  if ((!facts.complete() && !planted(planted_bug::filling_coordinates)) || facts.newest_own_disk > disks_.own) {
    reached(mark::write_rejected_filling);
    return {errc::filling, core::while_filling(sight()).sentence()};
  }
  if (auto room = context_->has_room(); !room) {
    reached(mark::write_rejected_disk_full);
    return room;
  }
  const bool clock_checked = !planted(planted_bug::skewed_stamps_taken);
  if (facts.clock_skewed && clock_checked) return {errc::clock_skew, core::with_skewed_clock(sight()).sentence()};
  if (!now_.wall_usable) reached(mark::write_rejected_clock);
  if (!now_.wall_usable && clock_checked) return {errc::clock_skew, core::with_doubted_clock(sight()).sentence()};
  auto ahead_ms = static_cast<std::int64_t>(milliseconds_of(clock_.last())) - now_.wall_ms - facts.clock_correction_ms;
  if (needed > 1 && ahead_ms > context_->options.max_clock_offset_ms)
    return {errc::clock_skew, core::with_stamps_ahead(sight(ahead_ms)).sentence()};
  const auto reachable = facts.peers_taking() + 1;
  if (reachable < needed) reached(mark::write_rejected_unreachable);
  if (reachable < needed) return {errc::quorum_unreachable, core::without_quorum(sight()).sentence()};
  if (facts.writes_pending >= limits::pending_writes_max)
    return {errc::overloaded, "too many writes are waiting for their quorum"};
  return {};
}

result<version> writer_state::yielding_version(const core::group_builder& group, const entry& e) const {
  std::uint64_t newest = 0;
  for (const auto& change : e.mutations) {
    auto held = group.get(change.key);
    if (!held) return held.error();
    if (*held) newest = std::max(newest, (*held)->stamp.time);
  }
  // A life that lost the end of its log may stamp the same key again, with another value: no two entries share a
  // version.
  std::string place = std::to_string(to_number(e.log.origin));
  place.append(1, '/').append(std::to_string(e.log.epoch)).append(1, '/').append(std::to_string(e.sequence));
  return version{newest + 1, node_id{hash64_of(place) | 1}};
}

status writer_state::stamp(core::group_builder& group, std::vector<net::write_ticket>& tickets, message::begun& begun,
                           std::vector<encoded_entry>& made, message::entryless& others) {
  begun.writes.reserve(tickets.size());
  std::vector<net::write_ticket> asked;
  for (auto& ticket : tickets) {
    const bool linearizable = ticket->consistency == net::write_consistency::linearizable;
    auto needed = context_->copies_needed(ticket->quorum);
    if (linearizable) needed = std::max(needed, context_->majority());
    const bool any_verdict = linearizable && !(planted(planted_bug::stamped_twice) && ticket->found.floor == 0);
    auto reject = [&](status why) { ticket.finish({std::move(why), {}, {}, needed, 0}); };
    if (auto why = admissible(ticket, needed); !why) {
      reject(std::move(why));
      continue;
    }
    if (std::exchange(ticket->found.unasked, false)) {
      ticket->consistency = net::write_consistency::linearizable;
      auto listed = list_keys(*ticket.operator->(), group);
      if (listed.code() == errc::internal)
        reject(std::move(listed));
      else if (!listed)
        return listed;
      else
        asked.push_back(std::move(ticket));
      continue;
    }
    if (linearizable) {
      auto caught_up = catch_up(group, *ticket.operator->(), made);
      if (caught_up.code() == errc::clock_skew) {
        reject(std::move(caught_up));
        continue;
      }
      if (!caught_up) return caught_up;
    }
    // The stamp must be above what every key it touches has; the clock has observed every version this node holds
    // (it observes each merged entry, and starts above the stored bound).
    version next{clock_.next(now_.wall_ms, ticket->found.floor), context_->self.id};
    core::noted_reads reads(group);
    auto changes = plan_of(*ticket.operator->(), reads, next);
    if (changes && linearizable && !asked_about(*ticket.operator->(), *changes))
      changes = status(errc::conflict, "the record got another name while the members were asked; try again");
    if (!changes) {
      others.refused.emplace_back(std::move(ticket), net::write_answer{changes.error(), {}, {}, needed, 0});
      continue;
    }
    if (changes->empty()) {
      message::unchanged_write one{std::move(ticket), {}, needed};
      for (const auto& key : reads.keys()) {
        auto held = group.get(key);
        if (!held) return held.error();
        one.found.emplace_back(key, std::move(*held));
      }
      others.unchanged.push_back(std::move(one));
      continue;
    }
    if (linearizable) {
    } else if (ticket->on_superseded == net::when_superseded::retry) {
      ticket->found.keys.clear();
      for (const auto& change : *changes) ticket->found.keys.push_back({change.key, next});
    }
    auto e = next_entry(group, next, std::move(*changes));
    if (ticket->yields && !planted(planted_bug::collection_stamped_now)) {
      auto yielding = yielding_version(group, e);
      if (!yielding) return yielding.error();
      e.time = yielding->time;
      e.stamped_by = yielding->node;
      next = *yielding;
    }
    auto bytes = std::make_shared<const std::string>(encode(e));
    if (bytes->size() > limits::entry_bytes_max) {
      reject(status::invalid("memory", "takes " + std::to_string(bytes->size()) + " bytes in the log, the limit is "
                                           + std::to_string(limits::entry_bytes_max)));
      continue;
    }
    auto verdict = group.add(e, bytes);
    if (!verdict) return verdict.error();
    ensure(!*verdict, "a new stamp is above the versions this node has");
    ensure(group.vector().at(live_) == e.sequence, "what is stamped is in the group");
    ticket->found.position = {live_, e.sequence};
    begun.writes.push_back({std::move(ticket), e.sequence, next, needed, any_verdict});
    made.push_back({e.log, e.sequence, std::move(bytes)});
  }
  if (asked.empty()) return {};
  auto order = std::make_shared<message::inquire>();
  order->writes = std::move(asked);
  context_->inquirer.send(message::inquire_ptr(std::move(order)));
  return {};
}

entry writer_state::next_entry(const core::group_builder& group, const version& stamp,
                               std::vector<mutation> changes) const {
  const auto end = group.vector().end_of(live_);
  entry e{live_, end.sequence + 1, stamp.time, std::move(changes)};
  e.previous = end.sequence == 0 ? chain_start(live_) : end.hash;
  ensure(e.previous != 0, "every entry of this node's log holds the hash of the one before");
  return e;
}

result<bool> writer_state::pass_on(core::group_builder& group, const record_key& key, const stored_record& value,
                                   std::vector<encoded_entry>& made) {
  auto held = group.get(key);
  if (!held) return held.error();
  if (*held && (*held)->stamp >= value.stamp) return false;
  auto e = next_entry(group, value.stamp, {{key, value.deleted, value.alias, value.value}});
  e.stamped_by = value.stamp.node;
  if (planted(planted_bug::write_back_stamped_anew)) {
    e.time = clock_.next(now_.wall_ms, value.stamp.time);
    e.stamped_by = {};
  }
  auto bytes = std::make_shared<const std::string>(encode(e));
  if (bytes->size() > limits::entry_bytes_max) return false;  // nobody would take it from this log
  auto verdict = group.add(e, bytes);
  if (!verdict) return verdict.error();
  clock_.observe(e.time);
  made.push_back({e.log, e.sequence, std::move(bytes)});
  return true;
}

status writer_state::keep_held(core::group_builder& group, std::vector<written_back>& values) {
  std::vector<written_back> held;
  for (auto& value : values) {
    auto record = group.get(value.key);
    if (!record) return record.error();
    if (*record && (*record)->stamp >= value.record.stamp)
      held.push_back(std::move(value));
    else
      reached(mark::writer_disk_full_write_back_dropped);
  }
  values = std::move(held);
  return {};
}

status writer_state::write_back(core::group_builder& group, std::vector<written_back>& values,
                                std::vector<encoded_entry>& made) {
  const auto latest_ms = now_.wall_ms + context_->facts.clock_correction_ms + context_->options.max_clock_offset_ms;
  std::erase_if(values, [&](const written_back& value) {
    // Nothing of an old stream once a new one was accepted; no stamp that would be refused in a log.
    return (value.from && value.from->closed())
           || static_cast<std::int64_t>(milliseconds_of(value.record.stamp.time)) > latest_ms;
  });
  if (context_->facts.disk_full)
    if (auto kept = keep_held(group, values); !kept) return kept;
  for (const auto& value : values) {
    auto passed_on = pass_on(group, value.key, value.record, made);
    if (!passed_on) return passed_on.error();
    if (*passed_on) reached(mark::writer_write_back_made);
  }
  return {};
}

status writer_state::confirm(const std::vector<written_back>& values) {
  message::found own;
  for (const auto& value : values) {
    auto held = context_->store.get(value.key);
    if (!held) return held.error();
    if (!*held) continue;  // it was not taken; who wants it asks again, or somebody else
    reached((*held)->stamp == value.record.stamp ? mark::writer_write_back_held : mark::writer_write_back_newer);
    if (!value.from) {
      own.findings.push_back({value.number, (*held)->stamp, std::move(*held), value.key});
      continue;
    }
    v1::PeerAnswer answer;
    introduce(context_->facts, answer);
    auto* finding = answer.add_findings();
    finding->set_number(value.number);
    fill(value.key, **held, value.record.stamp, finding);
    value.from->answer(std::move(answer));
  }
  if (!own.findings.empty()) context_->inquirer.send(std::move(own));
  return {};
}

status writer_state::catch_up(core::group_builder& group, net::write_request& request,
                              std::vector<encoded_entry>& made) {
  const auto ahead_ms = static_cast<std::int64_t>(milliseconds_of(request.found.floor)) - now_.wall_ms
                        - context_->facts.clock_correction_ms;
  if (ahead_ms > context_->options.max_clock_offset_ms)
    return {errc::clock_skew, "a member has a version " + std::to_string(ahead_ms)
                                  + " ms ahead of this node's clock, and peers would refuse one above it; it can be "
                                    "written again in "
                                  + core::duration_text(ahead_ms - context_->options.max_clock_offset_ms)};
  if (planted(planted_bug::found_not_taken_over)) request.found.newer.clear();
  for (const auto& [key, value] : request.found.newer) {
    auto passed_on = pass_on(group, key, value, made);
    if (!passed_on) return passed_on.error();
    if (*passed_on) reached(mark::writer_record_taken_over_before_write);
  }
  request.found.newer.clear();
  return {};
}

/// The bound must be on disk before a stamp above it leaves the node. Under load it moves along with the groups; after
/// a pause the first write pays one small sync for it.
status writer_state::store_clock_bound(std::int64_t fit_wall_ms) {
  storage::write_group bound;
  bound.clock_bound = clock_.bound(fit_wall_ms);
  if (planted(planted_bug::clock_bound_in_memory)) return clock_bound_ = *bound.clock_bound, status();
  auto stored = context_->store.commit(bound);
  ensure(*bound.clock_bound >= clock_bound_, "the stored bound of the clock never goes back");
  if (stored.ok()) clock_bound_ = *bound.clock_bound;
  return stored;
}

status writer_state::commit(core::group_builder& group, std::int64_t fit_wall_ms) {
  auto [writes, after] = group.take();
  if (clock_.is_bound_due(clock_bound_, fit_wall_ms)) writes.clock_bound = clock_.bound(fit_wall_ms);
  if (planted(planted_bug::clock_bound_in_memory))
    clock_bound_ = std::exchange(writes.clock_bound, {}).value_or(clock_bound_);
  if (disks_changed_) writes.disks = disks_;
  if (auto stored = context_->store.commit(writes); !stored) return stored;
  if (writes.clock_bound) clock_bound_ = *writes.clock_bound;
  ensure(after.vector.covers(state_.vector), "a group takes nothing back");
  std::vector<core::hashed_position> ends;
  for (const auto& position : writes.positions) ends.push_back({position, after.vector.end_of(position.log).hash});
  if (std::exchange(disks_changed_, false)) context_->facts.set_disks(disks_);
  state_ = std::move(after);
  context_->facts.raise_vector(ends);
  for (const auto& end : writes.positions) context_->waiting_reads.reached({end.log, 0}, end);
  context_->words.on_news();
  return {};
}

result<bool> writer_state::on_wake() {
  auto work = context_->inbox.take();
  if (work.empty()) return false;
  pass(kill_point::writer_took_work);
  read_clocks();
  look_at_space();

  core::group_builder group(context_->store, state_);
  std::vector<batch_answer> answers(work.batches.size());
  for (std::size_t i = 0; i < work.batches.size(); ++i)
    if (auto merged = merge(group, work.batches[i], answers[i]); !merged) return merged;

  if (planted(planted_bug::ack_before_commit))
    for (std::size_t i = 0; i < work.batches.size(); ++i)
      if (auto session = work.batches[i].settle()) session->answer(answers[i].to_message(context_->facts));

  auto begun = std::make_shared<message::begun>();
  begun->log = live_;
  auto made = std::make_shared<std::vector<encoded_entry>>();
  if (auto written = write_back(group, work.write_backs, *made); !written) return written;
  auto others = std::make_shared<message::entryless>();
  if (auto stamped = stamp(group, work.writes, *begun, *made, *others); !stamped) return stamped;
  // Before anything waits for the disk: from here on somebody watches their deadlines, and owns them.
  const std::weak_ptr<message::entryless> waiting = others;
  if (!others->empty()) context_->fanout.send(message::entryless_ptr(std::move(others)));
  others.reset();

  context_->last_stamp = clock_.last();
  context_->facts.newest_stamp_ms = static_cast<std::int64_t>(milliseconds_of(clock_.last()));

  pass(kill_point::writer_stamped);

  // What was merged or written back needs a bound too; but only a wall clock that was found fit for stamps may move it
  // ahead.
  const auto fit_wall_ms = begun->writes.empty() ? 0 : now_.wall_ms;
  message::acked own{0, live_, 0, 0, {}};
  if (!made->empty()) {
    own.first = made->front().sequence;
    own.last = made->back().sequence;
    ensure(own.last - own.first + 1 == made->size() && made->front().log == live_,
           "the entries of a group follow each other in the live log");
    // First of all: from here on somebody watches the deadlines, however long the disk takes.
    {
      thread_loan loan;
      context_->fanout.send(message::begun_ptr(std::move(begun)));
    }
    if (clock_.last() >= clock_bound_) {
      reached(mark::writer_clock_bound_stored_alone);
      if (auto stored = store_clock_bound(fit_wall_ms); !stored) return stored;
    }
    ensure(clock_.last() < clock_bound_, "the stored bound of the clock is above every stamp that leaves the node");
    context_->facts.set_published({live_, own.last});
    message::published published{std::move(made)};
    thread_loan loan;
    for (auto& link : context_->links) link->send(published);
  }
  if (planted(planted_bug::own_copy_before_sync) && own.last != 0) context_->fanout.send(own);
  pass(kill_point::writer_published);
  if (!group.empty() || disks_changed_) {
    if (auto stored = commit(group, fit_wall_ms); !stored) return stored;
  }
  pass(kill_point::writer_committed);
  // Peers first: clients of theirs wait for it, and answering our own takes this thread a while.
  for (std::size_t i = 0; i < work.batches.size(); ++i)
    if (auto session = work.batches[i].settle()) session->answer(answers[i].to_message(context_->facts));
  if (auto confirmed = confirm(work.write_backs); !confirmed) return confirmed;
  pass(kill_point::writer_answered_peers);
  thread_loan loan;
  if (auto settled = waiting.lock()) context_->fanout.send(message::settled{std::move(settled)});
  // Entries of an earlier life that died before its sync come back from those that had them.
  for (auto& batch : answers)
    for (auto& [log, a] : batch.logs)
      if (log.origin == context_->self.id && a.last != 0)
        context_->fanout.send(message::acked{0, log, a.first, a.last, std::move(a.superseded)});
  if (own.last != 0) context_->fanout.send(std::move(own));
  return work.more;
}

caf::behavior writer_behavior(caf::stateful_actor<writer_state>* self, node_context* context) {
  install_defaults(self);
  if (auto opened = self->state.open(context); !opened) {
    context->fail(opened);
    self->quit();
    return {};
  }
  self->delayed_send(self, look_interval, message::tick{});
  return {
      [self](message::tick) {
        self->state.look_at_space();
        self->delayed_send(self, look_interval, message::tick{});
      },
      [self, context](message::wake) {
        context->writer.received();
        auto more = self->state.on_wake();
        if (!more) {
          context->fail(more.error());
          self->quit();
        } else if (*more) {
          context->writer.send(message::wake{});
        }
      },
      [self, context](const message::remember& m) {
        context->writer.received();
        const auto name = self->state.disk();
        auto stored = self->state.remember(m.disks);
        if (stored && self->state.disk() != name)
          stored = {
              errc::unavailable,
              "this disk is older than one that members have known this node by: it is to be filled again, start anew"};
        if (!stored) {
          context->fail(stored);
          self->quit();
        }
      },
      [self, context](const message::settle_members& m) {
        context->writer.received();
        if (auto stored = self->state.remember(m.members); !stored) {
          context->fail(stored);
          self->quit();
        }
      },
      [self, context](const message::forked& m) {
        context->writer.received();
        if (auto begun = self->state.on_forked(m.log, m.peer); !begun) {
          context->fail(begun);
          self->quit();
        }
      },
      [context](message::crash) {
        context->writer.received();
        throw_for_drill();
      },
  };
}

}  // namespace quorate
