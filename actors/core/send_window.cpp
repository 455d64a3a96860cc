#include "actors/core/send_window.hpp"
#include "proto/ensure.hpp"

#include <algorithm>

namespace quorate::core {

std::size_t send_window::frame_bytes() const { return std::min(bytes_ / 4, limits::frame_entries_bytes_max); }

void send_window::change(std::size_t bytes) {
  bytes_ = std::clamp(bytes, limits::link_window_bytes_min, limits::link_window_bytes_max);
  ++changes_;
  probed_ = false;
}

void send_window::on_open() {
  change(std::min(bytes_, limits::link_window_bytes_first));
  idle_round_trip_ms_.reset();
}

void send_window::on_silence() { change(std::min(bytes_, limits::link_window_bytes_first) / 2); }

bool send_window::probe_wanted(bool held_back) const {
  return held_back && !probed_ && bytes_ < limits::link_window_bytes_max;
}

void send_window::on_heartbeat(heartbeat_mark& mark) {
  mark.change = changes_;
  if (mark.held_back) probed_ = true;
}

void send_window::on_echo(const heartbeat_mark& mark, std::int64_t now_ms) {
  const auto took_ms = std::max<std::int64_t>(now_ms - mark.sent_ms, 1);
  idle_round_trip_ms_ = std::min({idle_round_trip_ms_.value_or(took_ms), took_ms, limits::suspicion_ms / 2});
  // One that left before the last change says nothing about what that change did.
  if (mark.change != changes_) return;
  const auto queued_ms = took_ms - *idle_round_trip_ms_;
  if (queued_ms <= limits::link_queue_ms_quick) {
    // Quick it is also when the bytes before it have had time to arrive: then it shows nothing of what the link takes.
    const auto filled_for_ms = mark.sent_ms - mark.filled_ms;
    if (mark.held_back && queued_ms + filled_for_ms <= limits::link_queue_ms_quick) return change(bytes_ * 2);
    probed_ = false;
  } else if (queued_ms > limits::link_queue_ms_max) {
    if (bytes_ == limits::link_window_bytes_min) {
      // So little does not take so long: the way has become longer, or is too slow for any window.
      idle_round_trip_ms_ = std::min(took_ms, limits::suspicion_ms / 2);
      return;
    }
    // By half at the most: a single pause of the peer says little.
    const auto carried =
        mark.under_way * static_cast<std::size_t>(limits::link_queue_ms_max) / static_cast<std::size_t>(queued_ms);
    change(std::clamp(carried, bytes_ / 2, bytes_));
  }
}

std::int64_t send_window::patience_ms(std::size_t under_way) const {
  if (under_way <= 2 * bytes_) return limits::suspicion_ms;
  const auto windows = static_cast<std::int64_t>(std::min(under_way, limits::entry_bytes_max) / bytes_ + 1);
  return limits::suspicion_ms + windows * limits::link_queue_ms_max;
}

}  // namespace quorate::core
