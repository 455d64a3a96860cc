#include "actors/core/log_vector.hpp"

#include <algorithm>

#include "proto/ensure.hpp"

namespace quorate::core {

namespace {

bool came_apart(const log_end& one, const log_end& other) {
  return one.sequence == other.sequence && one.hash != 0 && other.hash != 0 && one.hash != other.hash;
}

}  // namespace

log_vector::log_vector(const std::vector<log_position>& positions) {
  for (const auto& position : positions) raise(position);
}

log_vector log_vector::of(const std::vector<hashed_position>& positions) {
  log_vector vector;
  for (const auto& [position, hash] : positions) vector.raise(position, hash);
  return vector;
}

log_end log_vector::end_of(const log_id& log) const {
  auto i = positions_.find(log);
  return i == positions_.end() ? log_end() : i->second;
}

placement log_vector::place(const log_id& log, sequence_number sequence) const {
  auto held = at(log);
  if (sequence <= held) return placement::held;
  return sequence - held == 1 ? placement::next : placement::gap;
}

void log_vector::advance(const log_id& log, sequence_number sequence, std::uint64_t hash) {
  auto& held = positions_[log];
  ensure(sequence == held.sequence + 1, "a version vector advances by one entry at a time");
  held = {sequence, hash};
}

bool log_vector::raise(const log_position& position, std::uint64_t hash) {
  if (position.sequence == 0) return false;
  auto& held = positions_[position.log];
  if (position.sequence <= held.sequence) return false;
  held = {position.sequence, hash};
  return true;
}

bool log_vector::covers(const log_vector& other) const {
  return std::all_of(other.positions_.begin(), other.positions_.end(), [&](const auto& theirs) {
    const auto held = end_of(theirs.first);
    return held.sequence >= theirs.second.sequence && !came_apart(held, theirs.second);
  });
}

std::vector<hashed_position> log_vector::beyond(const log_vector& other) const {
  std::vector<hashed_position> result;
  for (const auto& [log, end] : positions_)
    if (end.sequence > other.at(log)) result.push_back({{log, end.sequence}, end.hash});
  return result;
}

std::vector<log_position> log_vector::forks_with(const log_vector& other) const {
  std::vector<log_position> forks;
  for (const auto& [log, end] : other.positions_)
    if (came_apart(end_of(log), end)) forks.push_back({log, end.sequence});
  return forks;
}

std::vector<hashed_position> log_vector::list() const {
  std::vector<hashed_position> result;
  result.reserve(positions_.size());
  for (const auto& [log, end] : positions_) result.push_back({{log, end.sequence}, end.hash});
  return result;
}

bool log_vector::operator==(const log_vector& other) const {
  return std::equal(positions_.begin(), positions_.end(), other.positions_.begin(), other.positions_.end(),
                    [](const auto& one, const auto& two) {
                      return one.first == two.first && one.second.sequence == two.second.sequence;
                    });
}

}  // namespace quorate::core
