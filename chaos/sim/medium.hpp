// What a simulated disk is made of: the store in memory, or RocksDB on a file system that forgets what nobody synced.
//
// Owned by a disk, outlives the node's lives. One thread. Takes no simulated time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "storage/store.hpp"

namespace quorate::sim {

class medium {
 public:
  virtual ~medium() = default;
  virtual storage::store& store() = 0;
  const storage::store& store() const { return const_cast<medium*>(this)->store(); }
  /// Another process opens it: what was written is there.
  virtual void reopen() {}
  /// What was not synced is lost; of unsynced bytes a part may stay that `torn` decides.
  virtual void power_cut(std::uint64_t torn) = 0;
  virtual void wipe() = 0;
  /// A copy of the disk is made, and later put in its place.
  virtual void copy() = 0;
  virtual void put_copy_back() = 0;
  /// Commits are not synced from now on, though it is said that they were. In memory only.
  virtual void lie_about_syncs() {}
};

std::unique_ptr<medium> in_memory();
/// For the member of that name. `broken` is told when what is there cannot be opened.
std::unique_ptr<medium> on_rocks(const std::string& name, std::function<void(const std::string&)> broken);

}  // namespace quorate::sim
