// Incremental backups with the store at hand: made, checked and turned into data directories. Linked into the program
// only; what their manifests are is in cli/incremental_files.hpp.
//
// Each call locks the directory of backups for as long as it takes: in_use when somebody else has it. On any thread
// that may wait. A failure while one is made leaves the earlier ones as they were, and nothing that counts as a backup.
#pragma once

#include <functional>
#include <string>

#include "cli/session.hpp"

namespace quorate::storage {
class store;
}

namespace quorate::cli {

struct incremental_order {
  std::string directory;
  std::string source;  ///< the data directory of the store
  std::uint32_t keep = 0;
  std::function<bool()> give_up;  ///< may be empty
};

/// Adds a backup of an open store, writes its manifest and lets the oldest go.
result<incremental_made> back_up_incrementally(const storage::store& disk, const incremental_order& order);

/// The same of the database in a directory that nobody has open, whoever it belongs to.
result<incremental_made> back_up_directory(const std::string& data, const std::string& to, std::uint32_t keep);

/// Reads all files of a backup and compares them with what its manifest and its list of files say.
status verify_incremental(const incremental_backup_files& backup);

/// Makes a data directory of a backup (storage/rocks_store.hpp, restore_rocks_store).
result<restored_directory> restore_incremental(const incremental_backup_files& backup, const restore_target& target);

}  // namespace quorate::cli
