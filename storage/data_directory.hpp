// The data directory as a directory: does it exist, may we use it, is it ours to fill; and what becomes of a damaged
// one. Nothing of RocksDB's inside.
//
// Called by one thread, while a store is opened or after it was closed. Errors are one line that says what to do.
//
// Setting aside moves everything into a subdirectory, because the directory itself may be a mount point. It can be cut
// short at any step: a file named `damaged`, durable before the first move and moved last, makes every later look
// answer corruption until all is moved.
#pragma once

#include <string>
#include <vector>

#include "proto/status.hpp"

namespace quorate::storage {

enum class directory_state : std::uint8_t {
  absent,    ///< to be created; the parent exists
  fresh,     ///< exists and holds no database: empty, creation was cut short, or only what was set aside
  existing,  ///< holds a database
};

/// Looks and changes nothing. invalid_argument (field "--data"): not a directory, parent missing, no access, or full of
/// something else. corruption: files of a database without the one that names its state, or known to be damaged.
result<directory_state> look_at_directory(const std::string& directory);

/// Creates the directory, readable by its owner alone.
status create_directory(const std::string& directory);

/// Makes the directory's own entry in its parent durable.
status sync_parent(const std::string& directory);

/// Makes durable that what the directory holds is damaged, and why. Also while it is open; once is enough, later calls
/// change nothing.
status mark_damaged(const std::string& directory, const std::string& why);

/// Whether copies of damaged data lie in the directory: it was begun anew at least once.
bool holds_set_aside(const std::string& directory);

struct set_aside_copy {
  std::string path;    ///< where everything is now
  std::string reason;  ///< of the first mark_damaged
};

/// Moves all the directory holds, but earlier copies, into `damaged-<UTC time>` within it, or goes on with that where
/// it was cut short; marks the directory first if nobody has. On ok it is fresh. storage_failure: it holds
/// limits::damaged_copies_max copies already, or a step failed, and calling again goes on there. in_use: a process has
/// it open.
result<set_aside_copy> set_aside(const std::string& directory, const std::string& why);

/// Removes a directory and all in it; ok when there is none.
status remove_directory(const std::string& directory);

/// Gives a directory another name in the same parent, durably. Not over one that exists.
status move_directory(const std::string& from, const std::string& to);

/// The write-ahead logs in the directory, oldest first, as full paths.
result<std::vector<std::string>> list_wals(const std::string& directory);

}  // namespace quorate::storage
