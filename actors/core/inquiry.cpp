#include "actors/core/inquiry.hpp"

#include <bit>

#include "proto/test_points.hpp"

namespace quorate::core {

void inquiry::found(unsigned member, holding what) {
  if (done_) return;
  if (round_ > 0) {
    // Late: asked after the read began, so holding exactly this counts; what is newer shows when it is written back.
    if (what.stamp == best_.stamp) count(member);
    return;
  }
  const auto stamp = what.stamp;
  if (!answers_.emplace(member, stamp).second) return;
  if (answers_.size() == 1 || stamp > best_.stamp) best_ = std::move(what);
  if (answers_.size() < needed_) return;
  if (why_ == purpose::version)
    done_ = true;
  else
    settle();
}

void inquiry::confirmed(unsigned member, holding what) {
  if (!confirming()) return;
  if (what.stamp == best_.stamp || planted(planted_bug::blind_write_back)) return count(member);
  if (what.stamp < best_.stamp) return;  // the answer of a member that did not take it
  reached(mark::read_took_newer);
  answers_[member] = what.stamp;
  best_ = std::move(what);
  settle();
}

void inquiry::settle() {
  ++round_;
  holders_ = 0;
  for (const auto& [member, stamp] : answers_)
    if (stamp == best_.stamp) count(member);
  if (planted(planted_bug::no_write_back)) done_ = true;
}

void inquiry::count(unsigned member) {
  holders_ |= 1u << member;
  if (std::popcount(holders_) >= static_cast<int>(needed_)) done_ = true;
}

}  // namespace quorate::core
