// How often a writer begins a new log because its live one is another one elsewhere.
//
// One new log mends it: the writes of the node find their copies again. Who says so of the next one too is wrong or
// lies, and every log stays for good in all vectors, so the pauses double: from limits::new_log_pause_ms_min to
// limits::new_log_pause_ms_max. Each of the latter that passes without a word of forks halves the pause.
//
// Owned by the writer, one for each peer: what one says does not make another unheard. Pure: the caller brings time
// (steady, milliseconds).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "proto/limits.hpp"

namespace quorate::core {

/// The next of the pauses; 0 before the first.
inline std::int64_t next_fork_pause_ms(std::int64_t pause_ms) {
  return std::clamp(pause_ms * 2, limits::new_log_pause_ms_min, limits::new_log_pause_ms_max);
}

class new_log_pace {
 public:
  /// A fork of the live log was told of. Whether another log is to begin now.
  bool on_fork(std::int64_t now_ms) {
    if (heard_ms_) pause_ms_ >>= std::min<std::int64_t>((now_ms - *heard_ms_) / limits::new_log_pause_ms_max, 62);
    heard_ms_ = now_ms;
    if (now_ms - begun_ms_ < pause_ms_) return false;
    pause_ms_ = next_fork_pause_ms(pause_ms_);
    begun_ms_ = now_ms;
    return true;
  }

 private:
  std::optional<std::int64_t> heard_ms_;
  std::int64_t begun_ms_ = 0;
  std::int64_t pause_ms_ = 0;
};

}  // namespace quorate::core
