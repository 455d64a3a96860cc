// What was really written in a run, by version: kept beside the cluster, from what clients' plans made and the version
// that their node gave each plan. An entry of a log that is not in it was written by nobody.
//
// Owned by the clients of a run. Values are kept as hashes.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "proto/record.hpp"

namespace quorate::sim {

class shadow_history {
 public:
  /// The operation's changes are to have this version. Once for each attempt, whatever becomes of it: a life of a
  /// writer that dies before anybody saw its group may give its versions to others.
  void planned(std::uint64_t operation, const version& stamp, const std::vector<mutation>& changes) {
    remember(operation, stamp, changes);
  }
  /// The same for one that yields to `newest`: its node stamps it just above that.
  void planned_above(std::uint64_t operation, const version& newest, const std::vector<mutation>& changes) {
    remember(operation, {newest.time + 1, yielding}, changes);
  }

  /// Who planned such a change under that version; empty: nobody.
  std::vector<std::uint64_t> writers_of(const version& stamp, const mutation& change) const;

 private:
  /// Of those that yield the node in the version is a hash of a place that is not known when they are planned.
  static constexpr node_id yielding{};
  struct write {
    std::uint64_t operation = 0;
    std::uint64_t print = 0;  ///< of key and value
  };
  struct version_hash {
    std::size_t operator()(const version& v) const { return v.time * 0x9E3779B97F4A7C15ull ^ to_number(v.node); }
  };

  void remember(std::uint64_t operation, const version& stamp, const std::vector<mutation>& changes);

  std::unordered_multimap<version, write, version_hash> writes_;
};

}  // namespace quorate::sim
