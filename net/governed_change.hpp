// A change that the standard of its namespace may forbid or have put off until somebody approves it.
//
// For the files of net/memory_service only; a part of a planned_request, so it runs on the writer's thread and is
// judged by the newest standard this node has. `Change` says besides `keys`, `plan` and `fill` what is to be judged:
//
//   result<memory::governed_act> act(const record_reader& now) const;   what it is about to do
//   std::string payload() const;                                        all it takes to do it later
//
// `Reply` has a field `pending`, which is set when the act was put off.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "memory/key.hpp"
#include "memory/pending.hpp"
#include "net/write_call.hpp"

namespace quorate::net {

template <class Change>
class governed_change {
 public:
  governed_change(Change change, std::int64_t now_ms) : change_(std::move(change)), now_ms_(now_ms) {}

  std::vector<record_key> keys(const record_reader& now) const {
    auto keys = change_.keys(now);
    keys.push_back(memory::pending_key(pending_id()));
    return keys;
  }

  result<memory::planned_write> plan(const record_reader& now, const version& stamp) {
    notice_.reset();
    const auto act = change_.act(now);
    if (!act) return act.error();
    const auto verdict = memory::judge(now, *act, now_ms_);
    if (!verdict) return verdict.error();
    if (*verdict == memory::verdict::allowed) return change_.plan(now, stamp);
    auto put_off = memory::plan_put_off(pending_id(), *act, change_.payload(), now_ms_);
    notice_ = std::move(put_off.notice);
    return std::move(put_off.write);
  }

  template <class Reply>
  void fill(const memory::planned_write& planned, const write_answer& end, Reply* reply) const {
    if (!notice_) return change_.fill(planned, end, reply);
    *reply->mutable_pending() = *notice_;
    if constexpr (requires { reply->mutable_receipt(); })
      fill_receipt(end, reply->mutable_receipt());
    else
      fill_receipt(end, reply);
  }

 private:
  /// Drawn once, when it is needed: most acts are allowed.
  const std::string& pending_id() const {
    if (pending_id_.empty()) pending_id_ = memory::random_id();
    return pending_id_;
  }

  Change change_;
  std::int64_t now_ms_;
  mutable std::string pending_id_;
  std::optional<v1::PendingNotice> notice_;  ///< of the last plan
};

}  // namespace quorate::net
