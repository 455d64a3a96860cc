#include "storage/rocks_store.hpp"

#include <rocksdb/db.h>
#include <rocksdb/snapshot.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "proto/ensure.hpp"
#include "storage/big_endian.hpp"
#include "storage/checksum.hpp"
#include "storage/group_check.hpp"
#include "storage/keys.hpp"
#include "storage/meta_codec.hpp"
#include "storage/page_builder.hpp"
#include "storage/record_codec.hpp"
#include "storage/rocks_internal.hpp"
#include "storage/rocks_status.hpp"
#include "storage/sums_journal.hpp"

namespace quorate::storage {

namespace {

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

status damage_in(const std::string& directory, std::string_view what) {
  return {errc::corruption, directory + ": " + std::string(what)};
}

/// Rows of a column family from `first` on and before `end`, as they were when this was made.
class row_range {
 public:
  row_range(const rocks_database& db, family f, std::string_view first, std::optional<std::string> end,
            rocksdb::ReadOptions options = iterator_options())
      : end_(std::move(end)) {
    if (end_) {
      end_slice_ = slice(*end_);
      options.iterate_upper_bound = &end_slice_;
    }
    rows_.reset(db->NewIterator(options, db[f]));
    rows_->Seek(slice(first));
  }
  row_range(const row_range&) = delete;

  bool valid() const { return rows_->Valid(); }
  void next() { rows_->Next(); }
  std::string_view key() const { return view(rows_->key()); }
  std::string_view value() const { return view(rows_->value()); }
  rocksdb::Status error() const { return rows_->status(); }

 private:
  std::optional<std::string> end_;
  rocksdb::Slice end_slice_;
  std::unique_ptr<rocksdb::Iterator> rows_;
};

/// The instant that `at` is, or else the present one for as long as this is there.
class one_instant {
 public:
  one_instant(const rocks_database& db, const rocksdb::Snapshot* at) {
    if (at == nullptr) own_.emplace(db.operator->());
    snapshot_ = own_ ? own_->snapshot() : at;
  }
  const rocksdb::Snapshot* snapshot() const { return snapshot_; }

 private:
  std::optional<rocksdb::ManagedSnapshot> own_;
  const rocksdb::Snapshot* snapshot_;
};

/// Reads records: as they were at the snapshot `at`, or, without one, as they are at each call.
class record_rows {
 public:
  record_rows(const rocks_database& db, const std::string& directory, const rocksdb::Snapshot* at)
      : db_(db), directory_(directory), at_(at) {}

  result<std::optional<stored_record>> get(const record_key& key) const {
    return get_at(at_instant({}, at_), key.kind, key.bytes);
  }

  result<std::vector<record_key>> find(key_kind kind, std::string_view alias) const {
    if (alias.empty() || alias.size() > limits::alias_bytes_max) return std::vector<record_key>();
    const one_instant instant(db_, at_);
    const auto options = at_instant({}, instant.snapshot());
    auto prefixed = at_instant(iterator_options(), instant.snapshot());
    prefixed.prefix_same_as_start = true;
    std::string prefix;
    append_alias_prefix(prefix, kind, alias);
    row_range rows(db_, family::aliases, prefix, end_of_prefix(prefix), prefixed);
    std::vector<record_key> keys;
    for (; rows.valid(); rows.next()) {
      const auto bytes = rows.key().substr(prefix.size());
      const auto record = get_at(options, kind, bytes);
      if (!record) return record.error();
      // The record decides, the index only proposes.
      if (*record && !(*record)->deleted && (*record)->alias == alias) keys.push_back({kind, std::string(bytes)});
    }
    if (auto s = rows.error(); !s.ok()) return translate(s, directory_);
    return keys;
  }

  result<std::vector<std::string>> aliases_with_prefix(key_kind kind, std::string_view prefix,
                                                       std::size_t count_max) const {
    std::vector<std::string> found;
    const one_instant instant(db_, at_);
    const auto options = at_instant({}, instant.snapshot());
    auto ordered = at_instant(iterator_options(), instant.snapshot());
    ordered.total_order_seek = true;
    std::unique_ptr<rocksdb::Iterator> rows(db_->NewIterator(ordered, db_[family::aliases]));
    // Stored by length first: one walk for each length there is.
    for (std::size_t length = prefix.size();
         !prefix.empty() && length <= limits::alias_bytes_max && found.size() < count_max;) {
      std::string start;
      append_alias_start(start, kind, length, prefix);
      for (rows->Seek(start); rows->Valid() && rows->key().starts_with(start) && found.size() < count_max;
           rows->Next()) {
        const auto row = view(rows->key());
        const auto alias = row.substr(start.size() - prefix.size(), length);
        if (!found.empty() && found.back() == alias) continue;
        const auto record = get_at(options, kind, row.substr(start.size() - prefix.size() + length));
        if (!record) return record.error();
        // The record decides, the index only proposes.
        if (*record && !(*record)->deleted && (*record)->alias == alias) found.emplace_back(alias);
      }
      if (auto s = rows->status(); !s.ok()) return translate(s, directory_);
      if (!rows->Valid()) break;
      const auto next = alias_length(view(rows->key()), kind);
      if (!next) break;
      length = std::max(length + 1, *next);
    }
    return found;
  }

  result<record_page> scan(key_kind kind, std::string_view prefix, std::string_view after, std::size_t count_max,
                           std::size_t bytes_max) const {
    std::string start;
    append_record_key(start, kind, prefix);
    auto end = end_of_prefix(start);
    if (!after.empty() && after >= prefix) {
      start.clear();
      append_record_key(start, kind, after);
      start.push_back('\0');  // the first key behind `after`
    }
    auto options = at_instant(iterator_options(), at_);
    // Whoever reads all of an instant must not push out what clients read.
    options.fill_cache = at_ == nullptr || !prefix.empty();
    row_range rows(db_, family::records, start, std::move(end), options);
    page_builder page(count_max, bytes_max);
    for (; rows.valid(); rows.next()) {
      auto key = parse_record_key(rows.key());
      if (!key) return damaged("a stored key has an unknown form");
      auto record = decode_record(rows.key(), rows.value());
      if (!record) return damaged(record.error().context());
      if (!page.add(std::move(*key), std::move(*record))) break;
    }
    if (auto s = rows.error(); !s.ok()) return translate(s, directory_);
    return page.take();
  }

 private:
  static rocksdb::ReadOptions at_instant(rocksdb::ReadOptions options, const rocksdb::Snapshot* instant) {
    options.snapshot = instant;
    return options;
  }

  result<std::optional<stored_record>> get_at(const rocksdb::ReadOptions& options, key_kind kind,
                                              std::string_view bytes) const {
    std::string key;
    key.reserve(1 + bytes.size());
    append_record_key(key, kind, bytes);
    rocksdb::PinnableSlice stored;
    const auto s = db_->Get(options, db_[family::records], key, &stored);
    if (s.IsNotFound()) return std::optional<stored_record>();
    if (!s.ok()) return translate(s, directory_);
    auto record = decode_record(key, view(stored));
    if (!record) return damaged(record.error().context());
    return std::optional<stored_record>(std::move(*record));
  }

  status damaged(std::string_view what) const { return damage_in(directory_, what); }

  const rocks_database& db_;
  const std::string& directory_;
  const rocksdb::Snapshot* at_;
};

/// The records as they were when this was made.
class database_view final : public record_reader {
 public:
  database_view(const rocks_database& db, std::string directory)
      : directory_(std::move(directory)), at_(db.operator->()), rows_(db, directory_, at_.snapshot()) {}

  result<std::optional<stored_record>> get(const record_key& key) const override { return rows_.get(key); }
  result<std::vector<record_key>> find(key_kind kind, std::string_view alias) const override {
    return rows_.find(kind, alias);
  }
  result<std::vector<std::string>> aliases_with_prefix(key_kind kind, std::string_view prefix,
                                                       std::size_t count_max) const override {
    return rows_.aliases_with_prefix(kind, prefix, count_max);
  }
  result<record_page> scan(key_kind kind, std::string_view prefix, std::string_view after, std::size_t count_max,
                           std::size_t bytes_max) const override {
    return rows_.scan(kind, prefix, after, count_max, bytes_max);
  }

 private:
  const std::string directory_;
  rocksdb::ManagedSnapshot at_;
  const record_rows rows_;
};

class rocks_store final : public store {
 public:
  rocks_store(rocks_database db, std::string directory, bool older)
      : db_(std::move(db)), directory_(std::move(directory)), older_(older) {}

  result<std::optional<stored_record>> get(const record_key& key) const override { return rows_.get(key); }
  result<std::vector<record_key>> find(key_kind kind, std::string_view alias) const override {
    return rows_.find(kind, alias);
  }
  result<std::vector<std::string>> aliases_with_prefix(key_kind kind, std::string_view prefix,
                                                       std::size_t count_max) const override {
    return rows_.aliases_with_prefix(kind, prefix, count_max);
  }
  result<record_page> scan(key_kind kind, std::string_view prefix, std::string_view after, std::size_t count_max,
                           std::size_t bytes_max) const override {
    return rows_.scan(kind, prefix, after, count_max, bytes_max);
  }

  result<std::uint64_t> begin_epoch(std::uint64_t unix_ms, std::uint16_t random_bits) override {
    if (!failed_.ok()) return failed_;
    const auto held = sums();
    if (!held) return held.error();
    if (held->summary.epoch == epoch_max) return status(errc::internal, directory_ + ": no epoch is left");
    const auto epoch = std::max(held->summary.epoch + 1, unix_ms << 16 | random_bits);
    ensure(epoch > held->summary.epoch, "an epoch is above every earlier one");
    batch_.Clear();
    if (auto s = write(put(epoch_row(epoch))); !s.ok()) return s;
    return epoch;
  }

  status commit(const write_group& group) override {
    if (!failed_.ok()) return failed_;
    if (!journal_) {
      const auto held = sums();
      if (!held) return held.error();
      journal_.emplace(*held);
    }
    if (auto s = check_sizes(group); !s.ok()) return s;
    if (auto s = check_entries(group, [this](const log_id& log) { return journal_->end_of(log); }); !s.ok()) return s;
    if (auto s = check_clock_bound(group, journal_->clock_bound()); !s.ok()) return s;
    batch_.Clear();
    rocksdb::Status built;
    const auto note = [&built](rocksdb::Status s) {
      if (built.ok()) built = std::move(s);
    };
    for (const auto& change : group.records) note(put(change));
    for (const auto& entry : group.entries) note(put(entry));
    for (const auto& row : journal_->rows(group)) note(put(row));
    if (auto s = write(std::move(built)); !s.ok()) return s;
    raise_ends(group.positions);
    return {};
  }

  result<std::vector<encoded_entry>> read_log(const log_id& log, sequence_number first,
                                              std::size_t bytes_max) const override {
    if (auto s = check_first(first); !s.ok()) return s;
    // In this order: what ends there now the rows have, whatever is written meanwhile.
    const auto end = end_of(log);
    if (!end) return end.error();
    std::string start;
    std::string prefix;
    append_log_key(start, log, first);
    append_log_prefix(prefix, log);
    auto options = iterator_options();
    options.fill_cache = false;  // a peer that catches up must not push out what clients read
    row_range rows(db_, family::log, start, end_of_prefix(std::move(prefix)), options);
    std::vector<encoded_entry> entries;
    std::size_t bytes_taken = 0;
    auto expected = first;
    for (; rows.valid(); rows.next(), ++expected) {
      const auto place = parse_log_key(rows.key());
      if (!place || place->sequence != expected) return damaged("entry " + name(log, expected) + " is missing");
      const auto bytes = decode_log_value(rows.key(), rows.value());
      if (!bytes) return damaged("entry " + name(log, expected) + " does not match its checksum");
      if (!entries.empty() && bytes_taken + bytes->size() > bytes_max) return entries;
      bytes_taken += bytes->size();
      entries.push_back({log, expected, std::make_shared<const std::string>(*bytes)});
    }
    if (auto s = rows.error(); !s.ok()) return translate(s, directory_);
    if (expected <= *end) return damaged("entry " + name(log, expected) + " is missing");
    return entries;
  }

  result<disk_space> space() const override { return space_of(directory_); }

  result<store_summary> summary() const override {
    auto held = sums();
    if (!held) return held.error();
    return std::move(held->summary);
  }

  std::unique_ptr<snapshot_reading> snapshot() const override { return read_snapshot(db_, directory_); }

  std::unique_ptr<record_reader> view() const override { return std::make_unique<database_view>(db_, directory_); }
  result<incremental_backup> back_up(const backup_order& order) const override {
    return add_backup(db_, directory_, order);
  }

  std::unique_ptr<verification> verify() const override { return verify_database(db_, directory_); }

 private:
  result<stored_sums> sums() const {
    sums_reader held;
    row_range rows(db_, family::meta, {}, std::nullopt);
    for (; rows.valid(); rows.next()) {
      if (auto s = held.add(rows.key(), rows.value()); !s.ok()) return damaged(s.context());
    }
    if (auto s = rows.error(); !s.ok()) return translate(s, directory_);
    return held.take();
  }

  /// How far a log goes: as the disk says, once, and then as the writer moves it.
  result<sequence_number> end_of(const log_id& log) const {
    const std::lock_guard lock(ends_mutex_);
    if (!ends_) {
      const auto held = sums();
      if (!held) return held.error();
      ends_.emplace();
      for (const auto& position : held->summary.vector) ends_->emplace(position.log, position.sequence);
    }
    const auto found = ends_->find(log);
    return found == ends_->end() ? sequence_number{0} : found->second;
  }

  void raise_ends(const std::vector<log_position>& positions) {
    const std::lock_guard lock(ends_mutex_);
    if (!ends_) return;  // whoever asks first reads what was just written
    for (const auto& position : positions) (*ends_)[position.log] = position.sequence;
  }

  rocksdb::Status put(const record_change& change) {
    key_.clear();
    append_record_key(key_, change.key.kind, change.key.bytes);
    encode_record(key_, change.record, value_);
    auto s = batch_.Put(db_[family::records], key_, value_);
    if (s.ok() && !change.alias_removed.empty())
      s = batch_.Delete(db_[family::aliases], alias_key(change.key, change.alias_removed));
    if (s.ok() && change.alias_added)
      s = batch_.Put(db_[family::aliases], alias_key(change.key, change.record.alias), rocksdb::Slice());
    return s;
  }

  rocksdb::Status put(const encoded_entry& entry) {
    key_.clear();
    append_log_key(key_, entry.log, entry.sequence);
    value_.clear();
    append_big_endian(value_, checksum(key_, *entry.bytes));
    const rocksdb::Slice key = key_;
    const std::array<rocksdb::Slice, 2> value{slice(*entry.bytes), value_};
    return batch_.Put(db_[family::log], {&key, 1}, {value.data(), static_cast<int>(value.size())});
  }

  rocksdb::Status put(const meta_row& row) { return batch_.Put(db_[family::meta], row.key, row.value); }

  const std::string& alias_key(const record_key& key, std::string_view alias) {
    key_.clear();
    append_alias_key(key_, key.kind, alias, key.bytes);
    return key_;
  }

  /// Writes and syncs the batch, unless building it failed. Any error is final.
  status write(rocksdb::Status built) {
    // Not earlier: a start that is refused leaves the directory to the release that wrote it. Not later: what that one
    // could not read comes together with the number that keeps it away.
    if (const auto row = format_row(format_number); older_ && built.ok()) built = batch_.Put(row.key, row.value);
    rocksdb::WriteOptions synced;
    synced.sync = true;
    if (built.ok()) built = db_->Write(synced, &batch_);
    if (built.ok()) {
      older_ = false;
      return {};
    }
    // What is on disk now is unknown, whatever the reason. Two are told apart: that space ran out, because it passes,
    // and damage, which a compaction may have found, because the node may begin anew on an empty disk. The error of a
    // flush in the background comes here too.
    const auto why = translate(built, directory_);
    const bool told = why.code() == errc::disk_full || why.code() == errc::corruption;
    failed_ = status(told ? why.code() : errc::storage_failure, why.context());
    return failed_;
  }

  static std::string name(const log_id& log, sequence_number sequence) {
    return std::to_string(sequence) + " of log " + std::to_string(to_number(log.origin)) + "/"
           + std::to_string(log.epoch);
  }

  status damaged(std::string_view what) const { return damage_in(directory_, what); }

  rocks_database db_;
  std::string directory_;
  record_rows rows_{db_, directory_, nullptr};

  mutable std::mutex ends_mutex_;
  mutable std::optional<std::unordered_map<log_id, sequence_number>> ends_;  ///< none = not read yet

  // The writer's.
  std::optional<sums_journal> journal_;
  rocksdb::WriteBatch batch_;
  std::string key_;
  std::string value_;
  status failed_;
  bool older_;  ///< the format of the directory, until the first write
};

}  // namespace

std::unique_ptr<store> make_rocks_store(rocks_database database, std::string directory, bool older) {
  return std::make_unique<rocks_store>(std::move(database), std::move(directory), older);
}

}  // namespace quorate::storage
