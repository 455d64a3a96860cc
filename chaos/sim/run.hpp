// One seed: a cluster of production actors in simulated time, clients, faults, and what must hold.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "proto/test_points.hpp"

namespace quorate::sim {

struct run_options {
  std::uint64_t seed = 1;
  unsigned nodes = 3;
  std::int64_t safety_ms = 60'000;    ///< with faults
  std::int64_t liveness_ms = 30'000;  ///< without: by its end all members take writes, then all are equal
  planted_bug planted = planted_bug::none;
  /// One seed in so many runs on RocksDB, on a file system that forgets what nobody synced; 0 = none does.
  std::uint64_t real_store_one_in = 20;
  /// In one run of so many a member lies to another (chaos/sim/liar.hpp); 0 = none does.
  std::uint64_t liar_one_in = 10;
  std::function<void(const std::string& line)> trace;
};

struct run_report {
  std::string broken;  ///< the promise that did not hold, in one sentence; empty = all held
  std::map<std::string, std::uint64_t> faults;
  std::map<std::string, std::uint64_t> outcomes;  ///< of the clients' calls
  std::int64_t simulated_ms = 0;
  std::int64_t converged_ms = 0;  ///< from the end of the faults
  std::uint64_t operations = 0;
  std::uint64_t turns = 0;   ///< of actors
  std::uint64_t events = 0;  ///< of the world
};

/// One at a time in a process: the test points are global.
run_report run(const run_options& options);

}  // namespace quorate::sim
