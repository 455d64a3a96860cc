// The data directory as a directory: does it exist, may we use it, is it ours to fill. Nothing of RocksDB's inside.
//
// Called while a store is opened, by one thread. Errors are one line that says what to do.
#pragma once

#include <string>
#include <vector>

#include "proto/status.hpp"

namespace quorate::storage {

enum class directory_state : std::uint8_t {
  absent,    ///< to be created; the parent exists
  fresh,     ///< exists and holds no database: empty, or creation was cut short
  existing,  ///< holds a database
};

/// Looks and changes nothing. invalid_argument (field "--data"): not a directory, parent missing, no access, or full of
/// something else. corruption: files of a database without the one that names its state.
result<directory_state> look_at_directory(const std::string& directory);

/// Creates the directory, readable by its owner alone.
status create_directory(const std::string& directory);

/// Makes the directory's own entry in its parent durable.
status sync_parent(const std::string& directory);

/// The write-ahead logs in the directory, oldest first, as full paths.
result<std::vector<std::string>> list_wals(const std::string& directory);

}  // namespace quorate::storage
