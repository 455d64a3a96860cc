// The store in memory, for tests and the simulator. Keeps "written" and "synced" apart, so that a power cut can be
// acted out and a missing sync is found.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>

#include "storage/store.hpp"

namespace quorate::storage {

class memory_store : public store {
 public:
  /// What `space` says is free, of a disk whose reserve is limits::disk_reserve_bytes.
  std::atomic<std::uint64_t> free{std::numeric_limits<std::uint64_t>::max()};
  /// Asked before each write; a non-ok answer makes that write fail (and, like a failed sync, every later one): as
  /// disk_full if it says so, else as storage_failure.
  std::function<status(const write_group&)> before_commit;
  /// A planted fault: commits return ok without being synced. For tests that must then fail.
  bool skip_sync = false;

  /// Forgets everything that was written but not synced, and the failed state, as after loss of power and restart.
  virtual void power_cut() = 0;
  /// Forgets everything, as after loss of the disk.
  virtual void wipe() = 0;
  /// A copy of the disk is made, and later put in its place.
  virtual void copy() = 0;
  virtual void put_copy_back() = 0;
};

std::unique_ptr<memory_store> make_memory_store();

}  // namespace quorate::storage
