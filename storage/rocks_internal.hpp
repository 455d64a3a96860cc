// What the files of the RocksDB store share, and the seam its tests use.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/rocks_store.hpp"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
class Env;
struct ColumnFamilyDescriptor;
struct DBOptions;
struct ReadOptions;
}  // namespace rocksdb

namespace quorate::storage {

enum class family : std::size_t { meta, records, aliases, log };
inline constexpr std::size_t families = 4;

/// An open database. Closes its column families before itself.
class rocks_database {
 public:
  rocks_database(std::unique_ptr<rocksdb::DB> db, const std::vector<rocksdb::ColumnFamilyHandle*>& handles);
  rocks_database(rocks_database&&) noexcept;
  ~rocks_database();

  rocksdb::DB& operator*() const { return *db_; }
  rocksdb::DB* operator->() const { return db_.get(); }
  rocksdb::ColumnFamilyHandle* operator[](family f) const { return handles_[static_cast<std::size_t>(f)]; }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, families> handles_{};
};

/// Settings for every iterator.
rocksdb::ReadOptions iterator_options();
/// Settings of the database as a whole.
rocksdb::DBOptions database_options(const rocks_options& options, rocksdb::Env* env);
/// The column families, in the order of `family`, with their settings.
std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(const rocks_options& options);

/// open_rocks_store on an environment of the caller's, which outlives the store.
result<std::unique_ptr<store>> open_rocks_store(const rocks_options& options, rocksdb::Env* env);

/// Reads all tables byte by byte, then all rows. The database outlives it.
std::unique_ptr<verification> verify_database(const rocks_database& database, const std::string& directory);

/// Everything as it is now, in blocks. The database outlives it.
std::unique_ptr<snapshot_reading> read_snapshot(const rocks_database& database, const std::string& directory);

/// A database without rows in a directory that is empty.
result<rocks_database> create_database(const rocks_options& options);

/// A database that exists, whoever it belongs to; what it belongs to is looked at before anything is changed.
struct found_database {
  rocks_database database;
  store_identity owner;
};
result<found_database> open_found_database(const rocks_options& options);

/// store::back_up on the open database of this directory.
result<incremental_backup> add_backup(const rocks_database& database, const std::string& data,
                                      const backup_order& order);

/// Copies the files of a backup into a directory that is empty, and compares them with their checksums meanwhile.
/// not_found, corruption and others about the directory of backups.
status copy_out_of_backup(const std::string& directory, backup_number number, const std::string& to);

/// `older`: the directory has an older format; its number is written with the first write, whatever that is.
std::unique_ptr<store> make_rocks_store(rocks_database database, std::string directory, bool older);

}  // namespace quorate::storage
