#include "actors/core/clock_agreement.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>

namespace quorate::core {

std::int64_t offset_now(std::int64_t offset_ms, std::int64_t measured_at_ms, std::int64_t difference_ms,
                        std::int64_t bound_ms) {
  const auto step_ms = difference_ms - measured_at_ms;
  return std::llabs(step_ms) > bound_ms ? offset_ms - step_ms : offset_ms;
}

clock_verdict judge_clock(std::vector<std::int64_t> offsets_ms, std::size_t members, std::int64_t bound_ms) {
  auto outside = std::count_if(offsets_ms.begin(), offsets_ms.end(),
                               [&](std::int64_t offset) { return std::llabs(offset) > bound_ms; });
  clock_verdict verdict;
  verdict.skewed = static_cast<std::size_t>(outside) >= members / 2 + 1;
  auto majority = members / 2 + 1;
  if (offsets_ms.size() >= majority) {
    std::sort(offsets_ms.begin(), offsets_ms.end(), std::greater<>());
    verdict.correction_ms = std::max<std::int64_t>(offsets_ms[majority - 1], 0);
  }
  return verdict;
}

bool clock_step_guard::may_use(std::int64_t difference_ms, std::optional<std::int64_t> agreed_ms) {
  const bool usable =
      !trusted_ms_ || close(difference_ms, *trusted_ms_) || (agreed_ms && close(difference_ms, *agreed_ms));
  if (usable) trusted_ms_ = difference_ms;  // a clock that is slewed moves on with small steps
  return usable;
}

}  // namespace quorate::core
