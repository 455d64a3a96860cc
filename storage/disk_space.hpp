// How much room is left for a store, and how much of it is not to be used up.
//
// Pure questions to the operating system, any thread, cheap enough to be asked before every group. A directory that
// does not exist yet is answered for by its parent.
#pragma once

#include <cstdint>
#include <string>

#include "proto/status.hpp"

namespace quorate::storage {

struct disk_space {
  std::uint64_t free = 0;     ///< bytes this process may still write
  std::uint64_t reserve = 0;  ///< with less than this free a node takes nothing new
};

/// Of the file system the directory is on. storage_failure when it cannot be asked.
result<disk_space> space_of(const std::string& directory);
result<std::uint64_t> free_bytes(const std::string& directory);

/// Whether what is written in one takes room from the other. Both exist.
result<bool> on_same_file_system(const std::string& one, const std::string& other);

/// What must be free before the store there can be opened: its logs become tables then, and it goes on to write a
/// little. Less than the reserve: a store that is opened so is read, and takes nothing new yet.
result<std::uint64_t> space_needed(const std::string& directory);

/// limits::disk_reserve_bytes, or less on a file system of this size that is small.
std::uint64_t reserve_of(std::uint64_t file_system_bytes);
/// What memtables may hold so that all that follows from it fits the reserve. The figures are in disk_space.cpp.
std::uint64_t memtable_bytes_within(std::uint64_t reserve);

}  // namespace quorate::storage
