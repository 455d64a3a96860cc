// Builds one group commit: entries go in, in any order of origin, and a storage::write_group comes out that brings
// records, alias index, logs, vector, digest and counts forward together.
//
// Here is the merge rule: per key the highest version wins, tombstones included. Owned by the writer, one at a time;
// no I/O but reads through the store. It is a record_reader itself: reads see the writes of the group.
//
// A builder that is thrown away leaves nothing behind: vector, digest and counts are changed in the writer's
// `group_state` only by `take`.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/core/digest.hpp"
#include "actors/core/log_vector.hpp"
#include "proto/record.hpp"
#include "storage/store.hpp"

namespace quorate::core {

/// What the writer knows of the store without reading it.
struct group_state {
  log_vector vector;
  digest content;
  storage::record_counts counts;
};

class group_builder : public record_reader {
 public:
  group_builder(const record_reader& store, const group_state& before) : store_(store), state_(before) {}

  /// Merges an entry that is next in its log. The result is the version that stood in its way at some key (in place:
  /// the zero version). An error is the store's: damage or a failed read; the group must be thrown away then.
  result<version> add(const entry& e, shared_bytes bytes);

  /// Whether an entry that is next in its log holds the hash of the one before it here. Logs of releases that had no
  /// hashes have none from their first entry on.
  bool follows(const entry& e) const;
  /// The bytes of an entry that was added to this group; nothing for others.
  shared_bytes added(const log_id& log, sequence_number sequence) const;

  /// The verdict on an entry that is already held: the version of its keys' present holder, where higher.
  result<version> judge_again(const entry& e) const;

  const log_vector& vector() const { return state_.vector; }
  bool empty() const { return entries_.empty(); }
  std::size_t bytes() const { return bytes_; }
  std::size_t entries() const { return entries_.size(); }

  /// The group, and the state once it is committed. The builder is done.
  std::pair<storage::write_group, group_state> take();

  result<std::optional<stored_record>> get(const record_key& key) const override;
  result<std::vector<record_key>> find(key_kind kind, std::string_view alias) const override;
  result<std::vector<std::string>> aliases_with_prefix(key_kind kind, std::string_view prefix,
                                                       std::size_t count_max) const override;
  /// Committed records only: what a plan scans for (uses, links) may lack this group's.
  result<record_page> scan(key_kind kind, std::string_view prefix, std::string_view after, std::size_t count_max,
                           std::size_t bytes_max) const override {
    return store_.scan(kind, prefix, after, count_max, bytes_max);
  }

 private:
  struct seen_record {
    std::optional<stored_record> before;  ///< as committed
    std::optional<stored_record> now;     ///< with this group's changes
    bool changed = false;
  };
  struct key_hash {
    std::size_t operator()(const record_key& key) const noexcept {
      return std::hash<std::string>{}(key.bytes) ^ static_cast<std::size_t>(key.kind);
    }
  };

  result<seen_record*> look(const record_key& key) const;

  const record_reader& store_;
  group_state state_;
  /// Filled by reads too: a planned key is read once, not twice.
  mutable std::unordered_map<record_key, seen_record, key_hash> seen_;
  std::unordered_multimap<std::string, record_key> aliases_;  ///< given in this group
  std::vector<encoded_entry> entries_;
  std::map<log_id, std::vector<std::size_t>> places_;  ///< in entries_, of each log
  std::size_t bytes_ = 0;
};

}  // namespace quorate::core
