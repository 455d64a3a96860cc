// An attacker who says that he is a member that is down, to nodes without a key, and is let in: what he then says
// cannot be, and each time it is known what a node has to do about it.
//
// Main thread; a stream of his own for each attack. What could be, a node without a key may believe: he keeps to what
// all nodes take alike (changes of keys that no client reads), so that they stay equal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/status.hpp"

namespace quorate::chaos {

struct slot_options {
  std::string name;                  ///< the member that is down
  std::vector<std::string> members;  ///< all of them
  std::uint64_t instance = 1;        ///< of the process that he says he is
  std::string key;                   ///< of a record that is there, as mutations name it
};

/// All attacks on one node, at this address; how many. `deaf`: one of them reads no answers, which takes a second. An
/// error: the first one that the node took, or did not answer.
result<std::uint64_t> attack_slot(const slot_options& options, const std::string& node, const std::string& address,
                                  bool deaf);

}  // namespace quorate::chaos
