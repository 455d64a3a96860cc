// Which members a node counts, and what a start with another list than that of its directory is told.
//
// Quorums of different lists need not meet, so the list and the write quorum are written into the data directory at the
// first start and stay. What a directory held before it got peers was acknowledged by fewer members than their quorums
// take for granted: such a directory becomes the first of a cluster only when its operator says so (--adopt-peers). It
// is the founder then, and the others count only once they hold what it holds (core/refill.hpp).
//
// Pure functions; used at the start of a node and for every Hello.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/store.hpp"

namespace quorate::core {

/// What a start knows of its directory.
struct directory_facts {
  std::optional<storage::member_list> members;  ///< none: new, restored, or written by a release that had no such row
  bool holds_entries = false;
  storage::member_disks disks;
};

struct wanted_members {
  std::string self;
  std::vector<std::string> peers;
  unsigned write_quorum = 0;  ///< 0: the one of the directory, or else a majority
  bool adopt_peers = false;
  bool accept_loss = false;
};

/// The list to go on with (to be written down where it differs from the directory's), or wrong_cluster: why not, and
/// what to do.
result<storage::member_list> settle_members(const directory_facts& held, const wanted_members& wanted);

/// Whether a peer's list is this node's; wrong_cluster with both otherwise. A founder may be news to a node that does
/// not count yet (`complete`), and to no other.
status compare_members(const storage::member_list& own, bool complete, const storage::member_list& theirs,
                       const std::string& peer);

/// "a, b, c".
std::string text_of(const std::vector<std::string>& names);

}  // namespace quorate::core
