// Backups that share what did not change: a directory to which each backup adds only the tables it does not hold yet.
//
// The directory is RocksDB's (`meta`, `private`, `shared_checksum`); what else lies in it is left alone. One process at
// a time changes it, by a lock on its file `quorate.lock`, which is the caller's to take; any number may read it when
// nobody changes it. Making one: store::back_up. Functions of one thread; an error is one line that names the
// directory.
//
// Promise: a backup holds every group whose commit returned before it began, and of those that came while it was made
// the first so many, each whole. One that was cut short is none, takes no number and is removed by the next.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "proto/status.hpp"

namespace quorate::storage {

using backup_number = std::uint32_t;

struct backup_order {
  std::string directory;          ///< made when absent
  std::function<bool()> give_up;  ///< asked after every stretch, on another thread; may be empty
  /// Bytes to leave free where the directory lies. By default the reserve of the store, if it lies there too: it must
  /// not be this that ends a node for want of space.
  std::optional<std::uint64_t> leave_free;
};

struct incremental_backup {
  backup_number number = 0;
  std::uint64_t bytes = 0;      ///< of all its files
  std::uint64_t new_bytes = 0;  ///< of those that no earlier backup had; known to who made it only
  std::uint32_t files = 0;
};

/// Holds a directory of backups; released when it goes.
class backup_lock {
 public:
  backup_lock() = default;
  ~backup_lock();
  backup_lock(const backup_lock&) = delete;
  backup_lock& operator=(const backup_lock&) = delete;

  /// To change what is there: makes the directory when absent, and lets nobody else in. in_use when others are.
  status take_to_write(const std::string& directory);
  /// in_use when somebody changes it. Where nothing can be locked (a medium that cannot be written) nobody writes.
  status take_to_read(const std::string& directory);

 private:
  int file_ = -1;
};

/// Reads all files of a backup: corruption unless each has the checksum it was written with; not_found.
result<incremental_backup> verify_incremental_backup(const std::string& directory, backup_number number);

/// Removes all backups before this one, and the files that only they had.
status remove_backups_before(const std::string& directory, backup_number number);

/// The file that says which files make up a backup and what their checksums are.
std::string description_of_backup(const std::string& directory, backup_number number);

}  // namespace quorate::storage
