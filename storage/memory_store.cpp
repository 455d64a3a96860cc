#include "storage/memory_store.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <tuple>

#include "storage/group_check.hpp"
#include "storage/page_builder.hpp"

namespace quorate::storage {

namespace {

/// All that a disk would hold.
struct contents {
  std::map<record_key, stored_record> records;
  std::set<std::tuple<key_kind, std::string, std::string>> aliases;  ///< kind, alias, key
  std::map<log_id, std::vector<shared_bytes>> logs;                  ///< the entry with sequence n at n - 1
  digest_buckets buckets{};
  record_counts counts;
  std::uint64_t clock_bound = 0;
  std::uint64_t epoch = 0;
  member_disks disks;
  std::optional<member_list> members;
};

status broken_promise(std::string what) { return {errc::internal, "write group: " + std::move(what)}; }

// What store.hpp asks of a group, given what is stored.

status check_change(const contents& held, const record_change& change) {
  const auto kind = change.key.kind;
  const auto& bytes = change.key.bytes;
  const auto indexed = [&](const std::string& alias) { return held.aliases.contains({kind, alias, bytes}); };
  if (!change.alias_removed.empty() && !indexed(change.alias_removed))
    return broken_promise("an alias is removed that was not indexed");
  const bool has_alias = !change.record.alias.empty();
  if (change.alias_added && (!has_alias || indexed(change.record.alias)))
    return broken_promise("an alias is added that is empty or already indexed");
  if (has_alias && !change.alias_added
      && (!indexed(change.record.alias) || change.alias_removed == change.record.alias))
    return broken_promise("a record's alias is not indexed");
  const auto previous = held.records.find(change.key);
  if (previous == held.records.end() || previous->second.alias.empty()) return {};
  if (previous->second.alias != change.record.alias && previous->second.alias != change.alias_removed)
    return broken_promise("the alias of a replaced version stays indexed");
  return {};
}

status check_group(const contents& held, const write_group& group) {
  if (auto s = check_sizes(group); !s.ok()) return s;
  std::set<record_key> keys;
  for (const auto& change : group.records) {
    if (!keys.insert(change.key).second) return broken_promise("two changes of one key");
    if (auto s = check_change(held, change); !s.ok()) return s;
  }
  if (auto s = check_clock_bound(group, held.clock_bound); !s.ok()) return s;
  return check_entries(group, [&held](const log_id& log) {
    const auto stored = held.logs.find(log);
    return stored == held.logs.end() ? sequence_number{0} : stored->second.size();
  });
}

void apply(contents& held, const write_group& group) {
  for (const auto& change : group.records) {
    if (!change.alias_removed.empty()) held.aliases.erase({change.key.kind, change.alias_removed, change.key.bytes});
    if (change.alias_added) held.aliases.emplace(change.key.kind, change.record.alias, change.key.bytes);
    held.records.insert_or_assign(change.key, change.record);
  }
  for (const auto& entry : group.entries) held.logs[entry.log].push_back(entry.bytes);
  for (const auto& [bucket, sum] : group.buckets) held.buckets[bucket] = sum;
  if (group.counts) held.counts = *group.counts;
  if (group.clock_bound) held.clock_bound = *group.clock_bound;
  if (group.disks) held.disks = *group.disks;
  if (group.members) held.members = group.members;
}

class map_store final : public memory_store {
 public:
  result<std::optional<stored_record>> get(const record_key& key) const override {
    const std::lock_guard lock(mutex_);
    const auto found = written_.records.find(key);
    if (found == written_.records.end()) return std::optional<stored_record>();
    return std::optional<stored_record>(found->second);
  }

  result<std::vector<record_key>> find(key_kind kind, std::string_view alias) const override {
    const std::lock_guard lock(mutex_);
    std::vector<record_key> keys;
    if (alias.empty()) return keys;
    for (auto at = written_.aliases.lower_bound({kind, std::string(alias), std::string()});
         at != written_.aliases.end() && std::get<0>(*at) == kind && std::get<1>(*at) == alias; ++at)
      keys.push_back({kind, std::get<2>(*at)});
    return keys;
  }

  result<std::vector<std::string>> aliases_with_prefix(key_kind kind, std::string_view prefix,
                                                       std::size_t count_max) const override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> found;
    if (prefix.empty()) return found;
    for (auto at = written_.aliases.lower_bound({kind, std::string(prefix), std::string()});
         at != written_.aliases.end() && std::get<0>(*at) == kind && std::get<1>(*at).starts_with(prefix); ++at)
      if (found.empty() || found.back() != std::get<1>(*at)) found.push_back(std::get<1>(*at));
    std::stable_sort(found.begin(), found.end(),
                     [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
    if (found.size() > count_max) found.resize(count_max);
    return found;
  }

  result<record_page> scan(key_kind kind, std::string_view prefix, std::string_view after, std::size_t count_max,
                           std::size_t bytes_max) const override {
    const std::lock_guard lock(mutex_);
    const auto& records = written_.records;
    auto at = !after.empty() && after >= prefix ? records.upper_bound({kind, std::string(after)})
                                                : records.lower_bound({kind, std::string(prefix)});
    page_builder page(count_max, bytes_max);
    for (; at != records.end() && at->first.kind == kind && at->first.bytes.starts_with(prefix); ++at)
      if (!page.add(record_key(at->first), stored_record(at->second))) break;
    return page.take();
  }

  result<std::uint64_t> begin_epoch(std::uint64_t unix_ms, std::uint16_t random_bits) override {
    const std::lock_guard lock(mutex_);
    if (!failed_.ok()) return failed_;
    if (written_.epoch == epoch_max) return status(errc::internal, "no epoch is left");
    written_.epoch = std::max(written_.epoch + 1, unix_ms << 16 | random_bits);
    synced_.reset();
    return written_.epoch;
  }

  status commit(const write_group& group) override {
    // Asked without the lock, so that it may read the store.
    const auto permission = before_commit ? before_commit(group) : status();
    const std::lock_guard lock(mutex_);
    if (!failed_.ok()) return failed_;
    if (!permission.ok())
      return failed_ = status(permission.code() == errc::disk_full ? errc::disk_full : errc::storage_failure,
                              permission.message());
    if (auto s = check_group(written_, group); !s.ok()) return s;
    if (!skip_sync)
      synced_.reset();
    else if (!synced_)
      synced_ = written_;
    apply(written_, group);
    return {};
  }

  result<std::vector<encoded_entry>> read_log(const log_id& log, sequence_number first,
                                              std::size_t bytes_max) const override {
    if (auto s = check_first(first); !s.ok()) return s;
    const std::lock_guard lock(mutex_);
    std::vector<encoded_entry> entries;
    const auto found = written_.logs.find(log);
    if (found == written_.logs.end()) return entries;
    std::size_t bytes_taken = 0;
    for (auto sequence = first; sequence <= found->second.size(); ++sequence) {
      const auto& bytes = found->second[sequence - 1];
      if (!entries.empty() && bytes_taken + bytes->size() > bytes_max) break;
      bytes_taken += bytes->size();
      entries.push_back({log, sequence, bytes});
    }
    return entries;
  }

  result<store_summary> summary() const override {
    const std::lock_guard lock(mutex_);
    store_summary held{
        {}, written_.buckets, written_.counts, written_.clock_bound, written_.epoch, written_.disks, written_.members};
    for (const auto& [log, entries] : written_.logs) held.vector.push_back({log, entries.size()});
    return held;
  }

  std::unique_ptr<record_reader> view() const override {
    auto copy = std::make_unique<map_store>();
    const std::lock_guard lock(mutex_);
    copy->written_.records = written_.records;
    copy->written_.aliases = written_.aliases;
    return copy;
  }

  result<disk_space> space() const override { return disk_space{free, limits::disk_reserve_bytes}; }

  void power_cut() override {
    const std::lock_guard lock(mutex_);
    if (synced_) written_ = std::move(*synced_);
    synced_.reset();
    failed_ = {};
  }

  void wipe() override {
    const std::lock_guard lock(mutex_);
    written_ = {};
    synced_.reset();
    failed_ = {};
  }

  void copy() override {
    const std::lock_guard lock(mutex_);
    copy_ = synced_ ? *synced_ : written_;
  }

  void put_copy_back() override {
    const std::lock_guard lock(mutex_);
    written_ = copy_;
    synced_.reset();
    failed_ = {};
  }

 private:
  mutable std::mutex mutex_;
  contents written_;
  contents copy_;
  std::optional<contents> synced_;  ///< what is on disk, while that differs from what was written
  status failed_;
};

}  // namespace

std::unique_ptr<memory_store> make_memory_store() { return std::make_unique<map_store>(); }

}  // namespace quorate::storage
