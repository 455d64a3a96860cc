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

bool was_rejected(const operation& op) {
  return op.answered() && !op.ok() && outcome_of(op.answer.outcome.code()) == error_outcome::rejected;
}

/// An actor that throws was made to, by a drill or at a point.
bool died_by_itself(const std::string& reason) {
  return reason.find("runtime_error") != std::string::npos && reason.find("by a drill") == std::string::npos
         && reason.find("by the simulator") == std::string::npos;
}

std::vector<std::string> keys_of(const operation& op) {
  if (op.what != operation::kind::pair) return {op.key};
  return {left_of(op.key), right_of(op.key)};
}

/// What one member's logs say: of each entry its version, of each key the highest.
struct told {
  std::map<log_id, std::vector<version>> versions;
  std::map<log_id, std::vector<encoded_entry>> entries;
  std::map<record_key, std::pair<version, bool>> newest;  ///< and whether it is a deletion
};

std::string read_logs(const member& m, told* out) {
  const auto held = m.storage.store().summary();
  if (!held) return "P10: the disk of " + m.name + " cannot be read";
  for (const auto& position : held->vector) {
    auto& entries = out->entries[position.log];
    while (entries.size() < position.sequence) {
      auto more = m.storage.store().read_log(position.log, entries.size() + 1, 1 << 20);
      if (!more || more->empty()) return "P1: " + m.name + " lacks entries of a log that its vector covers";
      for (auto& e : *more)
        if (e.sequence == entries.size() + 1 && e.sequence <= position.sequence) entries.push_back(std::move(e));
    }
  }
  return {};
}

/// Whether somebody wrote this entry: a client whose call was not rejected.
std::string check_written(const member& m, const entry& e, const operations& done, const shadow_history& shadow) {
  for (const auto& change : e.mutations) {
    const auto writers = shadow.writers_of(e.stamp(), change);
    if (writers.empty())
      return "P2: an entry on " + m.name + " changes '" + change.key.bytes + "' to '" + change.value.substr(0, 40)
             + "' under a version with which nobody wrote that";
    if (std::all_of(writers.begin(), writers.end(), [&](auto n) { return was_rejected(*done[n - 1]); }))
      return "P3: " + done[writers.front() - 1]->text() + " was rejected and is on " + m.name;
  }
  return {};
}

/// The logs are the same everywhere and hold nothing but what clients wrote.
std::string check_logs(cluster& c, const operations& done, const shadow_history& shadow, told* first) {
  for (auto& m : c.members()) {
    told here;
    auto& logs = m == c.members().front() ? *first : here;
    if (auto broken = read_logs(*m, &logs); !broken.empty()) return broken;
    if (&logs == first) continue;
    if (logs.entries.size() != first->entries.size()) return "P2: " + m->name + " has other logs than " + c[0].name;
    for (const auto& [log, entries] : logs.entries) {
      const auto& others = first->entries[log];
      if (!std::equal(entries.begin(), entries.end(), others.begin(), others.end(),
                      [](const auto& x, const auto& y) { return *x.bytes == *y.bytes; }))
        return "P4: " + m->name + " has other entries of a log than " + c[0].name;
    }
  }
  for (const auto& [log, entries] : first->entries)
    for (const auto& e : entries) {
      const auto decoded = decode_entry(*e.bytes);
      if (!decoded) return "P10: an entry on " + c[0].name + " cannot be read";
      if (auto broken = check_written(c[0], *decoded, done, shadow); !broken.empty()) return broken;
      first->versions[log].push_back(decoded->stamp());
      for (const auto& change : decoded->mutations) {
        auto& newest = first->newest[change.key];
        newest = std::max(newest, std::pair{decoded->stamp(), change.deleted});
      }
    }
  return {};
}

/// The records are what the merge rule makes of the logs.
std::string check_merge(const member& m, const told& logs, const std::vector<const record_page*>& live) {
  for (const auto& [key, newest] : logs.newest) {
    const auto held = m.storage.store().get(key);
    if (!held || !*held || std::pair{(*held)->stamp, (*held)->deleted} != newest)
      return "P4: '" + key.bytes + "' on " + m.name + " is not the newest version in its logs";
  }
  for (const auto* page : live)
    for (const auto& [key, record] : page->records)
      if (!logs.newest.contains(key)) return "P4: '" + key.bytes + "' on " + m.name + " is in none of its logs";
  return {};
}

/// What was acknowledged, superseded or not, is in the log it was written to: overtaken it may be, lost it may not.
std::string check_kept(const operations& done, const told& logs) {
  for (const auto& op : done) {
    const bool durable = op->ok() || op->answer.outcome.code() == errc::superseded;
    const auto place = op->answer.position;
    if (!op->answered() || !durable || !op->write() || op->may_be_lost || place.sequence == 0) continue;
    const auto log = logs.versions.find(place.log);
    if (log == logs.versions.end() || log->second.size() < place.sequence)
      return "P1, P2: the entry of " + op->text() + " is on no member";
    if (log->second[place.sequence - 1] != op->answer.stamp)
      return "P1, P2: in place of the entry of " + op->text() + " there is another";
  }
  return {};
}

/// Whether one member has what was acknowledged, or something newer.
std::string acknowledged_at(const member& m, const operation& op, const std::string& key) {
  const auto stamp = op.what == operation::kind::keep ? op.base : op.answer.stamp;
  auto held = m.storage.store().get({key_kind::memory, key});
  const bool remove = op.removes(key);
  if (!held || !*held) return (remove ? "P1, P2: " : "P1, P2: acknowledged ") + op.text() + " is not on " + m.name;
  const auto& record = **held;
  if (record.stamp < stamp) {
    if (remove && !record.deleted) return "P5: what " + op.text() + " removed is back on " + m.name;
    return "P1, P2: '" + key + "' on " + m.name + " is older than acknowledged " + op.text();
  }
  if (op.what == operation::kind::keep) return {};
  if (record.stamp == stamp && (record.deleted != remove || (!remove && record.value != value_of(op))))
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

std::string check_health(const member& m) {
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
  for (const auto& actor : actors.actors()) {
    if (died_by_itself(actor.last_reason()))
      return "P8: " + actor.name() + " of " + m.name + " died: " + actor.last_reason();
    if (actor.mailbox() > mailbox_max)
      return "P9: " + std::to_string(actor.mailbox()) + " messages wait for " + actor.name() + " of " + m.name;
  }
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
    // What is learned after its deadline does not count, however soon after it.
    if (op->ok() && op->ended_us > op->deadline_us + stood_still(*c.find(op->node), op->begun_us, op->ended_us))
      return "P3: called done after its deadline: " + op->text();
    if (op->ok() && op->write() && op->answer.copies < op->answer.copies_needed)
      return "P3: called done with too few copies: " + op->text();
  }
  return {};
}

std::string check_own_copy(const member& m, const operation& done) {
  if (done.what == operation::kind::touch || done.what == operation::kind::keep) return {};
  for (const auto& key : keys_of(done)) {
    const auto held = m.storage.store().get({key_kind::memory, key});
    if (!held || !*held || (*held)->stamp < done.answer.stamp)
      return "P6: " + m.name + " acknowledged what it does not have: " + done.text();
  }
  return {};
}

std::string check_actors(cluster& c) {
  for (auto& m : c.members()) {
    v1::ActorsReply actors;
    m->life->api().describe(&actors);
    for (const auto& actor : actors.actors())
      if (actor.state() != "running") return "P8: " + actor.name() + " of " + m->name + " is " + actor.state();
  }
  return {};
}

std::string check_contents(cluster& c, const operations& done, const shadow_history& shadow) {
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
  told logs;
  if (auto broken = check_logs(c, done, shadow, &logs); !broken.empty()) return broken;
  if (auto broken = check_merge(c[0], logs, {&*first, &*first_uses}); !broken.empty()) return broken;
  if (auto broken = check_kept(done, logs); !broken.empty()) return broken;
  for (const auto& op : done) {
    if (!op->ok() || !op->write() || op->what == operation::kind::touch || op->may_be_lost) continue;
    for (auto& m : c.members())
      for (const auto& key : keys_of(*op))
        if (auto broken = acknowledged_at(*m, *op, key); !broken.empty()) return broken;
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
    uses[op->key].acknowledged += op->ok() && !op->may_be_lost ? 1 : 0;
    uses[op->key].possible += was_rejected(*op) ? 0 : 1;
  }
  for (const auto& [key, expected] : uses) {
    v1::MemoryRecord record;
    record.set_id(id_of_counted(key));
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
    if (op->of == operation::use::expiring && op->what == operation::kind::store && op->ok() && !op->may_be_lost) {
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
    if (wrote.key != read->key || !wrote.write() || wrote.begun_us > read->ended_us || was_rejected(wrote))
      return "P3: " + read->text() + " saw what was never written: " + wrote.text();
  }
  return {};
}

std::string check_versions(const operations& done) {
  std::map<std::string, std::vector<const operation*>> by_key;
  for (const auto& op : done)
    if (op->ok() && op->write() && op->what != operation::kind::touch && op->what != operation::kind::keep
        && op->quorum != net::write_quorum::one && !op->may_be_lost)
      by_key[op->key].push_back(op.get());
  for (auto& [key, ops] : by_key) {
    auto by_end = ops;
    std::sort(by_end.begin(), by_end.end(), [](auto* x, auto* y) { return x->ended_us < y->ended_us; });
    const operation* highest = nullptr;
    std::size_t ended = 0;
    for (const auto* op : ops) {
      for (; ended < by_end.size() && by_end[ended]->ended_us < op->begun_us; ++ended)
        if (highest == nullptr || by_end[ended]->answer.stamp > highest->answer.stamp) highest = by_end[ended];
      if (highest == nullptr) continue;
      if (op->answer.stamp < highest->answer.stamp)
        return "P3: acknowledged, but older than one that had been acknowledged before: " + op->text() + " and "
               + highest->text();
      const bool asked = op->consistency == net::write_consistency::linearizable || op->answer.retried;
      if (asked && op->base < highest->answer.stamp)
        return "P6: " + op->text() + " was made without what " + highest->text() + " had left";
    }
  }
  return {};
}

std::string check_registers(cluster& c, const operations& done, std::int64_t now_us) {
  std::vector<chaos::register_operation> history;
  std::set<std::string> keys;
  for (const auto& op : done) {
    if (op->of != operation::use::register_ || op->local || op->may_be_lost) continue;
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
    if (one.write && was_rejected(*op)) continue;
    // A repeated write is two: its first attempt is on disks and may be seen before the second takes its place.
    if (op->attempts > 1) {
      auto first = one;
      first.certain = false;
      first.label += ", first attempt";
      history.push_back(std::move(first));
    }
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
