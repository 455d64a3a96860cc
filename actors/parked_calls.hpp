// Calls that wait until this node has come so far, without a thread: each is parked with the place it waits for, and
// called when that is reached, at its deadline, or at the end of the node, whichever comes first; once.
//
// Two in a node's context: for entries of the logs (the writer moves on), for the index of words (the indexer does).
// Any thread. Callbacks run outside the lock, on the thread that came with the news, and must neither block nor throw.
// Bounded: at most `parked_max` at a time, more are refused with errc::overloaded. Who moves on and finds nobody parked
// looks at one number.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "proto/status.hpp"

namespace quorate {

/// `Place` is ordered; what is reached is a range of it.
template <class Place>
class parked_calls {
 public:
  using callback = std::function<void(status)>;
  static constexpr std::size_t parked_max = 1'024;

  /// `late`: how those are called whose deadline has come.
  explicit parked_calls(status late) : late_(std::move(late)) {}

  /// Calls `then` with ok once `place` is reached, with `late` when `deadline_us` (steady clock) has passed: at once,
  /// before this returns, when `there` says that it is reached already, however many are parked, or when it is refused.
  template <class There>
  void park(const Place& place, std::int64_t deadline_us, callback then, There there) {
    if (there()) return then({});
    status refused;
    std::uint64_t number = 0;
    {
      std::lock_guard lock(mutex_);
      if (closed_)
        refused = stopping();
      else if (places_.size() >= parked_max)
        refused = {errc::overloaded, "too many calls wait for what this node does not hold yet"};
      else {
        number = next_++;
        places_.emplace(std::pair(place, number), parked{deadline_us, std::move(then)});
        deadlines_.emplace(std::pair(deadline_us, number), place);
        count_ = places_.size();
      }
    }
    if (!refused) return then(refused);
    // Once more after it is parked, so that whoever moves on meanwhile finds it, or it finds them.
    if (!there()) return;
    std::vector<callback> woken;
    {
      std::lock_guard lock(mutex_);
      if (const auto at = places_.find({place, number}); at != places_.end()) take(at, &woken);
    }
    call(woken, {});
  }

  /// All from `first` to `last` is reached.
  void reached(const Place& first, const Place& last) {
    if (count_.load() == 0) return;
    std::vector<callback> woken;
    {
      std::lock_guard lock(mutex_);
      for (auto at = places_.lower_bound({first, 0}); at != places_.end() && !(last < at->first.first);)
        at = take(at, &woken);
    }
    call(woken, {});
  }

  /// Looks at each: for who cannot say what it has reached since.
  template <class There>
  void look(There there) {
    if (count_.load() == 0) return;
    std::vector<callback> woken;
    {
      std::lock_guard lock(mutex_);
      for (auto at = places_.begin(); at != places_.end();)
        at = there(at->first.first) ? take(at, &woken) : std::next(at);
    }
    call(woken, {});
  }

  void expire(std::int64_t now_us) {
    if (count_.load() == 0) return;
    std::vector<callback> late;
    {
      std::lock_guard lock(mutex_);
      while (!deadlines_.empty() && deadlines_.begin()->first.first <= now_us) {
        const auto& [deadline, place] = *deadlines_.begin();
        take(places_.find({place, deadline.second}), &late);
      }
    }
    call(late, late_);
  }

  /// The end of the node: whoever is parked, or comes, is answered "unavailable".
  void close() {
    std::vector<callback> all;
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
      while (!places_.empty()) take(places_.begin(), &all);
    }
    call(all, stopping());
  }

  std::size_t size() const { return count_; }

 private:
  struct parked {
    std::int64_t deadline_us = 0;
    callback then;
  };
  using by_place = std::map<std::pair<Place, std::uint64_t>, parked>;

  static status stopping() { return {errc::unavailable, "the node is stopping; ask another one"}; }

  typename by_place::iterator take(typename by_place::iterator at, std::vector<callback>* out) {
    out->push_back(std::move(at->second.then));
    deadlines_.erase({at->second.deadline_us, at->first.second});
    const auto next = places_.erase(at);
    count_ = places_.size();
    return next;
  }

  /// Half of them called would leave the others waiting for ever, so a callback that throws ends the process.
  static void call(const std::vector<callback>& callbacks, const status& how) noexcept {
    for (const auto& one : callbacks) one(how);
  }

  const status late_;
  std::mutex mutex_;
  by_place places_;  ///< by place, those of one place in the order they came
  std::map<std::pair<std::int64_t, std::uint64_t>, Place> deadlines_;
  std::uint64_t next_ = 1;
  bool closed_ = false;
  std::atomic<std::size_t> count_{0};
};

}  // namespace quorate
