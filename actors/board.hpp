// What the actors publish of themselves for others to read: the durable vector, the state of each peer, the verdict
// on the clock, the supervision tree. Facts only; every decision is made by the actor that owns it.
//
// One per node, outlives all actor incarnations. Any thread; each fact has one writer, named beside it.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "actors/core/log_vector.hpp"
#include "proto/record.hpp"
#include "proto/status.hpp"
#include "storage/store.hpp"

namespace quorate {

struct peer_fact {
  bool up = false;
  std::int64_t heard_us = -1;  ///< steady clock; -1 = never
  bool clock_known = false;
  std::int64_t clock_measured_at_ms = 0;  ///< our wall clock minus our steady clock when that was measured
  std::int64_t clock_offset_ms = 0;
  core::log_vector vector;            ///< what it last said it holds
  std::int64_t vector_asked_us = -1;  ///< when the heartbeat was sent that this answered; -1 = none yet
  bool complete = false;              ///< by its last answer
  bool full = false;                  ///< by its last answer: it takes no entries
  std::uint64_t disk = 0;             ///< by its welcome
  std::uint64_t knows_us_by = 0;      ///< a disk of ours, by its welcome
  std::uint64_t complete_caller = 0;  ///< the disk of the last complete member of that name that called; 0 = none
  std::string founder;          ///< by its welcome: whose directory the cluster begins with; empty = none it knows
  log_position live;            ///< by its last call: its own live log, and the last entry of it
  std::int64_t called_us = -1;  ///< when it called last, steady clock; -1 = never
  std::string last_error;
  std::uint64_t connects = 0;
  std::size_t bytes_in_flight = 0;
  std::size_t bytes_waiting = 0;
};

struct actor_fact {
  std::string name;
  bool running = false;
  std::uint64_t restarts = 0;
  std::string last_reason;
};

class board {
 public:
  board(node_id self, std::vector<node_id> peers);

  /// No such difference of clocks yet.
  static constexpr std::int64_t clock_never_agreed = std::numeric_limits<std::int64_t>::min();

  // Written by the writer.
  void set_vector(core::log_vector vector, const log_id& live);
  void raise_vector(const std::vector<core::hashed_position>& positions);
  void set_disks(const storage::member_disks& disks);
  storage::member_disks disks() const;
  /// Whether the member is known by this disk, durably.
  bool knows_disk(std::size_t peer, std::uint64_t disk) const;
  /// The highest name of a disk that this node remembers, its own among them.
  std::uint64_t newest_disk() const;
  /// Of this node: it counts in quorums.
  bool complete() const { return complete_; }
  std::uint64_t own_disk() const { return own_disk_; }
  /// The disk has no room for more: nothing new is taken, neither from clients nor from peers.
  std::atomic<bool> disk_full{false};
  std::atomic<std::uint64_t> entries_refused_clock{0};
  std::atomic<std::uint64_t> entries_poisoned{0};
  std::atomic<std::uint64_t> forks{0};  ///< times that a log was found to be another one elsewhere
  /// The end of the live log, told before anybody hears of its entries.
  void set_published(const log_position& end);
  log_position published() const;

  /// Which members count: of the directory, and what was learned since of who founded it.
  void set_members(storage::member_list members);
  storage::member_list members() const;
  /// Who may have written a log. Members, and foreign ones: writers of logs that came with a directory.
  std::shared_ptr<const std::set<node_id>> origins() const;
  /// At most limits::foreign_origins_max foreign ones in all; what is beyond is not taken.
  void add_origins(const std::vector<node_id>& more);
  /// The wall clock minus the steady clock that stamps were made with last (core::clock_step_guard).
  std::atomic<std::int64_t> clock_trusted_ms{clock_never_agreed};
  /// The newest stamp made or observed, in milliseconds of the wall clock.
  std::atomic<std::int64_t> newest_stamp_ms{0};

  core::log_vector vector() const;
  /// How often that has changed.
  std::uint64_t change() const { return change_; }
  /// Of the positions those that end in the same entry here, and not with the same bytes.
  std::vector<log_position> forks_with(const std::vector<core::hashed_position>& positions) const;
  /// The live log of the member, and its end as it told last; nothing unless it was heard of just now.
  std::optional<log_position> live_log_of(node_id member, std::int64_t now_us) const;
  log_id live_log() const;
  log_position live_end() const;
  /// Positions beyond what `announced` holds; brings `announced` up to date.
  std::vector<core::hashed_position> news_for(core::log_vector& announced) const;

  /// The highest name of a disk of this node that a peer has told of. Above the disk's own name: an old one was put
  /// back.
  std::atomic<std::uint64_t> newest_own_disk{0};

  // Written by the peer links and, for what a hello says, the sessions.
  template <class Change>
  void change_peer(std::size_t index, Change change) {
    std::lock_guard lock(mutex_);
    change(peers_[index]);
    recount(index);
  }
  peer_fact peer(std::size_t index) const;
  std::vector<peer_fact> peers() const;
  /// Calls `use` with the index and the facts of each, under the lock.
  template <class Use>
  void look_at_peers(Use use) const {
    std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < peers_.size(); ++i) use(i, peers_[i]);
  }
  /// How many peers have an open link that is heard of.
  unsigned peers_up() const;
  bool peer_up(std::size_t index) const { return (up_.load() >> index & 1) != 0; }
  /// Up, complete, and known to this node's disk by the disk it has: what it acknowledges counts.
  bool peer_counts(std::size_t index) const { return (counting_.load() >> index & 1) != 0; }
  unsigned peers_counting() const;
  /// Of those, how many take entries: their disks are not full.
  unsigned peers_taking() const;

  // Written by the reconciler.
  std::atomic<bool> clock_skewed{false};
  std::atomic<std::int64_t> clock_correction_ms{0};
  /// The wall clock minus the steady clock that so many peers as make a majority with this node agreed with last.
  std::atomic<std::int64_t> clock_agreed_ms{clock_never_agreed};

  // Written by fanout.
  std::atomic<std::size_t> writes_pending{0};

  // Written by the supervisor.
  void set_actor(const actor_fact& fact);
  std::vector<actor_fact> actors() const;

  // Counted by sessions and links.
  std::atomic<std::uint64_t> peers_refused{0};  ///< calls and messages of peers that were not taken

  // Written by operators' drills.
  std::atomic<bool>& cut(std::size_t index) { return cut_[index]; }

 private:
  void recount(std::size_t index);

  const std::vector<node_id> ids_;
  const std::size_t members_count_;  ///< in origins_; the others are foreign
  mutable std::mutex mutex_;
  core::log_vector vector_;
  std::atomic<std::uint64_t> change_{0};  ///< raised after it
  log_id live_;
  log_position published_;
  storage::member_disks disks_;
  storage::member_list members_;
  std::shared_ptr<const std::set<node_id>> origins_;
  std::atomic<bool> complete_{false};
  std::atomic<std::uint64_t> own_disk_{0};
  std::vector<peer_fact> peers_;
  std::vector<actor_fact> actors_;
  std::vector<std::atomic<bool>> cut_;
  std::atomic<std::uint32_t> up_{0};
  std::atomic<std::uint32_t> counting_{0};
  std::atomic<std::uint32_t> taking_{0};
};

}  // namespace quorate
