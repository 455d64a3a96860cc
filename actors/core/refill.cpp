#include "actors/core/refill.hpp"

#include <algorithm>

#include "proto/ensure.hpp"
#include "proto/test_points.hpp"

namespace quorate::core {

refill_verdict refill::as_new(const log_vector& own, const std::vector<refill_view>& others) const {
  const auto any = [&](auto what) { return std::any_of(others.begin(), others.end(), what); };
  if (!may_be_new_ || any([](const refill_view& other) { return !other.up || other.knows_us_by != 0; }))
    return refill_verdict::wait;
  if (any([](const refill_view& other) { return other.knows_founder; })) {
    const bool joined =
        any([&](const refill_view& other) { return other.founder && other.complete && own.covers(other.vector); });
    return joined ? refill_verdict::complete_as_joined : refill_verdict::wait;
  }
  const bool somebody_counts = any([](const refill_view& other) { return other.complete; });
  const bool somebody_holds =
      !own.positions().empty() || any([](const refill_view& other) { return !other.vector.positions().empty(); });
  if (somebody_holds && !somebody_counts) return refill_verdict::wait;
  // What counts already may have been taken for complete by an operator: what it holds alone must not be missed.
  const bool all_here = std::all_of(others.begin(), others.end(), [&](const refill_view& other) {
    return !other.complete || own.covers(other.vector);
  });
  return all_here ? refill_verdict::complete_as_new : refill_verdict::wait;
}

refill_verdict refill::tick(const log_vector& own, const std::vector<refill_view>& others) {
  if (const auto verdict = as_new(own, others); verdict != refill_verdict::wait) return verdict;

  std::size_t covered = 0;
  for (const auto& other : others) {
    if (!other.up || !other.complete) {
      wanted_.erase(other.id);
      continue;
    }
    if (other.vector_asked_us >= settled_us_ || planted(planted_bug::refilled_at_once))
      wanted_.try_emplace(other.id, other.vector);
    if (auto wanted = wanted_.find(other.id); wanted != wanted_.end() && own.covers(wanted->second)) ++covered;
  }
  const auto members = others.size() + 1;
  ensure(members > 1, "alone there is nobody to be filled by");
  auto needed = members - (members / 2 + 1) + 1;
  if (planted(planted_bug::wiped_needs_one)) needed = 1;
  return covered >= needed ? refill_verdict::complete_as_refilled : refill_verdict::wait;
}

}  // namespace quorate::core
