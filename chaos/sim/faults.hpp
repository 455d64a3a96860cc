// What goes wrong in a run, and when: one fault every 0.1 to 3 s, of a kind that chance picks, until `stop`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

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
  /// By kind.
  const std::map<std::string, std::uint64_t>& counts() const { return counts_; }

 private:
  enum class strike { actor_throws, process_dies, time_passes };
  struct armed_point {
    kill_point where;
    strike how;
    std::uint64_t hits_left = 0;
  };

  void next();
  void happen();
  void cut();
  void bad_line();
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
  std::optional<armed_point> armed_;
  bool stopped_ = false;
};

}  // namespace quorate::sim
