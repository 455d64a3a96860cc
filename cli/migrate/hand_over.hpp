// A few values on their way from one thread to another, in order.
//
// Shared by both; each call waits until it can be done, or until either side has gone.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace quorate::cli::migrate {

template <class Value>
class hand_over {
 public:
  explicit hand_over(std::size_t values_max) : values_max_(values_max) {}

  /// False when nobody takes any more.
  bool give(Value value) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || waiting_.size() < values_max_; });
    if (closed_) return false;
    waiting_.push_back(std::move(value));
    changed_.notify_all();
    return true;
  }

  /// Nothing once it is closed and empty.
  std::optional<Value> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    if (waiting_.empty()) return std::nullopt;
    std::optional<Value> value(std::move(waiting_.front()));
    waiting_.pop_front();
    changed_.notify_all();
    return value;
  }

  /// No more comes, or no more is wanted.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  const std::size_t values_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Value> waiting_;
  bool closed_ = false;
};

}  // namespace quorate::cli::migrate
