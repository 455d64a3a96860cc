#include "actors/core/inquiry.hpp"

#include <algorithm>
#include <bit>

#include "proto/ensure.hpp"
#include "proto/limits.hpp"
#include "proto/test_points.hpp"

namespace quorate::core {

void inquiry::found(unsigned member, holding what) {
  ensure(member < 32 && needed_ >= 1, "an answer is of a member, and of one at least");
  if (done_) return;
  const auto stamp = what.stamp;
  const bool first = answers_.empty();
  const bool fresh = answers_.emplace(member, what).second;
  if (round_ > 0) {
    // Late, but asked after the read began: who holds exactly the best counts, and an older version that as many hold
    // will do as well. What is newer than the best shows when that is written back.
    if (stamp == best_.stamp) return count(member);
    if (!fresh || why_ == purpose::copies || stamp > best_.stamp || !agreed_upon(stamp)) return;
    for (const auto& [who, held] : answers_) {
      // Members leave the value out where the asker has a higher version; then this one cannot be answered.
      if (held.stamp != stamp || (stamp && !held.record)) continue;
      best_ = held;
      done_ = true;
    }
    return;
  }
  if (!fresh) return;
  if (first || stamp > best_.stamp) best_ = std::move(what);
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
  answers_[member] = what;
  best_ = std::move(what);
  settle();
}

void inquiry::settle() {
  ++round_;
  holders_ = 0;
  for (const auto& [member, held] : answers_)
    if (held.stamp == best_.stamp) count(member);
  if (planted(planted_bug::no_write_back)) done_ = true;
  if (planted(planted_bug::absence_not_written_back) && best_.record && best_.record->deleted) done_ = true;
}

void inquiry::count(unsigned member) {
  ensure(member < 32, "who holds a version is a member");
  holders_ |= 1u << member;
  if (std::popcount(holders_) >= static_cast<int>(needed_)) done_ = true;
}

bool inquiry::agreed_upon(const version& stamp) const {
  const auto holders =
      std::count_if(answers_.begin(), answers_.end(), [&](const auto& one) { return one.second.stamp == stamp; });
  return static_cast<unsigned>(holders) >= needed_;
}

}  // namespace quorate::core
