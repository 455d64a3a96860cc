// Simulated time: events in their order, and actors that are ready to run. One thread, one seed, no other source of
// chance: the same seed gives the same run.
//
// Owned by a run of the simulator; outlives everything in it. An event may run the world further (a disk that takes its
// time does): then the inner run ends first.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <random>
#include <string>
#include <vector>

namespace quorate::sim {

/// Something with work that is ready now: the actors of a node.
class runner {
 public:
  virtual ~runner() = default;
  explicit runner(std::string whose) : name(std::move(whose)) {}
  const std::string name;
  virtual bool ready() const = 0;
  /// Does one piece of it.
  virtual void run_one() = 0;
};

class world {
 public:
  explicit world(std::uint64_t seed) : random_(seed) {}
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  /// Microseconds since the start of the run.
  std::int64_t now_us() const { return now_us_; }
  void at(std::int64_t us, std::function<void()> what);
  void after(std::int64_t us, std::function<void()> what) { at(now_us_ + us, std::move(what)); }
  /// Runs until `us`, or until `done` (asked between any two steps).
  void run_until(std::int64_t us, const std::function<bool()>& done = {});

  void add(runner* r) { runners_.push_back(r); }
  void remove(runner* r);

  std::uint64_t random() { return random_(); }
  /// 0 ... n - 1.
  std::uint64_t below(std::uint64_t n) { return n == 0 ? 0 : random_() % n; }
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most - least + 1)));
  }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

  /// A line of the timeline; cheap when nobody wants one.
  template <class... Part>
  void trace(const Part&... part) {
    if (!traced) return;
    std::string line = std::to_string(now_us_ / 1000) + "." + std::to_string(now_us_ / 100 % 10) + " ms";
    ((line += ' ', line += part), ...);
    traced(line);
  }
  std::function<void(const std::string& line)> traced;
  /// Whose actor has its turn; empty when none has.
  const std::string& running() const { return running_; }
  std::uint64_t events() const { return events_; }
  std::uint64_t turns() const { return turns_; }

 private:
  struct event {
    std::int64_t us;
    std::uint64_t number;  ///< events of one instant happen in the order in which they were asked for
    std::function<void()> what;
    bool operator<(const event& other) const { return us != other.us ? us > other.us : number > other.number; }
  };
  runner* next_ready();

  std::mt19937_64 random_;
  std::int64_t now_us_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t turns_ = 0;
  std::uint64_t numbers_ = 0;
  std::vector<event> heap_;
  std::vector<runner*> runners_;
  std::vector<runner*> ready_;
  std::string running_;
};

}  // namespace quorate::sim
