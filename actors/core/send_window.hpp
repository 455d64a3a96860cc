// How many bytes may be under way to a peer: as many as the link to it carries within a short while.
//
// Owned by the peer's link machine. A pure machine: no clock, the time is passed in. What it goes by are round trips of
// heartbeats: they wait behind the bytes sent before them, and the peer answers them at once, whatever its disk does.
// Quick ones let the window grow while it holds something back, slow ones let it shrink to what the link was seen to
// carry. So on any link a heartbeat waits for limits::link_queue_ms_max or so, and a fast one gets all of
// limits::link_window_bytes_max after a few round trips.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "proto/limits.hpp"

namespace quorate::core {

/// What was under way when a heartbeat left; the heartbeat itself is the last of it.
struct heartbeat_mark {
  std::int64_t sent_ms = 0;
  std::int64_t filled_ms = 0;  ///< when the last bytes before it were sent
  std::size_t under_way = 0;
  std::uint64_t questions = 0;  ///< bytes of questions sent on the stream so far
  bool held_back = false;       ///< by the window: more would have been sent
  std::uint64_t change = 0;     ///< of the window, the last one before it
};

class send_window {
 public:
  std::size_t bytes() const { return bytes_; }
  /// A frame takes no more than a share of it, so that answers come from a slow link as well. One entry always goes.
  std::size_t frame_bytes() const;

  /// A new stream: what the last one knew of a slow link holds, what it knew of a fast one may be outdated.
  void on_open();
  /// The peer was not heard of for too long: the link may be slower than was thought.
  void on_silence();

  /// A heartbeat sent now would tell whether the window can grow.
  bool probe_wanted(bool held_back) const;
  void on_heartbeat(heartbeat_mark& mark);
  void on_echo(const heartbeat_mark& mark, std::int64_t now_ms);

  /// How long the peer may be silent before it counts as down. More than limits::suspicion_ms only while far more than
  /// the window is under way: that is one large entry on a slow link, of which nothing is heard before all of it is
  /// there.
  std::int64_t patience_ms(std::size_t under_way) const;

 private:
  void change(std::size_t bytes);

  std::size_t bytes_ = limits::link_window_bytes_first;
  std::optional<std::int64_t> idle_round_trip_ms_;  ///< of the link with nothing under way, as far as known
  std::uint64_t changes_ = 0;
  bool probed_ = false;  ///< a heartbeat left since the last change while the window held something back
};

}  // namespace quorate::core
