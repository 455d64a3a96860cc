#include "chaos/sim/world.hpp"

#include <algorithm>
#include <utility>

namespace quorate::sim {

void world::at(std::int64_t us, std::function<void()> what) {
  heap_.push_back({std::max(us, now_us_), numbers_++, std::move(what)});
  std::push_heap(heap_.begin(), heap_.end());
}

void world::remove(runner* r) { std::erase(runners_, r); }

runner* world::next_ready() {
  ready_.clear();
  for (auto* r : runners_)
    if (r->ready()) ready_.push_back(r);
  return ready_.empty() ? nullptr : ready_[below(ready_.size())];
}

void world::run_until(std::int64_t us, const std::function<bool()>& done) {
  while (!done || !done()) {
    if (auto* r = next_ready()) {
      ++turns_;
      auto before = std::exchange(running_, r->name);
      r->run_one();
      running_ = std::move(before);
      continue;
    }
    if (heap_.empty() || heap_.front().us > us) {
      now_us_ = std::max(now_us_, us);
      return;
    }
    std::pop_heap(heap_.begin(), heap_.end());
    auto next = std::move(heap_.back());
    heap_.pop_back();
    now_us_ = std::max(now_us_, next.us);
    ++events_;
    auto before = std::exchange(running_, {});
    next.what();
    running_ = std::move(before);
  }
}

}  // namespace quorate::sim
