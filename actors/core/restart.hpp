// Restart intensity (Erlang/OTP's rule): how soon a dead child may come back, and when the supervisor gives up.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "proto/limits.hpp"

namespace quorate::core {

class restart_intensity {
 public:
  /// A death at `now_ms`. The delay before the restart: the least for the first within the window, doubling for each
  /// further one, capped. Nothing when there were more than `restarts_max` within the window: give up.
  std::optional<std::int64_t> on_death(std::int64_t now_ms);

 private:
  std::deque<std::int64_t> deaths_ms_;
};

}  // namespace quorate::core
