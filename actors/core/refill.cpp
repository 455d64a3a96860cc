#include "actors/core/refill.hpp"

#include <algorithm>

#include "proto/test_points.hpp"

namespace quorate::core {

refill_verdict refill::tick(const log_vector& own, const std::vector<refill_view>& others) {
  const bool never_seen = std::all_of(others.begin(), others.end(),
                                      [](const refill_view& other) { return other.up && other.knows_us_by == 0; });
  if (never_seen && may_be_new_) return refill_verdict::complete_as_new;

  std::size_t covered = 0;
  for (const auto& other : others) {
    if (!other.up || !other.complete) {
      wanted_.erase(other.id);
      continue;
    }
    if (other.vector_asked_us >= settled_us_) wanted_.try_emplace(other.id, other.vector);
    if (auto wanted = wanted_.find(other.id); wanted != wanted_.end() && own.covers(wanted->second)) ++covered;
  }
  const auto members = others.size() + 1;
  auto needed = members - (members / 2 + 1) + 1;
  if (planted(planted_bug::wiped_needs_one)) needed = 1;
  return covered >= needed ? refill_verdict::complete_as_refilled : refill_verdict::wait;
}

}  // namespace quorate::core
