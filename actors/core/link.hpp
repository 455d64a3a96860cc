// One peer as this node sees it: what it has, what to send it next, how much is under way.
//
// Owned by the peer_link actor. A pure machine: no stream, no disk, no clock. Its owner tells it what happened
// and asks `next` what to do: send these entries, or read that stretch of a log first.
//
// Entries of the live log (the one this node's writer appends to) come from memory while the peer keeps up; whatever
// memory no longer holds, and every other log, comes from disk. So a slow or absent peer costs disk, not memory:
// `recent_bytes` stays within limits::link_backlog_bytes_max and bytes under way within limits::link_window_bytes_max,
// less on a slow link (send_window.hpp): there an entry larger than the window goes alone.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "actors/core/log_vector.hpp"
#include "actors/core/send_window.hpp"
#include "proto/record.hpp"

namespace quorate::core {

/// Please read this from disk and hand it to `on_read`.
struct read_order {
  log_id log;
  sequence_number first = 0;
  std::size_t bytes_max = 0;
};

/// Please send these in one frame.
struct send_order {
  std::vector<encoded_entry> entries;
};

using link_order = std::variant<std::monostate, send_order, read_order>;

class link {
 public:
  /// The writer made entries of its live log (uncommitted yet: peers get them beside the local disk).
  void on_published(const std::vector<encoded_entry>& entries);

  /// The stream is open; the peer holds this much.
  void on_open(const std::vector<hashed_position>& vector);
  void on_closed();
  /// Before on_closed, when it is closed because the peer was not heard of.
  void on_silence() { window_.on_silence(); }

  /// The peer has `upto` of a log on disk. Also from its echoes.
  void on_held(const log_position& position, std::uint64_t hash = 0);
  /// Whether it can acknowledge that on this stream.
  bool acknowledgeable(const log_position& position) const;
  /// Whether an acknowledgement speaks of the bytes that were sent. Of the live log it has to say so.
  bool same_bytes(const log_position& position, std::uint64_t hash) const;
  /// Whether the position is of the live log, sent on whatever stream, and this the hash of what was sent: the peer
  /// says in its vector that it has it, be it that its acknowledgement was lost.
  bool sent_with(const log_position& position, std::uint64_t hash) const;
  /// The peer did not take entries of this log: go on after `have`, not before `retry_at_ms`.
  void on_refused(const log_id& log, sequence_number have, std::int64_t retry_at_ms);

  /// Entries of another log the peer should get, up to and including this position (from the reconciler).
  void on_relay(const log_position& upto);

  /// What a read_order brought; may be short or empty when the log ends (or is not committed) there.
  void on_read(const log_id& log, std::vector<encoded_entry> entries, std::int64_t now_ms);

  /// The live log is on disk up to here: for a machine that was made after the entries were published.
  void on_committed(const log_position& live);

  /// What to do now, while the stream takes a frame: call after every event, until it says send or nothing.
  link_order next(std::int64_t now_ms);
  /// Whether there are entries to send, be it that the window holds them back.
  bool anything_due(std::int64_t now_ms) const;

  /// Bytes of questions and write-backs that may go in the next frame; nothing acknowledges them but the answer to a
  /// heartbeat that was sent after them. 0: not now. One question always fits.
  std::size_t question_room();
  void on_questions_sent(std::size_t bytes) { questions_sent_ += bytes; }

  /// Whether a heartbeat should go now, though none is due.
  bool heartbeat_wanted() const;
  /// A heartbeat goes with what was sent last.
  heartbeat_mark on_heartbeat(std::int64_t now_ms);
  void on_echo(const heartbeat_mark& mark, std::int64_t now_ms);
  /// How long the peer may be silent before it counts as down.
  std::int64_t patience_ms() const { return window_.patience_ms(under_way()); }

  bool open() const { return open_; }
  std::size_t window_bytes() const { return window_.bytes(); }
  const log_vector& peer_vector() const { return peer_; }
  std::size_t bytes_in_flight() const { return in_flight_bytes_; }
  std::size_t recent_bytes() const { return recent_bytes_; }

 private:
  /// Progress through one log towards the peer.
  struct outgoing {
    sequence_number next = 1;  ///< first one not yet sent on this stream
    sequence_number upto = 0;  ///< last one to send
    std::int64_t held_until_ms = 0;
    struct frame {
      sequence_number last = 0;
      std::size_t bytes = 0;
      std::vector<std::uint64_t> hashes;  ///< of its entries
    };
    std::deque<frame> in_flight;
    std::size_t doomed = 0;  ///< frames under way behind a refused one: they will be refused too, and change nothing
  };

  std::size_t under_way() const {
    return in_flight_bytes_ + static_cast<std::size_t>(questions_sent_ - questions_arrived_);
  }
  /// Whether a frame that begins with this entry has to wait for acknowledgements.
  bool must_wait(std::size_t first_entry_bytes) const;
  link_order wait_for_acks();
  std::optional<link_order> next_chunk(std::int64_t now_ms);
  std::optional<link_order> next_live(std::int64_t now_ms);
  std::optional<link_order> next_from_disk(const log_id& log, outgoing& out);
  /// As many as a frame takes, off the front.
  std::vector<encoded_entry> take_frame(std::deque<encoded_entry>& from) const;
  send_order send(const log_id& log, outgoing& out, std::vector<encoded_entry> entries, std::int64_t now_ms);
  void note_sent(sequence_number first, const std::vector<std::uint64_t>& hashes);
  void release(outgoing& out, sequence_number upto);
  void trim_recent();
  void begin_live(const log_id& log);

  bool open_ = false;
  bool reading_ = false;
  log_vector peer_;
  log_id live_;
  std::deque<encoded_entry> recent_;  ///< newest of the live log, contiguous, not yet sent
  std::size_t recent_bytes_ = 0;
  std::map<log_id, outgoing> outgoing_;
  /// Hashes of the newest entries of the live log that were sent, whatever became of their stream; contiguous.
  std::deque<std::uint64_t> live_hashes_;
  sequence_number live_hashes_end_ = 0;                 ///< the place behind the last of them
  std::map<log_id, sequence_number> sent_;              ///< the last entry of each log that went out on this stream
  std::pair<log_id, std::deque<encoded_entry>> chunk_;  ///< read, not yet sent
  std::size_t in_flight_bytes_ = 0;
  send_window window_;
  bool held_back_ = false;          ///< by the window, at the last look
  std::int64_t frame_sent_ms_ = 0;  ///< the last one
  std::uint64_t questions_sent_ = 0;
  std::uint64_t questions_marked_ = 0;   ///< of these, before the last heartbeat
  std::uint64_t questions_arrived_ = 0;  ///< of these, before the last heartbeat that was answered
};

}  // namespace quorate::core
