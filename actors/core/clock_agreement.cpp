#include "actors/core/clock_agreement.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>

namespace quorate::core {

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

}  // namespace quorate::core
