#include "actors/core/membership.hpp"

#include <algorithm>

#include "proto/ensure.hpp"
#include "proto/hash.hpp"

namespace quorate::core {
namespace {

status differs(const std::string& what) { return {errc::wrong_cluster, what}; }

std::string words_of(const storage::member_list& list) {
  return text_of(list.names) + " (write quorum " + std::to_string(list.write_quorum) + ")";
}

/// A directory that was used by one node without peers: by its list, or, where that is missing, because it counts and
/// knows nobody.
bool used_alone(const directory_facts& held) {
  if (held.members) return held.members->names.size() == 1;
  return held.disks.complete && held.disks.others.empty() && held.holds_entries;
}

/// A directory of a release that wrote no list knows which members it has counted.
bool knows_exactly(const storage::member_disks& disks, const storage::member_list& list, const std::string& self) {
  if (disks.others.size() + 1 != list.names.size()) return false;
  return std::all_of(list.names.begin(), list.names.end(),
                     [&](const std::string& name) { return name == self || disks.others.contains(node_id_of(name)); });
}

}  // namespace

std::string text_of(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

result<storage::member_list> settle_members(const directory_facts& held, const wanted_members& wanted) {
  storage::member_list list;
  list.names = wanted.peers;
  list.names.push_back(wanted.self);
  std::sort(list.names.begin(), list.names.end());
  const auto members = static_cast<unsigned>(list.names.size());
  ensure(std::adjacent_find(list.names.begin(), list.names.end()) == list.names.end(), "no member is listed twice");
  const bool same_names = held.members && held.members->names == list.names;
  list.write_quorum = wanted.write_quorum != 0 ? wanted.write_quorum
                      : same_names             ? held.members->write_quorum
                                               : members / 2 + 1;
  if (same_names) {
    // Quorums of one list that are majorities meet, whatever their sizes.
    const bool both_meet = std::min(held.members->write_quorum, list.write_quorum) >= members / 2 + 1;
    if (held.members->write_quorum != list.write_quorum && !both_meet)
      return differs("the directory belongs to a cluster whose write quorum is "
                     + std::to_string(held.members->write_quorum) + ", this start says "
                     + std::to_string(list.write_quorum) + ": give every node --write-quorum "
                     + std::to_string(held.members->write_quorum) + ", or none");
    const auto write_quorum = list.write_quorum;
    list = *held.members;
    list.write_quorum = write_quorum;
    // Restored, and started before anybody said what it is for: it has never counted in this cluster.
    if (wanted.adopt_peers && list.founder.empty() && held.holds_entries && !held.disks.complete)
      list.founder = wanted.self;
    return list;
  }
  if (wanted.adopt_peers && members > 1 && (used_alone(held) || (!held.members && held.disks.others.empty()))) {
    if (!held.holds_entries)
      return differs("--adopt-peers is for a directory that holds something, and this one is empty: start without it");
    list.founder = wanted.self;
    return list;
  }
  if (used_alone(held) && members > 1)
    return differs(
        "the directory was used without peers, so what it holds is on no other node: start this node once with "
        "--adopt-peers, and "
        + text_of(wanted.peers) + " on empty directories, which it fills");
  if (held.members)
    return differs("the directory belongs to a cluster of " + words_of(*held.members) + ", this start names "
                   + words_of(list) + ": start it with the members it has; they cannot be changed yet");
  // One that does not count is filled under the new list, whatever it was before.
  if (held.disks.complete && !wanted.accept_loss && !held.disks.others.empty()
      && !knows_exactly(held.disks, list, wanted.self))
    return differs("the directory has counted " + std::to_string(held.disks.others.size()) + " other members, this start "
                   "names " + std::to_string(members - 1) + " (" + text_of(wanted.peers)
                   + "), not the same: start it with the members it had; if these are they, once with --accept-loss");
  return list;
}

status compare_members(const storage::member_list& own, bool complete, const storage::member_list& theirs,
                       const std::string& peer) {
  if (own.names != theirs.names)
    return differs("'" + peer + "' has the members " + text_of(theirs.names) + ", this node has " + text_of(own.names)
                   + ": give every node the same --peer list");
  if (own.write_quorum != theirs.write_quorum)
    return differs("'" + peer + "' has the write quorum " + std::to_string(theirs.write_quorum) + ", this node has "
                   + std::to_string(own.write_quorum) + ": give every node the same --write-quorum");
  if (!own.founder.empty() && !theirs.founder.empty() && own.founder != theirs.founder)
    return differs("'" + peer + "' says that the cluster begins with the directory of " + theirs.founder
                   + ", here it begins with that of " + own.founder + ": all but one must begin on an empty directory");
  if (own.founder.empty() && !theirs.founder.empty() && complete)
    return differs("'" + peer + "' says that the cluster begins with the directory of " + theirs.founder
                   + ", but this node counted before: start " + theirs.founder
                   + " on an empty directory, without --adopt-peers");
  return {};
}

}  // namespace quorate::core
