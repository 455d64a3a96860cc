// What of a directory a loss of power would take back: the bytes, new names, renames and deletions nobody synced yet.
//
// The changes are made at once, so whoever makes them sees them; a ledger in DIRECTORY.unsynced says what is missing
// until they are safe, and keeps the files that were deleted or replaced. It outlives the process: after a SIGKILL,
// `forget` leaves what a loss of power at that instant would have left. Names are safe once their directory was synced,
// bytes once their file was; neither makes the other safe. Any thread. Ends the process when the ledger itself fails:
// nothing could be shown without it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace quorate::storage::testing {

class unsynced_changes {
 public:
  /// All that is in the directory now counts as synced.
  explicit unsynced_changes(std::string directory);
  ~unsynced_changes();
  unsynced_changes(const unsynced_changes&) = delete;

  // Paths are those of files in the directory. `change` makes the change, and says whether it did. Changes of names are
  // made one after the other, as the syncs of the directory are.
  bool make(const std::string& path, const std::function<bool()>& change);
  bool remove(const std::string& path, const std::function<bool()>& change);
  bool rename(const std::string& from, const std::string& to, const std::function<bool()>& change);
  bool sync_names(const std::function<bool()>& change);

  /// Asked before the file is synced, told after.
  void bytes_synced(std::uint64_t inode, std::uint64_t bytes);

  /// What a loss of power does to a directory that nobody uses. `torn`: of unsynced bytes, a part stays that this
  /// number decides; 0: none does. May be killed, and done again. Nothing when there is no ledger.
  static void forget(const std::string& directory, std::uint64_t torn = 0);

 private:
  std::string grave_path(const std::string& name) const;
  std::string bury(const std::string& path);
  void note(const std::string& line);

  const std::string directory_;
  std::mutex mutex_;
  std::mutex ledger_mutex_;
  int ledger_ = -1;
  std::uint64_t graves_ = 0;
  std::vector<std::string> filled_;  ///< graves whose deletion is not yet synced
};

/// Of a file; 0: there is none.
std::uint64_t inode_of(const std::string& path);

}  // namespace quorate::storage::testing
