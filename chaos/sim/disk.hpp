// A node's disk in the simulator: outlives the node's lives, takes its time, and can lose power at any instant.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>

#include "chaos/sim/world.hpp"
#include "storage/memory_store.hpp"

namespace quorate::sim {

/// What a sync takes on a disk with nothing wrong.
inline constexpr std::int64_t sync_us_least = 80;
inline constexpr std::int64_t sync_us_most = 300;

class disk {
 public:
  explicit disk(world& w) : world_(w), store_(storage::make_memory_store()) {}

  /// What one life of the node is started on; of no use once `stop` was called.
  std::unique_ptr<storage::store> open();
  /// The process dies. A commit under way has or has not reached the disk, by chance.
  void stop() { ++life_; }
  /// The disk is replaced by an empty one. With no commit under way.
  void wipe() {
    store_->wipe();
    epoch_ = 0;
  }
  /// An old copy of the disk takes its place. With no commit under way.
  void copy() { store_->copy(); }
  void put_copy_back() { store_->put_copy_back(); }
  /// Power goes too: what was not synced is lost. With no commit under way.
  void power_cut() { store_->power_cut(); }

  /// Others fill it, or make room on it again: what the node sees when it looks.
  void fill(bool full) { store_->free = full ? 0 : std::numeric_limits<std::uint64_t>::max(); }

  const storage::memory_store& store() const { return *store_; }
  /// Commits of the life that was stopped last are still on the way out.
  bool busy() const { return under_way_ != 0; }

  std::int64_t sync_us_min = sync_us_least;
  std::int64_t sync_us_max = sync_us_most;
  bool fails = false;       ///< every commit, until the next life
  bool runs_out = false;    ///< commits that bring entries find no space, until the next life
  bool read_fails = false;  ///< the next read finds damage

 private:
  class view;
  status commit(const storage::write_group& group, std::uint64_t life);

  world& world_;
  std::unique_ptr<storage::memory_store> store_;
  std::uint64_t life_ = 0;
  std::uint64_t epoch_ = 0;
  int under_way_ = 0;
};

}  // namespace quorate::sim
