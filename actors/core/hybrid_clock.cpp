#include "actors/core/hybrid_clock.hpp"

#include <algorithm>

#include "proto/ensure.hpp"
#include "proto/ids.hpp"

namespace quorate::core {

namespace {

std::uint64_t at(std::int64_t wall_ms) {
  return hybrid_time_at(static_cast<std::uint64_t>(std::max<std::int64_t>(wall_ms, 0)));
}

}  // namespace

std::uint64_t hybrid_clock::next(std::int64_t wall_ms, std::uint64_t floor) {
  const auto before = last_;
  last_ = std::max({at(wall_ms), last_ + 1, floor + 1});
  ensure(last_ > before && last_ > floor, "a stamp is above every earlier one and above its floor");
  return last_;
}

std::uint64_t hybrid_clock::bound(std::int64_t wall_ms, std::int64_t ahead_ms, std::int64_t step_ms) const {
  return std::max(at(wall_ms) + at(ahead_ms), last_ + at(step_ms));
}

}  // namespace quorate::core
