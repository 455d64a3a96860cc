#include "actors/core/log_vector.hpp"

#include <cassert>

namespace quorate::core {

log_vector::log_vector(const std::vector<log_position>& positions) {
  for (const auto& position : positions) raise(position);
}

sequence_number log_vector::at(const log_id& log) const {
  auto i = positions_.find(log);
  return i == positions_.end() ? 0 : i->second;
}

placement log_vector::place(const log_id& log, sequence_number sequence) const {
  auto held = at(log);
  if (sequence <= held) return placement::held;
  return sequence == held + 1 ? placement::next : placement::gap;
}

void log_vector::advance(const log_id& log, sequence_number sequence) {
  auto& held = positions_[log];
  assert(sequence == held + 1);
  held = sequence;
}

bool log_vector::raise(const log_position& position) {
  if (position.sequence == 0) return false;
  auto& held = positions_[position.log];
  if (position.sequence <= held) return false;
  held = position.sequence;
  return true;
}

bool log_vector::covers(const log_vector& other) const {
  for (const auto& [log, sequence] : other.positions_)
    if (at(log) < sequence) return false;
  return true;
}

std::vector<log_position> log_vector::beyond(const log_vector& other) const {
  std::vector<log_position> result;
  for (const auto& [log, sequence] : positions_)
    if (sequence > other.at(log)) result.push_back({log, sequence});
  return result;
}

std::vector<log_position> log_vector::list() const {
  std::vector<log_position> result;
  result.reserve(positions_.size());
  for (const auto& [log, sequence] : positions_) result.push_back({log, sequence});
  return result;
}

}  // namespace quorate::core
