// A whole database as a stream of blocks, and back; and data directories made of either kind of backup.
#include <rocksdb/db.h>
#include <rocksdb/snapshot.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <iterator>

#include "storage/data_directory.hpp"
#include "storage/meta_codec.hpp"
#include "storage/rocks_internal.hpp"
#include "storage/rocks_status.hpp"
#include "storage/snapshot.hpp"

namespace quorate::storage {

namespace {

constexpr std::size_t batch_bytes = 1u << 20;

std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }
rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

class database_snapshot final : public snapshot_reading {
 public:
  database_snapshot(const rocks_database& db, std::string directory)
      : db_(db), directory_(std::move(directory)), at_(db_.operator->()) {}

  result<std::string> next() override {
    if (!begun_) {
      begun_ = true;
      return snapshot_blocks::begin(format_number);
    }
    while (family_ < families && !blocks_.full()) {
      if (!rows_) open();
      if (!rows_->Valid()) {
        if (auto s = rows_->status(); !s.ok()) return translate(s, directory_);
        rows_.reset();
        ++family_;
        continue;
      }
      blocks_.add({static_cast<std::uint8_t>(family_), view(rows_->key()), view(rows_->value())});
      rows_->Next();
    }
    if (!blocks_.empty()) return blocks_.take();
    if (ended_) return std::string();
    ended_ = true;
    return blocks_.end();
  }

 private:
  void open() {
    auto options = iterator_options();
    options.snapshot = at_.snapshot();
    options.fill_cache = false;
    options.total_order_seek = true;
    rows_.reset(db_->NewIterator(options, db_[static_cast<family>(family_)]));
    rows_->SeekToFirst();
  }

  const rocks_database& db_;
  const std::string directory_;
  rocksdb::ManagedSnapshot at_;
  std::unique_ptr<rocksdb::Iterator> rows_;
  std::size_t family_ = 0;
  snapshot_blocks blocks_;
  bool begun_ = false;
  bool ended_ = false;
};

// The row `disks` is left out of everything that is restored: the disk it goes to is another one, and does not hold all
// that this node has acknowledged since. Without the row it begins as a new disk and is filled from the other members
// before it counts. So is the row `members`: who they are now is known to whoever starts the node there.
constexpr std::string_view rows_left_out[] = {disks_key, members_key};

bool is_left_out(std::string_view key) {
  return std::find(std::begin(rows_left_out), std::end(rows_left_out), key) != std::end(rows_left_out);
}

/// Whom a restored directory belongs to: whoever is named, else whom it belonged to.
store_identity owner_from(const store_identity& found, store_identity wanted) {
  if (wanted.cluster_id.empty()) wanted.cluster_id = found.cluster_id;
  if (wanted.node_name.empty()) wanted.node_name = found.node_name;
  return wanted;
}

/// Reads every table and every row.
status read_through(const rocks_database& db, const std::string& directory) {
  const auto reading = verify_database(db, directory);
  for (;;) {
    auto read = reading->next();
    if (!read) return read.error();
    if (!*read) return {};
  }
}

/// Puts rows into a database that nobody else uses yet.
class row_writer {
 public:
  row_writer(const rocks_database& db, const rocks_options& options) : db_(db), options_(options) {}

  status add(const snapshot_row& row) {
    if (row.family >= families) return {errc::corruption, "the snapshot holds rows of an unknown kind"};
    const auto which = static_cast<family>(row.family);
    auto value = row.value;
    std::string identity;
    if (which == family::meta && row.key == identity_key) {
      const auto found = decode_identity(row.value);
      if (!found) return found.error();
      owner_ = owner_from(*found, options_.identity);
      identity = identity_row(*owner_).value;
      value = identity;
    }
    if (which == family::meta && is_left_out(row.key)) return {};
    if (auto s = batch_.Put(db_[which], slice(row.key), slice(value)); !s.ok()) return translate(s, options_.directory);
    return batch_.GetDataSize() < batch_bytes ? status() : write(false);
  }

  status write(bool synced) {
    rocksdb::WriteOptions options;
    options.sync = synced;
    if (auto s = db_->Write(options, &batch_); !s.ok()) return translate(s, options_.directory);
    batch_.Clear();
    return {};
  }

  const std::optional<store_identity>& owner() const { return owner_; }

 private:
  const rocks_database& db_;
  const rocks_options& options_;
  rocksdb::WriteBatch batch_;
  std::optional<store_identity> owner_;
};

status fill(const rocks_database& db, const rocks_options& options, const snapshot_input& input,
            restored_snapshot* restored) {
  row_writer rows(db, options);
  snapshot_parser parser;
  const auto take = [&rows](const snapshot_row& row) { return rows.add(row); };
  for (;;) {
    auto piece = input();
    if (!piece) return piece.error();
    if (piece->empty()) break;
    if (auto fed = parser.feed(*piece, take); !fed) return fed;
  }
  if (auto ended = parser.finish(); !ended) return ended;
  if (!rows.owner()) return {errc::corruption, "the snapshot does not say whose it is"};
  if (auto written = rows.write(true); !written) return written;
  if (auto read = read_through(db, options.directory); !read) return read;
  restored->rows = parser.rows();
  restored->owner = *rows.owner();
  return {};
}

/// Open only within.
status make_database(const rocks_options& options, const snapshot_input& input, restored_snapshot* restored) {
  const auto db = create_database(options);
  if (!db) return db.error();
  if (auto filled = fill(*db, options, input, restored); !filled) return filled;
  if (auto s = (*db)->Flush(rocksdb::FlushOptions()); !s.ok()) return translate(s, options.directory);
  return {};
}

/// The number of rows, all column families together.
result<std::uint64_t> count_rows(const rocks_database& db, const std::string& directory) {
  std::uint64_t count = 0;
  for (std::size_t f = 0; f < families; ++f) {
    auto options = iterator_options();
    options.fill_cache = false;
    options.total_order_seek = true;
    const std::unique_ptr<rocksdb::Iterator> rows(db->NewIterator(options, db[static_cast<family>(f)]));
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) ++count;
    if (auto s = rows->status(); !s.ok()) return translate(s, directory);
  }
  return count;
}

status make_of_backup(const rocks_options& options, const std::string& backups, backup_number number,
                      restored_snapshot* restored) {
  if (auto copied = copy_out_of_backup(backups, number, options.directory); !copied) return copied;
  const auto found = open_found_database(options);
  if (!found) return found.error();
  const auto& db = found->database;
  restored->owner = owner_from(found->owner, options.identity);
  const auto identity = identity_row(restored->owner);
  rocksdb::WriteBatch rows;
  auto s = rows.Put(db[family::meta], identity.key, identity.value);
  for (const auto key : rows_left_out)
    if (s.ok()) s = rows.Delete(db[family::meta], slice(key));
  rocksdb::WriteOptions synced;
  synced.sync = true;
  if (s.ok()) s = db->Write(synced, &rows);
  // What its logs held becomes tables, which the reading covers.
  for (std::size_t f = 0; f < families && s.ok(); ++f)
    s = db->Flush(rocksdb::FlushOptions(), db[static_cast<family>(f)]);
  if (!s.ok()) return translate(s, options.directory);
  if (auto read = read_through(db, options.directory); !read) return read;
  const auto count = count_rows(db, options.directory);
  if (!count) return count.error();
  restored->rows = *count;
  return {};
}

/// `make` fills a directory beside the one that is wanted, which gets its name when all is there.
template <class Make>
result<restored_snapshot> make_directory(const rocks_options& options, Make make) {
  const auto state = look_at_directory(options.directory);
  if (!state) return state.error();
  if (*state != directory_state::absent)
    return status::invalid("--data", options.directory + " exists: restore into a directory that does not");
  const auto unfinished = options.directory + ".restoring";
  if (auto removed = remove_directory(unfinished); !removed) return removed;
  if (auto created = create_directory(unfinished); !created) return created;
  auto inner = options;
  inner.directory = unfinished;
  restored_snapshot restored;
  if (auto made = make(inner, &restored); !made) {
    // Of no use; what cannot be removed now the next attempt removes.
    static_cast<void>(remove_directory(unfinished).ok());
    return made;
  }
  if (auto moved = move_directory(unfinished, options.directory); !moved) return moved;
  return restored;
}

}  // namespace

std::unique_ptr<snapshot_reading> read_snapshot(const rocks_database& database, const std::string& directory) {
  return std::make_unique<database_snapshot>(database, directory);
}

result<restored_snapshot> restore_rocks_store(const rocks_options& options, const snapshot_input& input) {
  return make_directory(options, [&](const rocks_options& inner, restored_snapshot* restored) {
    return make_database(inner, input, restored);
  });
}

result<restored_snapshot> restore_rocks_store(const rocks_options& options, const std::string& backups,
                                              backup_number number) {
  return make_directory(options, [&](const rocks_options& inner, restored_snapshot* restored) {
    return make_of_backup(inner, backups, number, restored);
  });
}

}  // namespace quorate::storage
