#include "actors/core/group_builder.hpp"

#include <algorithm>

#include "proto/ensure.hpp"
#include "proto/log_chain.hpp"
#include "proto/test_points.hpp"

namespace quorate::core {

result<group_builder::seen_record*> group_builder::look(const record_key& key) const {
  auto [i, fresh] = seen_.try_emplace(key);
  if (fresh) {
    auto stored = store_.get(key);
    if (!stored) {
      seen_.erase(i);
      return stored.error();
    }
    i->second.before = *stored;
    i->second.now = std::move(*stored);
  }
  return &i->second;
}

result<version> group_builder::add(const entry& e, shared_bytes bytes) {
  version by;
  const auto stamp = e.stamp();
  for (const auto& change : e.mutations) {
    auto seen = look(change.key);
    if (!seen) return seen.error();
    auto& record = **seen;
    if (planted(planted_bug::tombstone_by_time) && record.now && record.now->deleted
        && milliseconds_of(record.now->stamp.time) + 2'000 < points_unix_ms()) {
      // The defect: gone, as if it had never been.
    } else if (planted(planted_bug::arrival_order_wins) && record.now && record.now->stamp.node != stamp.node) {
      // The defect: whatever comes last stays.
    } else if (record.now && record.now->stamp >= stamp) {
      // The same version has come another way before, written back by a read: then it is in place.
      if (record.now->stamp > stamp) by = std::max(by, record.now->stamp);
      continue;
    }
    stored_record next;
    next.stamp = stamp;
    next.deleted = change.deleted;
    if (!change.deleted) {
      next.alias = change.alias;
      next.value = change.value;
      if (!next.alias.empty()) aliases_.emplace(next.alias, change.key);
    }
    if (!(planted(planted_bug::digest_skips_deletes) && next.deleted))
      state_.content.replace(change.key, record.now, next);
    if (record.now) {
      auto& count = record.now->deleted ? state_.counts.tombstones : state_.counts.live;
      ensure(count > 0, "a record that is replaced was counted");
      --count;
    }
    ++(next.deleted ? state_.counts.tombstones : state_.counts.live);
    record.now = std::move(next);
    record.changed = true;
    if (planted(planted_bug::entry_torn) && entries_.size() > 2) break;
  }
  state_.vector.advance(e.log, e.sequence, e.previous == 0 ? 0 : chain_hash(*bytes));
  places_[e.log].push_back(entries_.size());
  bytes_ += bytes->size();
  entries_.push_back({e.log, e.sequence, std::move(bytes)});
  return by;
}

bool group_builder::follows(const entry& e) const {
  const auto end = state_.vector.end_of(e.log);
  if (end.sequence == 0) return e.previous == 0 || e.previous == chain_start(e.log);
  return e.previous == end.hash;
}

shared_bytes group_builder::added(const log_id& log, sequence_number sequence) const {
  const auto found = places_.find(log);
  if (found == places_.end()) return nullptr;
  const auto first = entries_[found->second.front()].sequence;
  if (sequence < first || sequence - first >= found->second.size()) return nullptr;
  return entries_[found->second[sequence - first]].bytes;
}

result<version> group_builder::judge_again(const entry& e) const {
  version by;
  for (const auto& change : e.mutations) {
    auto seen = look(change.key);
    if (!seen) return seen.error();
    const auto& now = (*seen)->now;
    // Exactly this version: then nothing higher has been here since it came. Anything higher may have been here
    // before it or after it; the careful answer is "superseded".
    if (now && now->stamp > e.stamp()) by = std::max(by, now->stamp);
  }
  return by;
}

std::pair<storage::write_group, group_state> group_builder::take() {
  storage::write_group group;
  for (auto& [key, seen] : seen_) {
    if (!seen.changed) continue;
    storage::record_change change;
    const auto& old_alias = seen.before ? seen.before->alias : std::string();
    if (seen.now->alias != old_alias) {
      change.alias_removed = old_alias;
      change.alias_added = !seen.now->alias.empty();
    }
    change.key = key;
    change.record = std::move(*seen.now);
    group.records.push_back(std::move(change));
  }
  for (const auto& [log, places] : places_) group.positions.push_back({log, entries_[places.back()].sequence});
  group.entries = std::move(entries_);
  group.buckets = state_.content.take_changes();
  if (!group.records.empty()) group.counts = state_.counts;
  return {std::move(group), std::move(state_)};
}

result<std::optional<stored_record>> group_builder::get(const record_key& key) const {
  auto seen = look(key);
  if (!seen) return seen.error();
  return (*seen)->now;
}

result<std::vector<record_key>> group_builder::find(key_kind kind, std::string_view alias) const {
  auto stored = store_.find(kind, alias);
  if (!stored) return stored.error();
  std::vector<record_key> keys;
  auto add_if_current = [&](const record_key& key) {
    auto changed = seen_.find(key);
    bool current = changed == seen_.end() || !changed->second.changed
                   || (changed->second.now && changed->second.now->alias == alias);
    if (current && std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  };
  for (const auto& key : *stored) add_if_current(key);
  auto [first, last] = aliases_.equal_range(std::string(alias));
  for (auto i = first; i != last; ++i)
    if (i->second.kind == kind) add_if_current(i->second);
  std::sort(keys.begin(), keys.end());
  return keys;
}

result<std::vector<std::string>> group_builder::aliases_with_prefix(key_kind kind, std::string_view prefix,
                                                                    std::size_t count_max) const {
  // Each key of the group can have taken one alias away.
  auto candidates = store_.aliases_with_prefix(kind, prefix, count_max + seen_.size());
  if (!candidates) return candidates.error();
  for (const auto& [alias, key] : aliases_)
    if (key.kind == kind && !prefix.empty() && alias.starts_with(prefix)) candidates->push_back(alias);
  std::sort(candidates->begin(), candidates->end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  candidates->erase(std::unique(candidates->begin(), candidates->end()), candidates->end());
  std::vector<std::string> aliases;
  for (auto& alias : *candidates) {
    if (aliases.size() == count_max) break;
    const auto holders = find(kind, alias);
    if (!holders) return holders.error();
    if (!holders->empty()) aliases.push_back(std::move(alias));
  }
  return aliases;
}

}  // namespace quorate::core
