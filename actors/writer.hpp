// writer: the only one that changes the store. Stamps versions, merges, and commits in groups: whatever came in
// while the last group was being synced is the next group.
//
// One per node, on its own thread, because its sync blocks. Order of effects for a group:
//   1. merge peers' entries, take over values that reads write back, plan and stamp clients' writes
//   2. tell fanout what was begun, give the new entries to every link
//   3. one synced write to the store
//   4. answer the peers; tell fanout that this node has its own
// So an ack never precedes the sync it speaks of, and the network works while the disk does.
//
// Each incarnation opens a new epoch before its first write: entries of the old one may have reached peers without
// reaching this disk, and their sequence numbers must not be used again. If it dies in the middle of a group, the
// group's tickets answer "unknown" and its peer batches end their streams, so they come again. A failed write to the
// store ends the node.
//
// Before each group, and a few times a second without one, it looks at the free space of the disk. Below the reserve it
// takes nothing new: clients' writes are rejected before they are stamped, entries of peers are refused (and come
// again), values that reads write back are not taken. What goes on are the rows that say who is who (epoch, clock's
// bound, names of disks), some hundred bytes at a time: the reserve has room for them for years.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include <caf/behavior.hpp>
#include <caf/stateful_actor.hpp>

#include "actors/context.hpp"
#include "actors/core/group_builder.hpp"
#include "actors/core/hybrid_clock.hpp"
#include "actors/core/new_log_pace.hpp"
#include "actors/messages.hpp"

namespace quorate::v1 {
class PeerAnswer;
}

namespace quorate {

struct batch_answer;
class held_entries;

struct writer_state {
  static inline const char* name = "quorate.writer";

  /// Reads the store and opens a new epoch.
  status open(node_context* node);
  /// One group. Returns whether more is waiting.
  result<bool> on_wake();
  status remember(const storage::member_disks& disks);
  status remember(const storage::member_list& members);
  /// A log of this node is another one elsewhere: when it is the live one, begins the next.
  status on_forked(const log_id& log, std::size_t peer);
  /// Publishes whether the disk is full.
  void look_at_space();
  /// The name of this node's disk.
  std::uint64_t disk() const { return disks_.own; }

 private:
  /// Why an entry is not taken, if it is not: nothing of its log behind it is then. Ok with none: it is next.
  struct judgement {
    std::optional<int> refusal;  ///< a v1::LogRefusal::Reason
    bool held = false;           ///< it is here already, the same bytes
  };
  result<judgement> judge(const core::group_builder& group, const peer_batch& batch,
                          const peer_batch::arrived_entry& arrived, held_entries& held);

  /// A disk without a name is new; what that means is in core/refill.hpp.
  status open_disk(const storage::member_disks& held);
  /// A status when the group must be thrown away: the store could not be read.
  status merge(core::group_builder& group, peer_batch& batch, batch_answer& answer);
  status stamp(core::group_builder& group, std::vector<net::write_ticket>& tickets, message::begun& begun,
               std::vector<encoded_entry>& made, message::entryless& others);
  /// The version of an entry that yields: just above what it replaces, so that whatever was stamped since, seen here
  /// or not, stays above it.
  result<version> yielding_version(const core::group_builder& group, const entry& e) const;
  /// The entry of this node's log that follows what the group holds.
  entry next_entry(const core::group_builder& group, const version& stamp, std::vector<mutation> changes) const;
  /// Has this node hold the value, as an entry of its own log, unless it has the same or a newer one. Whether it did.
  result<bool> pass_on(core::group_builder& group, const record_key& key, const stored_record& value,
                       std::vector<encoded_entry>& made);
  status write_back(core::group_builder& group, std::vector<written_back>& values, std::vector<encoded_entry>& made);
  /// Leaves those that need no room: this node holds the value, or a newer one. Of the others the reads ask again.
  status keep_held(core::group_builder& group, std::vector<written_back>& values);
  /// Says what is on disk now under the keys that were written back.
  status confirm(const std::vector<written_back>& values);
  /// Takes over what members hold of a linearizable write's keys, and checks that it can be stamped above that.
  status catch_up(core::group_builder& group, net::write_request& request, std::vector<encoded_entry>& made);
  /// The reason to refuse a write before anything is done for it; ok when there is none.
  status admissible(const net::write_ticket& ticket, std::uint32_t needed) const;
  void read_clocks();
  /// `fit_wall_ms`: the wall clock, or 0 when nothing found it fit for stamps.
  status commit(core::group_builder& group, std::int64_t fit_wall_ms);
  status store_clock_bound(std::int64_t fit_wall_ms);

  node_context* context_ = nullptr;
  core::group_state state_;
  core::hybrid_clock clock_;
  std::uint64_t clock_bound_ = 0;
  storage::member_disks disks_;
  bool disks_changed_ = false;  ///< to be written with the group
  log_id live_;
  std::map<std::size_t, core::new_log_pace> new_logs_;  ///< by the peer that asks for them
  /// Read once a group: what is decided about a clock must hold for what is done with it.
  struct {
    std::int64_t wall_ms = 0;
    std::int64_t steady_us = 0;
    bool wall_usable = false;  ///< for stamps
  } now_;
};

caf::behavior writer_behavior(caf::stateful_actor<writer_state>* self, node_context* context);

}  // namespace quorate
