#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <algorithm>
#include <exception>
#include <optional>

#include "storage/data_directory.hpp"
#include "storage/disk_space.hpp"
#include "storage/meta_codec.hpp"
#include "storage/rocks_internal.hpp"
#include "storage/rocks_status.hpp"
#include "storage/wal_check.hpp"

namespace quorate::storage {

namespace {

/// Keeps a read-only look from starting a log file.
class silent_logger : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

/// Holds the directory's lock, as an open database would.
class directory_lock {
 public:
  explicit directory_lock(rocksdb::Env* env) : env_(env) {}
  directory_lock(const directory_lock&) = delete;
  ~directory_lock() {
    // Fails only when the file cannot be closed; the lock is gone then as well.
    if (lock_ != nullptr) env_->UnlockFile(lock_).PermitUncheckedError();
  }
  rocksdb::Status acquire(const std::string& directory) { return env_->LockFile(directory + "/LOCK", &lock_); }

 private:
  rocksdb::Env* env_;
  rocksdb::FileLock* lock_ = nullptr;
};

status in_directory(const std::string& directory, const status& error) {
  return {error.code(), directory + ": " + error.context()};
}

status check_format(const std::string& directory, std::string_view stored) {
  const auto number = decode_format(stored);
  if (!number) return in_directory(directory, number.error());
  if (*number > format_number)
    return {errc::format_too_new, directory + " has format " + std::to_string(*number) + ", this release reads up to "
                                      + std::to_string(format_number) + ": start a newer release"};
  if (*number < oldest_format_number)
    return {errc::corruption, directory + " has format " + std::to_string(*number) + ", which never existed"};
  return {};
}

status check_identity(const std::string& directory, std::string_view stored, const store_identity& wanted) {
  const auto found = decode_identity(stored);
  if (!found) return in_directory(directory, found.error());
  if (found->cluster_id != wanted.cluster_id)
    return {errc::wrong_cluster, directory + " belongs to cluster '" + found->cluster_id + "', this node to '"
                                     + wanted.cluster_id + "': give it its own directory"};
  if (found->node_name != wanted.node_name)
    return {errc::wrong_node, directory + " belongs to node '" + found->node_name + "', this node is '"
                                  + wanted.node_name + "': give it its own directory"};
  return {};
}

/// A row of the default column family; nothing when it is not there.
result<std::optional<std::string>> read_row(rocksdb::DB& db, std::string_view key, const std::string& directory) {
  std::string value;
  const auto s = db.Get(rocksdb::ReadOptions(), rocksdb::Slice(key.data(), key.size()), &value);
  if (s.IsNotFound()) return std::optional<std::string>();
  if (!s.ok()) return translate(s, directory);
  return std::optional<std::string>(std::move(value));
}

/// Whom a database of this format belongs to.
result<store_identity> find_owner(rocksdb::DB& db, const std::string& directory) {
  const auto format = read_row(db, format_key, directory);
  if (!format) return format.error();
  if (!*format) return status::invalid("--data", directory + " holds no database of this program");
  if (auto s = check_format(directory, **format); !s.ok()) return s;
  const auto identity = read_row(db, identity_key, directory);
  if (!identity) return identity.error();
  if (!*identity) return status(errc::corruption, directory + " holds data, but not whose it is");
  auto owner = decode_identity(**identity);
  if (!owner) return in_directory(directory, owner.error());
  return owner;
}

result<bool> holds_nothing(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* handle, const std::string& directory) {
  const std::unique_ptr<rocksdb::Iterator> rows(db.NewIterator(iterator_options(), handle));
  rows->SeekToFirst();
  if (!rows->status().ok()) return translate(rows->status(), directory);
  return !rows->Valid();
}

/// Whether the directory says whose it is, and if so, that it is ours. False: creation was cut short.
result<bool> check_owner(rocksdb::DB& db, const rocks_options& options) {
  const auto& directory = options.directory;
  const auto format = read_row(db, format_key, directory);
  if (!format) return format.error();
  if (!*format) {
    const auto empty = holds_nothing(db, db.DefaultColumnFamily(), directory);
    if (!empty) return empty.error();
    if (*empty) return false;
    // A damaged row is refused by its checksum; only another program's database has none.
    return status::invalid("--data", directory + " holds a database of another program: use an empty directory");
  }
  if (auto s = check_format(directory, **format); !s.ok()) return s;
  const auto identity = read_row(db, identity_key, directory);
  if (!identity) return identity.error();
  if (!*identity) return status(errc::corruption, directory + " holds data, but not whose it is");
  if (auto s = check_identity(directory, **identity, options.identity); !s.ok()) return s;
  return true;
}

/// Looks at an existing database without changing it. Held by the lock meanwhile.
template <class Look>
auto inspect(const rocks_options& options, rocksdb::Env* env, Look look)
    -> decltype(look(std::declval<rocksdb::DB&>())) {
  directory_lock lock(env);
  if (auto s = lock.acquire(options.directory); !s.ok()) return translate(s, options.directory);
  const auto wals = list_wals(options.directory);
  if (!wals) return wals.error();
  if (auto s = check_wals(*wals); !s.ok()) return s;

  auto settings = database_options(options, env);
  settings.info_log = std::make_shared<silent_logger>();
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const auto s = rocksdb::DB::OpenForReadOnly(settings, options.directory, {family_descriptors(options).front()},
                                              &handles, &opened);
  if (!s.ok()) return translate(s, options.directory);
  const std::unique_ptr<rocksdb::DB> db(opened);
  auto seen = look(*db);
  for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  return seen;
}

result<rocks_database> open_database(const rocks_options& options, rocksdb::Env* env, bool create) {
  auto settings = database_options(options, env);
  settings.create_if_missing = create;
  settings.create_missing_column_families = create;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const auto s = rocksdb::DB::Open(settings, options.directory, family_descriptors(options), &handles, &opened);
  if (!s.ok()) return translate(s, options.directory);
  return rocks_database(std::unique_ptr<rocksdb::DB>(opened), handles);
}

/// Writes format and owner into an empty database.
status take_possession(const rocks_database& db, const rocks_options& options) {
  for (std::size_t f = 0; f < families; ++f) {
    const auto empty = holds_nothing(*db, db[static_cast<family>(f)], options.directory);
    if (!empty) return empty.error();
    if (!*empty) return {errc::corruption, options.directory + " holds data, but its format number is missing"};
  }
  rocksdb::WriteBatch batch;
  rocksdb::Status s;
  for (const auto& row : {format_row(format_number), identity_row(options.identity)})
    if (s.ok()) s = batch.Put(row.key, row.value);
  rocksdb::WriteOptions synced;
  synced.sync = true;
  if (s.ok()) s = db->Write(synced, &batch);
  if (!s.ok()) return translate(s, options.directory);
  return sync_parent(options.directory);
}

/// Whether it is of an older format, which lacks nothing but the number to be this one.
result<bool> is_older(const rocks_database& db, const std::string& directory) {
  const auto stored = read_row(*db, format_key, directory);
  if (!stored) return stored.error();
  if (!*stored) return status(errc::corruption, directory + ": its format number is missing");
  const auto number = decode_format(**stored);
  if (!number) return in_directory(directory, number.error());
  return *number != format_number;
}

/// disk_full when it would run out of space on the way.
status check_space(const std::string& directory) {
  const auto free = free_bytes(directory);
  if (!free) return free.error();
  const auto needed = space_needed(directory);
  if (!needed) return needed.error();
  if (*free >= *needed) return {};
  return {errc::disk_full, directory + " is on a disk that is full: " + std::to_string(*free) + " bytes are free, "
                               + std::to_string(*needed) + " are needed to open it; free some space"};
}

/// On a small file system memtables are smaller, so that what follows from them fits the reserve.
result<rocks_options> fit(const rocks_options& wanted) {
  const auto space = space_of(wanted.directory);
  if (!space) return space.error();
  auto options = wanted;
  options.memtable_bytes = std::min<std::size_t>(options.memtable_bytes, memtable_bytes_within(space->reserve));
  return options;
}

result<std::unique_ptr<store>> open_unguarded(const rocks_options& wanted, rocksdb::Env* env) {
  const auto state = look_at_directory(wanted.directory);
  if (!state) return state.error();
  if (auto s = check_space(wanted.directory); !s.ok()) return s;
  const auto fitted = fit(wanted);
  if (!fitted) return fitted.error();
  const auto& options = *fitted;
  bool create = true;
  if (*state == directory_state::absent) {
    if (auto s = create_directory(options.directory); !s.ok()) return s;
  } else if (*state == directory_state::existing) {
    const auto owned = inspect(options, env, [&](rocksdb::DB& db) { return check_owner(db, options); });
    if (!owned) return owned.error();
    create = !*owned;
  }
  auto db = open_database(options, env, create);
  if (!db) return db.error();
  if (create)
    if (auto s = take_possession(*db, options); !s.ok()) return s;
  const auto older = is_older(*db, options.directory);
  if (!older) return older.error();
  return make_rocks_store(std::move(*db), options.directory, *older);
}

}  // namespace

result<rocks_database> create_database(const rocks_options& options) {
  return open_database(options, rocksdb::Env::Default(), true);
}

result<found_database> open_found_database(const rocks_options& options) {
  auto* env = rocksdb::Env::Default();
  auto owner = inspect(options, env, [&](rocksdb::DB& db) { return find_owner(db, options.directory); });
  if (!owner) return owner.error();
  auto db = open_database(options, env, false);
  if (!db) return db.error();
  return found_database{std::move(*db), std::move(*owner)};
}

result<store_identity> owner_of_directory(const std::string& directory) {
  const auto state = look_at_directory(directory);
  if (!state) return state.error();
  if (*state != directory_state::existing) return status::invalid("--data", directory + " holds no database");
  rocks_options options;
  options.directory = directory;
  return inspect(options, rocksdb::Env::Default(), [&](rocksdb::DB& db) { return find_owner(db, directory); });
}

result<std::unique_ptr<store>> open_rocks_store(const rocks_options& options, rocksdb::Env* env) {
  try {
    return open_unguarded(options, env);
  } catch (const std::exception& error) {
    // RocksDB answers with a status, but starting its threads can throw.
    return status(errc::storage_failure, options.directory + " cannot be opened (" + error.what() + ")");
  }
}

}  // namespace quorate::storage
