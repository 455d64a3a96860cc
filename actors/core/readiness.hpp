// Whether a node takes writes, and if not, in words: why, who is missing and since when, and what helps.
//
// What `admin status`, the log, HTTP and the error of a refused write say, so that all of them say the same. Pure: the
// caller brings the facts. It decides nothing: who refuses a write has reasons of its own and takes the words from
// here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quorate::core {

/// Another member, as this node sees it.
struct member_sight {
  std::string name;
  bool up = false;
  bool counts = false;    ///< what it acknowledges counts here
  bool complete = false;  ///< by its last answer: it counts itself
  bool full = false;      ///< by its last answer: its disk takes no more
  bool holds = false;     ///< entries, by its last answer
  /// Where this node, which is being filled, holds other entries in the same places of a log: whose, and which entry.
  std::vector<std::string> forks;
  bool knows_us = false;        ///< it remembers a complete disk of this node
  std::int64_t silent_ms = -1;  ///< since it was last heard of; -1 = never in the life of this process
  std::string trouble;          ///< why the link is down, maybe in the other side's words; printable
  std::string address;
  bool calls_us = false;       ///< its own link to this node is up
  bool clock_known = false;    ///< its clock was measured
  std::int64_t offset_ms = 0;  ///< its clock minus ours
};

struct node_sight {
  bool draining = false;
  bool disk_full = false;
  bool complete = true;              ///< it counts itself
  bool holds = false;                ///< entries
  bool began_after_damage = false;   ///< then it is never taken for a new member's
  bool clock_skewed = false;         ///< too far from most members'
  bool clock_doubted = false;        ///< it was set, and the members were not asked about it since
  std::int64_t stamps_ahead_ms = 0;  ///< the newest stamp minus the clock
  std::int64_t clock_offset_ms_max = 0;
  std::int64_t running_ms = 0;      ///< since the start of this process
  std::int64_t refill_wait_ms = 0;  ///< after which the others may fill it
  std::uint32_t copies_needed = 1;
  std::vector<member_sight> others;
};

/// Why not, and what helps. Both empty: it does.
struct words {
  std::string reason;
  std::string advice;

  /// "REASON; ADVICE", for an error.
  std::string sentence() const { return advice.empty() ? reason : reason + "; " + advice; }
};

struct readiness {
  std::string state;  ///< "serving", "filling", "disk_full", "no_quorum", "clock_skew", "draining"
  bool takes_writes = false;
  words why_not;
  std::vector<std::string> waiting_for;  ///< members that have to come, or to be filled, first
  std::vector<std::string> notes;        ///< a sentence for each member that is away though the node takes writes
};

readiness judge(const node_sight& node);

words while_draining();
words while_filling(const node_sight& node);
words with_full_disk(const node_sight& node);
words with_skewed_clock(const node_sight& node);
words with_doubted_clock(const node_sight& node);
words with_stamps_ahead(const node_sight& node);
/// Fewer than `copies_needed` members, this one included, are there to acknowledge.
words without_quorum(const node_sight& node);

/// Members that reach this node while it cannot reach them: they may have moved. A sentence each, with what helps.
std::vector<std::string> moved_members(const node_sight& node);

/// "b +10003 ms, c +9998 ms": the clocks that were measured, against this node's.
std::string offsets_of(const node_sight& node);

/// "0.4 s", "12 s", "5 min", "3 h".
std::string duration_text(std::int64_t milliseconds);

}  // namespace quorate::core
