// The members of a run: production nodes on simulated disks, clocks and a simulated network, and how they come and go.
//
// Owned by a run. A node is destroyed only when none of its code is on the stack of this thread (a commit that takes
// its time, a kill point that lets time pass).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/node.hpp"
#include "chaos/sim/disk.hpp"
#include "chaos/sim/network.hpp"
#include "chaos/sim/world.hpp"
#include "proto/clock.hpp"

namespace quorate::sim {

inline constexpr std::int64_t ms = 1'000;  ///< in microseconds
inline constexpr std::int64_t start_unix_ms = 1'700'000'000'000;

/// A node's clocks: the steady one is right, the wall clock drifts and is set.
class skewed_clock final : public clock {
 public:
  explicit skewed_clock(const world& w) : world_(w) {}
  std::int64_t wall_ms() const override {
    return start_unix_ms + offset_ms + world_.now_us() / ms + world_.now_us() * drift_ppm / 1'000'000 / ms;
  }
  std::int64_t steady_us() const override { return world_.now_us() + 1'000'000; }
  std::int64_t offset_ms = 0;
  std::int64_t drift_ppm = 0;

 private:
  const world& world_;
};

struct member {
  member(world& w, std::string n, std::unique_ptr<medium> disk)
      : name(std::move(n)), time(w), storage(w, std::move(disk)) {}
  const std::string name;
  skewed_clock time;
  disk storage;
  std::unique_ptr<node> life;
  bool up = false;             ///< takes calls
  bool failed = false;         ///< gave up by itself; a new life follows
  bool wiping = false;         ///< its disk is about to be replaced
  bool set_aside = false;      ///< its disk was begun because the one before was damaged
  bool accept_loss = false;    ///< its next life takes the disk it finds for complete
  std::uint64_t old_disk = 0;  ///< the name of an old disk that was put back; it takes another when it notices
  int standing = 0;            ///< kill points of its code that let time pass
  std::vector<std::pair<std::int64_t, std::int64_t>> pauses;  ///< when an actor of it stood still
};

/// What a crash takes along. `news`: an old copy of the disk is put in its place; `set_aside`: the disk is damaged, and
/// the node begins anew on an empty one.
enum class loss { memory, power, disk, news, set_aside };

class cluster {
 public:
  /// `real_store`: disks are RocksDB's, else in memory.
  cluster(world& w, unsigned members, bool real_store, std::function<void(const std::string&)> broken);
  ~cluster();

  void start_all();
  member& operator[](std::size_t i) { return *members_[i]; }
  std::size_t size() const { return members_.size(); }
  std::vector<std::unique_ptr<member>>& members() { return members_; }
  member* find(const std::string& name);

  /// The process dies as soon as none of its code is on the stack, and starts again after `away_ms`.
  void crash(member& m, loss what, std::int64_t away_ms) { crash(m, what, away_ms, world_.one_in(4)); }
  /// `silent`: what it sent still arrives, and nobody is told that it is gone.
  void crash(member& m, loss what, std::int64_t away_ms, bool silent);
  /// From within its own code: nothing it does from now on has an effect.
  void die_here(member& m, std::int64_t away_ms);

  /// Whether one more disk may be lost: no more than N - M are, counting those that are not filled again yet.
  bool may_lose_a_disk();
  /// How many disks of members are complete, and known to be.
  std::size_t sound_disks();
  /// So many must be, or those that are not cannot be filled.
  std::size_t disks_to_fill_from() const { return size() - (size() / 2 + 1) + 1; }
  /// Every member that is complete has remembered a disk of every other.
  bool everybody_knows_everybody();
  /// Whether every other member has remembered which disk it has now.
  bool everybody_knows_disk_of(const member& m);
  /// All members are up and have the same content.
  bool equal();
  void heal(member& one, member& other);
  void heal_all();

  /// Members are milliseconds away from each other, so that calls overlap for long.
  bool far() const { return far_us_ > ms; }

  network net;
  /// Told when a member lost its disk.
  std::function<void(const member&)> on_wipe;
  /// Told when a node found its disk damaged and begins anew.
  std::function<void()> on_set_aside;

 private:
  void start(member& m);
  void give_up(member& m, const status& why);
  bool sound(const member& m) const;
  void gone(member& m, bool silent);
  void finish_crash(member& m, loss what, std::int64_t away_ms);

  world& world_;
  const std::function<void(const std::string&)> broken_;
  std::vector<std::unique_ptr<member>> members_;
  const std::int64_t far_us_;
  bool stopping_ = false;
};

}  // namespace quorate::sim
