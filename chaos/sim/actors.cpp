#include "chaos/sim/actors.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <stdexcept>

#include <caf/actor_clock.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/execution_unit.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

namespace quorate::sim {
namespace {

constexpr std::int64_t stop_us_max = 60'000'000;

[[noreturn]] void not_simulated() { throw std::logic_error("the simulated clock knows delayed messages only"); }

/// Delayed messages wait here, not in the world: they must go with their system.
class simulated_clock final : public caf::actor_clock {
 public:
  explicit simulated_clock(world& w) : world_(w), letters_(std::make_shared<letters>()) {}

  time_point now() const noexcept override { return time_point(std::chrono::microseconds(world_.now_us())); }

  void schedule_message(time_point t, caf::strong_actor_ptr receiver, caf::mailbox_element_ptr content) override {
    const auto number = letters_->next++;
    letters_->waiting.emplace(number, letter{std::move(receiver), std::move(content)});
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(t.time_since_epoch()).count();
    world_.at(us, [waiting = std::weak_ptr(letters_), number] {
      if (auto all = waiting.lock()) all->deliver(number);
    });
  }
  void cancel_all() override { letters_->waiting.clear(); }

  void set_ordinary_timeout(time_point, caf::abstract_actor*, caf::atom_value, std::uint64_t) override {
    not_simulated();
  }
  void set_multi_timeout(time_point, caf::abstract_actor*, caf::atom_value, std::uint64_t) override { not_simulated(); }
  void set_request_timeout(time_point, caf::abstract_actor*, caf::message_id) override { not_simulated(); }
  void cancel_ordinary_timeout(caf::abstract_actor*, caf::atom_value) override {}
  void cancel_request_timeout(caf::abstract_actor*, caf::message_id) override {}
  void cancel_timeouts(caf::abstract_actor*) override {}
  void schedule_message(time_point, caf::group, caf::strong_actor_ptr, caf::message) override { not_simulated(); }

 private:
  struct letter {
    caf::strong_actor_ptr to;
    caf::mailbox_element_ptr content;
  };
  struct letters {
    std::uint64_t next = 0;
    std::map<std::uint64_t, letter> waiting;

    void deliver(std::uint64_t number) {
      auto found = waiting.find(number);
      if (found == waiting.end()) return;
      auto due = std::move(found->second);
      waiting.erase(found);
      due.to->enqueue(std::move(due.content), nullptr);
    }
  };

  world& world_;
  std::shared_ptr<letters> letters_;
};

class simulated_scheduler final : public caf::scheduler::abstract_coordinator, public runner {
 public:
  simulated_scheduler(caf::actor_system& system, world& w, const std::string& whose)
      : abstract_coordinator(system), runner(whose), world_(w), clock_(w), turn_(*this, system) {
    world_.add(this);
  }
  ~simulated_scheduler() override { world_.remove(this); }

  bool ready() const override { return !jobs_.empty(); }

  void run_one() override {
    const auto which = jobs_.begin() + static_cast<std::ptrdiff_t>(world_.below(jobs_.size()));
    auto* job = *which;
    jobs_.erase(which);
    if (job->resume(&turn_, 1) == caf::resumable::resume_later)
      jobs_.push_back(job);
    else
      intrusive_ptr_release(job);
  }

 protected:
  // No printer: nothing here prints through the actor system.
  void start() override {}
  void stop() override {
    clock_.cancel_all();
    for (auto* job : std::exchange(jobs_, {})) cleanup_and_release(job);
  }
  void enqueue(caf::resumable* job) override { jobs_.push_back(job); }
  caf::actor_clock& clock() noexcept override { return clock_; }

 private:
  struct turn final : caf::execution_unit {
    turn(simulated_scheduler& o, caf::actor_system& system) : execution_unit(&system), owner(o) {}
    void exec_later(caf::resumable* job) override { owner.jobs_.push_back(job); }
    simulated_scheduler& owner;
  };

  world& world_;
  simulated_clock clock_;
  std::deque<caf::resumable*> jobs_;
  turn turn_;
};

}  // namespace

actor_runtime simulated_runtime(world& w, const std::string& name) {
  return {
      [&w, name](caf::actor_system_config& config) {
        config.module_factories.push_back([&w, name](caf::actor_system& system) -> caf::actor_system::module* {
          return new simulated_scheduler(system, w, name);
        });
      },
      false,
      [&w] { return w.random(); },
      // Only at the end of a node: others run on meanwhile, time too if need be.
      [&w](const std::atomic<bool>& done) {
        w.run_until(w.now_us() + stop_us_max, [&done] { return done.load(); });
        if (!done) throw std::logic_error("a node's actors do not end");
      },
  };
}

}  // namespace quorate::sim
