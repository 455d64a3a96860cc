// What goes wrong in a run, and when: a fault every so often, of one of the kinds this run has, until `stop`. Each run
// has some of the kinds only, and its own pace: what is found by many faults of two kinds is seldom found by a few of
// all (swarm testing, Groce et al., 2012).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chaos/sim/cluster.hpp"
#include "proto/test_points.hpp"

namespace quorate::sim {

class faults {
 public:
  faults(world& w, cluster& c);
  ~faults();
  faults(const faults&) = delete;

  void start();
  /// No more; what is still wrong is set right.
  void stop();
  /// Told which member is heard late, and which is behind.
  std::function<void(member& slow, member& behind)> on_slow_talker;
  /// Told whose copy of its own rows is about to be behind what the others have, and for how long that matters.
  std::function<void(member& m, std::int64_t for_ms)> on_late_copy;
  /// Told which member is about to write what another acknowledges with its last breath.
  std::function<void(member& writes)> on_promise_under_way;
  /// Told who is about to be alone with what it holds, and to lose that.
  std::function<void(member& m)> on_kept_alone;
  /// Told when more disks are lost than the promises allow.
  std::function<void()> on_too_many_lost;
  /// By kind.
  const std::map<std::string, std::uint64_t>& counts() const { return counts_; }
  /// Too many disks are lost, and nobody has accepted that yet: no member may take a write for a quorum.
  bool loss_is_open() const { return loss_open_; }

 private:
  enum class strike { actor_throws, process_dies, time_passes };
  struct armed_point {
    kill_point where;
    strike how;
    std::uint64_t hits_left = 0;
  };

  enum class kind {
    kill,
    power,
    power_of_all,
    disk,
    too_many_disks,
    old_disk,
    cut,
    isolate,
    rolling,
    reset,
    line,
    talker,
    late_copy,
    storage,
    space,
    clock,
    actor,
    point,
    count_
  };

  void next();
  void happen(kind what);
  void cut();
  void isolate();
  void rolling_isolation();
  void promise_under_way();
  void kept_alone();
  void lost_disks();
  void too_many_disks();
  void accept_loss();
  void old_disk();
  void old_disk_meets_late(member& old);
  void set_cut(member& one, member& other, bool both);
  void reset();
  void resets_at_slow_disks(member& m, std::int64_t sync_ms, int left);
  void bad_line();
  void slow_talker();
  void late_copy();
  void full_disk();
  void clock_jump();
  void kill_actor();
  void arm();
  void on_point(kill_point p);
  member& any() { return cluster_[world_.below(cluster_.size())]; }
  std::pair<member*, member*> any_two();
  void count(const std::string& what) { ++counts_[what]; }

  world& world_;
  cluster& cluster_;
  std::map<std::string, std::uint64_t> counts_;
  std::vector<kind> kinds_;
  std::int64_t pause_ms_max_;
  std::optional<armed_point> armed_;
  bool too_many_lost_ = false;  ///< once a run
  bool loss_open_ = false;
  std::int64_t quiet_until_us_ = 0;  ///< nothing else happens while a story that takes its time goes on
  bool stopped_ = false;
};

}  // namespace quorate::sim
