#include "actors/core/restart.hpp"

#include <algorithm>

namespace quorate::core {

std::optional<std::int64_t> restart_intensity::on_death(std::int64_t now_ms) {
  deaths_ms_.push_back(now_ms);
  while (deaths_ms_.front() <= now_ms - limits::restart_window_ms) deaths_ms_.pop_front();
  if (deaths_ms_.size() > static_cast<std::size_t>(limits::restarts_max)) return std::nullopt;
  auto delay = limits::restart_backoff_ms_min << (deaths_ms_.size() - 1);
  return std::min(delay, limits::restart_backoff_ms_max);
}

}  // namespace quorate::core
