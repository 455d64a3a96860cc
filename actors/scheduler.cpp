#include "actors/scheduler.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include <caf/actor_system_config.hpp>
#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/execution_unit.hpp>
#include <caf/logger.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include "proto/limits.hpp"

namespace quorate {
namespace {

class lending_scheduler;

/// Of this thread: loans open, one in another, and the scheduler that has something to run at the end of the outermost.
thread_local int open_loans = 0;
thread_local lending_scheduler* owed_to = nullptr;

class lending_scheduler final : public caf::scheduler::abstract_coordinator {
 public:
  explicit lending_scheduler(caf::actor_system& system) : abstract_coordinator(system), turn_(*this, system) {}

  /// The end of a loan that `enqueue` counted on.
  void pay() {
    std::unique_lock lock(mutex_);
    if (!running_) {
      const bool stranger = caf::logger::current_logger() == nullptr;
      run(lock, limits::loan_turns_max);
      // An actor that spawns another leaves the system's logger with the thread, and the system waits for it at its
      // end.
      if (stranger) caf::logger::set_current_actor_system(nullptr);
    }
    --lenders_;
    if (stopping_ || !jobs_.empty()) bell_.notify_all();
  }

 protected:
  void start() override {
    worker_ = std::thread([this] { work(); });
    timer_ = std::thread([this] { clock_.run_dispatch_loop(); });
    abstract_coordinator::start();
  }

  void stop() override {
    stop_actors();
    {
      std::unique_lock lock(mutex_);
      stopping_ = true;
      bell_.notify_all();
      bell_.wait(lock, [this] { return lenders_ == 0; });
    }
    worker_.join();
    for (auto* job : jobs_) cleanup_and_release(job);
    jobs_.clear();
    clock_.cancel_dispatch_loop();
    timer_.join();
  }

  void enqueue(caf::resumable* job) override {
    {
      std::lock_guard lock(mutex_);
      jobs_.push_back(job);
      if (running_) return;
      if (open_loans > 0 && (owed_to == nullptr || owed_to == this)) {
        if (std::exchange(owed_to, this) == nullptr) ++lenders_;
        return;
      }
    }
    bell_.notify_all();
  }

  caf::actor_clock& clock() noexcept override { return clock_; }

 private:
  /// What an actor that runs sees of its thread.
  struct turn final : caf::execution_unit {
    turn(lending_scheduler& o, caf::actor_system& system) : execution_unit(&system), owner(o) {}
    void exec_later(caf::resumable* job) override {
      std::lock_guard lock(owner.mutex_);
      owner.jobs_.push_back(job);
    }
    lending_scheduler& owner;
  };

  /// `turns` 0: until nothing is left.
  void run(std::unique_lock<std::mutex>& lock, int turns) {
    running_ = true;
    while (!jobs_.empty()) {
      auto* job = jobs_.front();
      jobs_.pop_front();
      lock.unlock();
      const auto outcome = job->resume(&turn_, max_throughput());
      if (outcome != caf::resumable::resume_later) intrusive_ptr_release(job);
      lock.lock();
      if (outcome == caf::resumable::resume_later) jobs_.push_back(job);
      if (turns > 0 && --turns == 0) break;
    }
    running_ = false;
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      bell_.wait(lock, [this] { return stopping_ || (!running_ && !jobs_.empty()); });
      if (!stopping_) run(lock, 0);
    }
  }

  std::mutex mutex_;
  std::condition_variable bell_;
  std::deque<caf::resumable*> jobs_;
  bool running_ = false;
  bool stopping_ = false;
  int lenders_ = 0;  ///< threads that will call `pay`
  turn turn_;
  std::thread worker_;
  caf::detail::thread_safe_actor_clock clock_;
  std::thread timer_;
};

}  // namespace

void install_scheduler(caf::actor_system_config& config) {
  config.module_factories.push_back(
      [](caf::actor_system& system) -> caf::actor_system::module* { return new lending_scheduler(system); });
}

thread_loan::thread_loan() { ++open_loans; }

thread_loan::~thread_loan() {
  if (--open_loans > 0 || owed_to == nullptr) return;
  std::exchange(owed_to, nullptr)->pay();
}

}  // namespace quorate
