// When a member with a new disk may count in quorums.
//
// A disk that was lost took with it what the member had acknowledged. Until the member holds everything that a
// majority-crossing number of others hold, its acknowledgements and answers could let a quorum miss an acknowledged
// write. Three ways to become complete:
//   new: every other member is there, none has ever known this member complete, on any disk, and nobody holds anything,
//     but where another member is complete already. Then it never acknowledged anything that counted, and what others
//     acknowledged is on a majority without it. Not for a disk that was begun because the one before was damaged: when
//     all members begin anew so, none knows of any other, and what they acknowledged is in the copies they set aside.
//   joined: the same in a cluster that was founded on one member's directory, which holds what was acknowledged by that
//     member alone: all that the founder holds must be here too.
//   refilled: it holds everything that N - majority + 1 complete others held at some instant after the longest time a
//     write or read waits for its quorum: what the old disk promised is decided by then.
// The argument is in docs/consistency.md.
//
// Owned by the reconciler, made anew with it. Pure: the caller brings time (steady, microseconds) and facts.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "actors/core/log_vector.hpp"

namespace quorate::core {

struct refill_view {
  node_id id{};
  bool up = false;
  bool complete = false;
  std::uint64_t knows_us_by = 0;      ///< a disk of ours, 0 = none
  log_vector vector;                  ///< what it said it holds
  std::int64_t vector_asked_us = -1;  ///< when the question was sent that this answered; -1 = none yet
  bool founder = false;               ///< it says that the cluster begins with its directory
  bool knows_founder = false;         ///< it says that the cluster begins with somebody's directory
};

enum class refill_verdict { wait, complete_as_new, complete_as_joined, complete_as_refilled };

class refill {
 public:
  /// `settled_us`: the first instant at which nothing the old disk promised is still undecided.
  /// `may_be_new`: false when it is known that there was a disk before.
  explicit refill(std::int64_t settled_us, bool may_be_new = true) : settled_us_(settled_us), may_be_new_(may_be_new) {}

  refill_verdict tick(const log_vector& own, const std::vector<refill_view>& others);

 private:
  refill_verdict as_new(const log_vector& own, const std::vector<refill_view>& others) const;

  std::int64_t settled_us_;
  bool may_be_new_;
  std::map<node_id, log_vector> wanted_;  ///< what each complete member held
};

}  // namespace quorate::core
