// The store on RocksDB. Formats: docs/formats.md. Only rocks_*.cpp include rocksdb headers.
#pragma once

#include <memory>
#include <string>

#include "storage/store.hpp"

namespace quorate::storage {

struct rocks_options {
  std::string directory;  ///< created when absent; the parent must exist
  store_identity identity;
  std::size_t memtable_bytes = 64u << 20;  ///< less on a small file system (disk_space.hpp)
  std::size_t cache_bytes = 64u << 20;
};

/// Opens or creates. Errors, each one line with the directory and what to do: in_use (another process holds it),
/// wrong_node / wrong_cluster (identity differs), format_too_new, corruption (damage before the log's tail),
/// invalid_argument (not a directory, unreadable, parent missing, another program's), disk_full (less free than
/// `space_needed`, or it ran out on the way: what was there stays), storage_failure (anything else).
result<std::unique_ptr<store>> open_rocks_store(const rocks_options& options);

}  // namespace quorate::storage
