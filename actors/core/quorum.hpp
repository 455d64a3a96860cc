// One node's unanswered writes: who has each on disk, with which verdict, and what its answer is.
//
// Owned by fanout. A pure table: acks and the passing of time go in, decisions come out, each write exactly once.
// Members are bits; the same member counts once however often it acks. `Payload` travels with the write (in the
// node: the ticket to answer).
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <deque>
#include <map>
#include <queue>
#include <utility>
#include <vector>

#include "proto/ensure.hpp"
#include "proto/ids.hpp"
#include "proto/limits.hpp"
#include "proto/test_points.hpp"

namespace quorate::core {

/// Members are bits of a word.
inline constexpr unsigned member_bits = 32;
static_assert(limits::members_max <= member_bits);

enum class quorum_outcome { met, superseded, timed_out };

template <class Payload>
struct quorum_decision {
  Payload payload;
  quorum_outcome outcome = quorum_outcome::timed_out;
  version stamp;
  version superseded_by;
  std::uint32_t copies_needed = 0;
  std::uint32_t copies = 0;
};

/// An entry that was not the newest version of a key where it arrived.
struct superseded_entry {
  sequence_number sequence = 0;
  version by;
};

template <class Payload>
class quorum_table {
 public:
  using decisions = std::vector<quorum_decision<Payload>>;

  /// Writes of one log must be begun in order of sequence. `copies_needed` >= 1; member 0, the node itself, is always
  /// among those that have it in place: who says OK shows it, and rows made from its own copy are never made from an
  /// older one.
  /// `any_verdict`: copies count that a newer version was in the way of too (a linearizable write, which has asked
  /// first).
  void begin(const log_id& log, sequence_number sequence, version stamp, std::uint32_t copies_needed,
             std::int64_t deadline_us, Payload payload, bool any_verdict = false) {
    auto& writes = logs_[log];
    if (writes.slots.empty()) writes.first = sequence;
    ensure(copies_needed >= 1, "a write needs a copy");
    ensure(sequence >= writes.first + writes.slots.size(), "writes of a log are begun in their order");
    while (writes.first + writes.slots.size() < sequence) writes.slots.emplace_back();  // already answered elsewhere
    writes.slots.push_back({std::move(payload), stamp, {}, deadline_us, copies_needed, 0, 0, 0, any_verdict, true});
    deadlines_.push({deadline_us, log, sequence});
    ++open_;
  }

  /// `member` (0 ... 31) has entries first ... last on disk; all but those listed were the newest there.
  void acked(const log_id& log, unsigned member, sequence_number first, sequence_number last,
             const std::vector<superseded_entry>& superseded, decisions& out) {
    auto found = logs_.find(log);
    if (found == logs_.end()) return;
    auto& writes = found->second;
    auto end = writes.first + writes.slots.size();
    first = std::max(first, writes.first);
    ensure(member < member_bits, "a copy is of a member");
    const std::uint32_t bit = 1u << member;
    for (const auto& s : superseded)
      if (s.sequence >= first && s.sequence <= last && s.sequence < end) {
        auto& slot = writes.slots[s.sequence - writes.first];
        if ((slot.acks & bit) == 0) slot.superseded |= bit;
        slot.superseded_by = std::max(slot.superseded_by, s.by);
      }
    for (auto i = first; i <= last && i < end; ++i) {
      auto& slot = writes.slots[i - writes.first];
      if (!slot.open) continue;
      if (slot.acks & bit) ++slot.repeats;
      slot.acks |= bit;
      decide(slot, out);
    }
    trim(found);
  }

  /// `member` is known to have the log up to `last`, and nothing of what it found there: enough for writes that any
  /// verdict will do for. So an acknowledgement that was lost with its stream is earned again.
  void holds(const log_id& log, unsigned member, sequence_number last, decisions& out) {
    auto found = logs_.find(log);
    if (found == logs_.end()) return;
    auto& writes = found->second;
    ensure(member < member_bits, "a copy is of a member");
    for (std::size_t i = 0; i < writes.slots.size() && writes.first + i <= last; ++i) {
      auto& slot = writes.slots[i];
      if (!slot.open || (!slot.any_verdict && !planted(planted_bug::vector_is_a_verdict))) continue;
      slot.acks |= 1u << member;
      decide(slot, out);
    }
    trim(found);
  }

  /// Every write whose deadline has come.
  void expire(std::int64_t now_us, decisions& out) {
    while (!deadlines_.empty() && deadlines_.top().at_us <= now_us) {
      auto due = deadlines_.top();
      deadlines_.pop();
      auto found = logs_.find(due.log);
      if (found == logs_.end() || due.sequence < found->second.first) continue;
      auto& slot = found->second.slots[due.sequence - found->second.first];
      if (slot.open) close(slot, quorum_outcome::timed_out, out);
      trim(found);
    }
  }

  std::size_t open() const { return open_; }

 private:
  struct pending_write {
    Payload payload{};
    version stamp;
    version superseded_by;
    std::int64_t deadline_us = 0;
    std::uint32_t copies_needed = 0;
    std::uint32_t acks = 0;
    std::uint32_t superseded = 0;
    std::uint32_t repeats = 0;  ///< acknowledgements that a member had given before
    bool any_verdict = false;
    bool open = false;
  };
  struct log_writes {
    sequence_number first = 0;
    std::deque<pending_write> slots;
  };
  struct due_write {
    std::int64_t at_us;
    log_id log;
    sequence_number sequence;
    bool operator<(const due_write& other) const { return at_us > other.at_us; }
  };

  void decide(pending_write& s, decisions& out) {
    const bool here = (s.acks & 1) != 0 || planted(planted_bug::ok_without_own_copy);
    // Come back to a node that has stamped the key anew without it: what was made from its copy is lost to that one.
    const bool overtaken_here = (s.superseded & s.acks & 1) != 0 && !planted(planted_bug::supersession_ignored);
    if (!here || (overtaken_here && s.any_verdict)) return;
    // Any W members without a newer version suffice: each earlier acknowledged write of the key has a copy on one
    // of them, so it has a lower version (design section 3).
    const bool any = s.any_verdict || planted(planted_bug::supersession_ignored);
    auto copies = std::popcount(s.acks);
    if (planted(planted_bug::ack_counted_twice)) copies += static_cast<int>(s.repeats);
    if (!overtaken_here
        && copies - (any ? 0 : std::popcount(s.superseded & s.acks)) >= static_cast<int>(s.copies_needed))
      close(s, quorum_outcome::met, out);
    else if (copies >= static_cast<int>(s.copies_needed))
      close(s, quorum_outcome::superseded, out);
  }

  void close(pending_write& s, quorum_outcome outcome, decisions& out) {
    ensure(s.open && open_ > 0, "a write is answered once");
    s.open = false;
    --open_;
    out.push_back({std::move(s.payload), outcome, s.stamp,
                   outcome == quorum_outcome::superseded ? s.superseded_by : version{}, s.copies_needed,
                   static_cast<std::uint32_t>(std::popcount(s.acks))});
  }

  void trim(typename std::map<log_id, log_writes>::iterator found) {
    auto& writes = found->second;
    while (!writes.slots.empty() && !writes.slots.front().open) {
      writes.slots.pop_front();
      ++writes.first;
    }
    if (writes.slots.empty()) logs_.erase(found);
  }

  std::map<log_id, log_writes> logs_;
  std::priority_queue<due_write> deadlines_;
  std::size_t open_ = 0;
};

}  // namespace quorate::core
