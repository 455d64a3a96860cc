#include "actors/core/hybrid_clock.hpp"

#include <algorithm>

#include "proto/ids.hpp"

namespace quorate::core {

namespace {

std::uint64_t at(std::int64_t wall_ms) {
  return hybrid_time_at(static_cast<std::uint64_t>(std::max<std::int64_t>(wall_ms, 0)));
}

}  // namespace

std::uint64_t hybrid_clock::next(std::int64_t wall_ms, std::uint64_t floor) {
  last_ = std::max({at(wall_ms), last_ + 1, floor + 1});
  return last_;
}

std::uint64_t hybrid_clock::bound(std::int64_t wall_ms, std::int64_t ahead_ms, std::int64_t step_ms) const {
  return std::max(at(wall_ms) + at(ahead_ms), last_ + at(step_ms));
}

}  // namespace quorate::core
