// The numbers of positions, without the hashes that go with them.
#pragma once

#include <vector>

#include "actors/core/log_vector.hpp"

namespace quorate {

inline std::vector<log_position> numbers_of(const std::vector<core::hashed_position>& positions) {
  std::vector<log_position> numbers;
  for (const auto& [position, hash] : positions) numbers.push_back(position);
  return numbers;
}

}  // namespace quorate
