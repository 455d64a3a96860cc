#include "chaos/sim/checks.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_set>

#include "chaos/linearizability.hpp"
#include "memory/usage.hpp"
#include "proto/entry_codec.hpp"
#include "proto/limits.hpp"
#include "quorate/v1/admin.pb.h"

namespace quorate::sim {
namespace {

/// How late an answer may be, beside the time its node stood still: ticks, restarts of the actor that had to give it.
constexpr std::int64_t late_ms_max = 500;
/// More letters than this in a mailbox are a pile-up: links and actors are told of groups, not of writes.
constexpr std::uint64_t mailbox_max = 2'000;

std::string rejected_values(cluster& c, const operations& done) {
  std::unordered_set<std::string> rejected;
  for (const auto& op : done)
    if (op->write() && op->what != operation::kind::remove && op->what != operation::kind::touch
        && op->what != operation::kind::collect && op->answered() && !op->ok()
        && outcome_of(op->answer.outcome.code()) == error_outcome::rejected)
      rejected.insert(value_of(*op));
  for (auto& m : c.members()) {
    const auto held = m->storage.store().summary();
    if (!held) return "P10: the disk of " + m->name + " cannot be read";
    for (const auto& position : held->vector) {
      for (sequence_number next = 1; next <= position.sequence;) {
        auto entries = m->storage.store().read_log(position.log, next, 1 << 20);
        if (!entries || entries->empty()) return "P1: " + m->name + " lacks entries of a log that its vector covers";
        for (const auto& e : *entries) {
          auto decoded = decode_entry(*e.bytes);
          if (!decoded) return "P10: an entry on " + m->name + " cannot be read";
          for (const auto& change : decoded->mutations)
            if (rejected.contains(change.value))
              return "P3: '" + change.value + "' of '" + change.key.bytes + "' was rejected and is on " + m->name;
          next = e.sequence + 1;
        }
      }
    }
  }
  return {};
}

/// Whether one member has what was acknowledged, or something newer.
std::string acknowledged_at(const member& m, const operation& op, const std::string& key) {
  auto held = m.storage.store().get({key_kind::memory, key});
  const bool remove = op.removes(key);
  if (!held || !*held) return (remove ? "P1, P2: " : "P1, P2: acknowledged ") + op.text() + " is not on " + m.name;
  const auto& record = **held;
  if (record.stamp < op.answer.stamp) {
    if (remove && !record.deleted) return "P5: what " + op.text() + " removed is back on " + m.name;
    return "P1, P2: '" + key + "' on " + m.name + " is older than acknowledged " + op.text();
  }
  if (record.stamp == op.answer.stamp && (record.deleted != remove || (!remove && record.value != value_of(op))))
    return "P4: two writes have one version: " + op.text() + " and '" + record.value + "'";
  return {};
}

/// How much of the time between the two the node stood still, microseconds.
std::int64_t stood_still(const member& m, std::int64_t from_us, std::int64_t to_us) {
  std::int64_t sum = 0;
  for (const auto& [begin, end] : m.pauses)
    sum += std::max<std::int64_t>(0, std::min(end, to_us) - std::max(begin, from_us));
  return sum;
}

}  // namespace

std::string check_bounds(const member& m) {
  v1::StatusReply status;
  m.life->api().describe(&status);
  for (const auto& peer : status.peers()) {
    // One entry more than the bound fits: what is newest is always kept.
    if (peer.bytes_waiting() > limits::link_backlog_bytes_max + limits::entry_bytes_max / 64)
      return "P9: " + m.name + " keeps " + std::to_string(peer.bytes_waiting()) + " bytes in memory for " + peer.name();
    if (peer.bytes_in_flight() > limits::link_window_bytes_max)
      return "P9: " + m.name + " has " + std::to_string(peer.bytes_in_flight()) + " bytes under way to " + peer.name();
  }
  v1::ActorsReply actors;
  m.life->api().describe(&actors);
  for (const auto& actor : actors.actors())
    if (actor.mailbox() > mailbox_max)
      return "P9: " + std::to_string(actor.mailbox()) + " messages wait for " + actor.name() + " of " + m.name;
  return {};
}

std::string check_answers(cluster& c, const operations& done, std::int64_t now_us) {
  for (const auto& op : done) {
    if (!op->answered() && now_us > op->deadline_us + late_ms_max * ms) return "P3: never answered: " + op->text();
    if (op->answered()
        && op->ended_us - op->deadline_us - stood_still(*c.find(op->node), op->deadline_us, op->ended_us)
               > late_ms_max * ms)
      return "P3: answered " + std::to_string((op->ended_us - op->deadline_us) / ms)
             + " ms after its deadline: " + op->text();
    if (op->ok() && op->write() && op->answer.copies < op->answer.copies_needed)
      return "P3: called done with too few copies: " + op->text();
  }
  return {};
}

std::string check_contents(cluster& c, const operations& done) {
  std::optional<record_page> first;
  std::optional<record_page> first_uses;
  std::optional<storage::record_counts> counts;
  for (auto& m : c.members()) {
    auto uses = m->storage.store().scan(key_kind::usage, {}, {}, SIZE_MAX, SIZE_MAX);
    auto page = m->storage.store().scan(key_kind::memory, {}, {}, SIZE_MAX, SIZE_MAX);
    const auto held = m->storage.store().summary();
    if (!page || !uses || !held) return "P10: the disk of " + m->name + " cannot be read";
    if (!first) {
      first = std::move(*page);
      first_uses = std::move(*uses);
      counts = held->counts;
    } else if (page->records != first->records || uses->records != first_uses->records || held->counts != *counts) {
      return "P4: digests are equal, contents are not, on " + m->name;
    }
  }
  if (auto broken = rejected_values(c, done); !broken.empty()) return broken;
  for (const auto& op : done) {
    if (!op->ok() || !op->write() || op->what == operation::kind::touch || op->may_be_lost) continue;
    for (auto& m : c.members()) {
      const bool pair = op->what == operation::kind::pair;
      if (auto broken = acknowledged_at(*m, *op, pair ? left_of(op->key) : op->key); !broken.empty()) return broken;
      if (pair)
        if (auto broken = acknowledged_at(*m, *op, right_of(op->key)); !broken.empty()) return broken;
    }
  }
  for (const auto& op : done) {
    if (op->what != operation::kind::pair) continue;
    for (auto& m : c.members()) {
      auto left = m->storage.store().get({key_kind::memory, left_of(op->key)});
      auto right = m->storage.store().get({key_kind::memory, right_of(op->key)});
      if (left && right && (*left ? (*left)->stamp : version{}) != (*right ? (*right)->stamp : version{}))
        return "P4: one half of an entry was applied, of '" + op->key + "' on " + m->name;
    }
  }
  return {};
}

std::string check_uses(cluster& c, const operations& done) {
  struct bounds {
    std::int64_t acknowledged = 0;
    std::int64_t possible = 0;
  };
  std::map<std::string, bounds> uses;
  for (const auto& op : done) {
    if (op->what != operation::kind::touch) continue;
    const bool rejected =
        op->answered() && !op->ok() && outcome_of(op->answer.outcome.code()) == error_outcome::rejected;
    uses[op->key].acknowledged += op->ok() ? 1 : 0;
    uses[op->key].possible += rejected ? 0 : 1;
  }
  for (const auto& [key, expected] : uses) {
    v1::MemoryRecord record;
    record.set_id(key);
    const auto total = memory::usage_of(c[0].storage.store(), record);
    if (!total) return "P10: the uses of '" + key + "' cannot be read";
    if (total->count < expected.acknowledged || total->count > expected.possible)
      return "P4: '" + key + "' was used " + std::to_string(total->count) + " times, "
             + std::to_string(expected.acknowledged) + " uses were acknowledged, at most "
             + std::to_string(expected.possible) + " were made";
  }
  return {};
}

std::string check_collections(cluster& c, const operations& done) {
  std::map<std::string, const operation*> last;  ///< acknowledged store of each key, by version
  for (const auto& op : done)
    if (op->of == operation::use::expiring && op->what == operation::kind::store && op->ok()) {
      auto& highest = last[op->key];
      if (highest == nullptr || highest->answer.stamp < op->answer.stamp) highest = op.get();
    }
  for (const auto& [key, store] : last) {
    const auto held = c[0].storage.store().get({key_kind::memory, key});
    if (!held || !*held || !(*held)->deleted) continue;
    const auto stamp = (*held)->stamp;
    for (const auto& op : done)
      if (op->what == operation::kind::collect && op->key == key && op->collected < store->answer.stamp
          && op->answer.stamp == stamp)
        return "P1: " + op->text() + " removed what it had not seen: " + store->text();
  }
  return {};
}

std::string check_local_reads(const operations& done) {
  for (const auto& read : done) {
    if (!read->local || read->seen == 0) continue;
    const auto& wrote = *done[read->seen - 1];
    if (wrote.key != read->key || !wrote.write() || wrote.begun_us > read->ended_us
        || (wrote.answered() && !wrote.ok() && outcome_of(wrote.answer.outcome.code()) == error_outcome::rejected))
      return "P3: " + read->text() + " saw what was never written: " + wrote.text();
  }
  return {};
}

std::string check_versions(const operations& done) {
  std::map<std::string, std::vector<const operation*>> by_key;
  for (const auto& op : done)
    if (op->ok() && op->write() && op->what != operation::kind::touch && op->quorum != net::write_quorum::one)
      by_key[op->key].push_back(op.get());
  for (auto& [key, ops] : by_key) {
    auto by_end = ops;
    std::sort(by_end.begin(), by_end.end(), [](auto* x, auto* y) { return x->ended_us < y->ended_us; });
    const operation* highest = nullptr;
    std::size_t ended = 0;
    for (const auto* op : ops) {
      for (; ended < by_end.size() && by_end[ended]->ended_us < op->begun_us; ++ended)
        if (highest == nullptr || by_end[ended]->answer.stamp > highest->answer.stamp) highest = by_end[ended];
      if (highest != nullptr && op->answer.stamp < highest->answer.stamp)
        return "P3: acknowledged, but older than one that had been acknowledged before: " + op->text() + " and "
               + highest->text();
    }
  }
  return {};
}

std::string check_registers(cluster& c, const operations& done, std::int64_t now_us) {
  std::vector<chaos::register_operation> history;
  std::set<std::string> keys;
  for (const auto& op : done) {
    if (op->of != operation::use::register_ || op->local) continue;
    keys.insert(op->key);
    chaos::register_operation one;
    one.key = op->key;
    one.write = op->write();
    one.value = one.write ? (op->what == operation::kind::remove ? 0 : op->number) : op->seen;
    one.start_us = op->begun_us;
    one.end_us = op->ended_us;
    one.certain = op->ok();
    one.label = op->text();
    if (!one.certain && !one.write) continue;
    if (one.write && op->answered() && !op->ok() && outcome_of(op->answer.outcome.code()) == error_outcome::rejected)
      continue;
    history.push_back(std::move(one));
  }
  for (const auto& key : keys) {
    auto held = c[0].storage.store().get({key_kind::memory, key});
    chaos::register_operation last{key, false, 0, now_us, now_us, true, "what '" + key + "' is in the end"};
    if (held && *held && !(*held)->deleted) last.value = number_in((*held)->value);
    history.push_back(std::move(last));
  }
  const auto verdict = chaos::check_linearizable(history);
  if (verdict.undecided) return "P6: the checker gave up";
  return verdict.violation ? "P6: '" + verdict.violation->key + "' is no register: " + verdict.violation->what : "";
}

}  // namespace quorate::sim
