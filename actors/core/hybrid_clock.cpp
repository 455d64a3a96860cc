#include "actors/core/hybrid_clock.hpp"

#include <algorithm>

#include "proto/ids.hpp"

namespace quorate::core {

std::uint64_t hybrid_clock::next(std::int64_t wall_ms, std::uint64_t floor) {
  auto physical = hybrid_time_at(static_cast<std::uint64_t>(std::max<std::int64_t>(wall_ms, 0)));
  last_ = std::max({physical, last_ + 1, floor + 1});
  return last_;
}

}  // namespace quorate::core
