// A node's disk in the simulator: outlives the node's lives, takes its time, and can lose power at any instant.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "chaos/sim/medium.hpp"
#include "chaos/sim/world.hpp"

namespace quorate::sim {

/// What a sync takes on a disk with nothing wrong.
inline constexpr std::int64_t sync_us_least = 80;
inline constexpr std::int64_t sync_us_most = 300;

class disk {
 public:
  disk(world& w, std::unique_ptr<medium> what) : world_(w), medium_(std::move(what)) {}

  /// What one life of the node is started on; of no use once `stop` was called.
  std::unique_ptr<storage::store> open();
  /// The process dies. A commit under way has or has not reached the disk, by chance.
  void stop() { ++life_; }
  /// The disk is replaced by an empty one. With no commit under way.
  void wipe() {
    medium_->wipe();
    epoch_ = 0;
  }
  /// An old copy of the disk takes its place. With no commit under way.
  void copy() { medium_->copy(); }
  void put_copy_back() { medium_->put_copy_back(); }
  /// Power goes too: what was not synced is lost. With no commit under way.
  void power_cut() { medium_->power_cut(world_.random()); }

  /// Others fill it, or make room on it again: what the node sees when it looks.
  void fill(bool full) { full_ = full; }

  const storage::store& store() const { return std::as_const(*medium_).store(); }
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
  const std::unique_ptr<medium> medium_;
  bool full_ = false;
  std::uint64_t life_ = 0;
  std::uint64_t epoch_ = 0;
  int under_way_ = 0;
};

}  // namespace quorate::sim
