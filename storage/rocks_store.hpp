// The store on RocksDB. Formats: docs/formats.md. Only rocks_*.cpp include rocksdb headers.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "storage/snapshot.hpp"
#include "storage/store.hpp"

namespace quorate::storage {

struct rocks_options {
  std::string directory;  ///< created when absent; the parent must exist
  store_identity identity;
  std::size_t memtable_bytes = 64u << 20;  ///< less on a small file system (disk_space.hpp)
  std::size_t cache_bytes = 64u << 20;
  /// Hears what RocksDB warns of, and its errors, one line each, on any thread. Nothing of it is written into the
  /// directory.
  std::function<void(bool is_error, const std::string& line)> on_warning;
};

/// Opens or creates. Errors, each one line with the directory and what to do: in_use (another process holds it),
/// wrong_node / wrong_cluster (identity differs), format_too_new, corruption (damage before the log's tail),
/// invalid_argument (not a directory, unreadable, parent missing, another program's), disk_full (less free than
/// `space_needed`, or it ran out on the way: what was there stays), storage_failure (anything else).
result<std::unique_ptr<store>> open_rocks_store(const rocks_options& options);

/// Whom the database in a directory belongs to, without changing it. invalid_argument "--data" when there is none, and
/// the errors of open_rocks_store.
result<store_identity> owner_of_directory(const std::string& directory);

struct restored_snapshot {
  std::uint64_t rows = 0;
  store_identity owner;
};

/// Makes a data directory of a snapshot. `options.directory` must not exist; it appears whole or not at all (what a
/// restore that was cut short leaves lies beside it as NAME.restoring and is removed by the next). Whom it belongs to
/// is what the snapshot says, where `options.identity` is empty. Every row is checked. The node that opens it starts a
/// new log and a new disk: it uses no sequence number again and is filled from its peers before it counts in quorums.
/// Errors: invalid_argument "--data", corruption and format_too_new of the snapshot, those of `input`, disk_full,
/// storage_failure.
result<restored_snapshot> restore_rocks_store(const rocks_options& options, const snapshot_input& input);

/// The same of an incremental backup; not_found when there is none of this number. The caller has locked `backups`.
result<restored_snapshot> restore_rocks_store(const rocks_options& options, const std::string& backups,
                                              backup_number number);

}  // namespace quorate::storage
