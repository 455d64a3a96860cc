// One key, members that are maps in memory, and the production machines between them: core::inquiry for QUORUM reads
// and for the question before a LINEARIZABLE write, core::quorum_table for the copies of writes, core::hybrid_clock for
// stamps. Messages come in any order, late, twice or never, clocks are wrong and jump, coordinators forget what they
// were at. Every history must have an order that explains it; and the same exploration must find histories that have
// none once the protocol around the machines is broken.
#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "actors/core/hybrid_clock.hpp"
#include "actors/core/inquiry.hpp"
#include "actors/core/quorum.hpp"
#include "chaos/linearizability.hpp"

using namespace quorate;
using core::holding;
using core::inquiry;

namespace {

enum class kind { read, default_write, linearizable_write };

/// What may be wrong with the protocol around the machines.
enum class defect { none, one_too_few, no_write_back, blind_write_back, no_question };

/// How often the exploration came past what it is for.
struct tally {
  std::uint64_t reads = 0;
  std::uint64_t reads_of_absence = 0;
  std::uint64_t reads_that_wrote_back = 0;
  std::uint64_t reads_that_took_newer = 0;
  std::uint64_t linearizable_writes = 0;
  std::uint64_t default_writes = 0;
  std::uint64_t superseded = 0;
};

class exploration {
 public:
  exploration(std::uint64_t seed, defect broken, tally& seen)
      : random_(seed), broken_(broken), seen_(seen), members_(chance(0.75) ? 3 : 5) {
    for (auto& m : members_)
      if (chance(0.6)) m.offset_ms = number(-500, 500);
  }

  const std::vector<chaos::register_operation>& run() {
    const auto operations_max = static_cast<std::size_t>(number(4, 9));
    if (chance(0.2)) overtake_a_read();
    for (auto steps = number(30, 140); steps > 0; --steps) {
      ++now_ms_;
      const auto what = number(0, 99);
      if (what < 20 && history_.size() < operations_max)
        begin(any_kind(), any_member());
      else if (what < 22)
        forget(any_member());
      else if (what < 24)
        members_[any_member()].offset_ms = number(-500, 500);
      else if (what < 27)
        repeat();
      else
        deliver();
    }
    return history_;
  }

 private:
  struct member {
    holding held;
    core::hybrid_clock clock;
    std::int64_t offset_ms = 0;
    unsigned life = 0;  ///< of what coordinates there
  };
  /// A read, a write that asks, or a write under way.
  struct operation {
    operation(unsigned where, unsigned in_life, std::size_t in_history, inquiry::purpose why, unsigned needed)
        : at(where), life(in_life), place(in_history), machine(why, needed) {}
    unsigned at;
    unsigned life;
    std::size_t place;
    inquiry machine;
    unsigned confirming = 0;         ///< the round that write-backs were sent for
    std::optional<holding> made;     ///< of a write that is stamped
    core::quorum_table<int> copies;  ///< of that
    bool linearizable = false;
    bool ended = false;
  };
  using operation_ptr = std::shared_ptr<operation>;

  bool chance(double probability) { return std::bernoulli_distribution(probability)(random_); }
  std::int64_t number(std::int64_t min, std::int64_t max) {
    return std::uniform_int_distribution<std::int64_t>(min, max)(random_);
  }
  unsigned any_member() { return static_cast<unsigned>(number(0, static_cast<std::int64_t>(members_.size()) - 1)); }
  unsigned majority() const { return static_cast<unsigned>(members_.size()) / 2 + 1; }
  /// As the node `at` numbers the members: itself 0.
  unsigned number_of(unsigned which, unsigned at) const {
    const auto count = static_cast<unsigned>(members_.size());
    return (which + count - at) % count;
  }

  void send(std::function<void()> arrival) {
    if (chance(0.1)) return;
    if (chance(0.07)) under_way_.push_back(arrival);
    under_way_.push_back(std::move(arrival));
  }

  /// Mostly the newest first: then one thing runs through while another hangs, which is what tells protocols apart.
  void deliver() {
    if (under_way_.empty()) return;
    if (!chance(0.8))
      std::swap(under_way_[static_cast<std::size_t>(number(0, static_cast<std::int64_t>(under_way_.size()) - 1))],
                under_way_.back());
    const auto arrival = std::move(under_way_.back());
    under_way_.pop_back();
    arrival();
  }

  /// The merge rule: the highest version stays.
  void take(unsigned which, const holding& arrived) {
    auto& m = members_[which];
    m.clock.observe(arrived.stamp.time);
    if (arrived.stamp > m.held.stamp) m.held = arrived;
  }

  /// Nobody waits for it any more; what it sent stays under way.
  void forget(unsigned which) { ++members_[which].life; }
  bool open(const operation& one) const { return !one.ended && members_[one.at].life == one.life; }

  kind any_kind() {
    if (chance(0.5)) return kind::read;
    return chance(0.5) ? kind::default_write : kind::linearizable_write;
  }

  void begin(kind what, unsigned at) {
    const bool read = what == kind::read;
    const auto needed = majority() - (broken_ == defect::one_too_few ? 1 : 0);
    auto one = std::make_shared<operation>(at, members_[at].life, history_.size(),
                                           read ? inquiry::purpose::value : inquiry::purpose::version, needed);
    const auto label = (read ? "read " : "write ") + std::to_string(one->place) + " at " + std::to_string(at);
    // What a write writes is its place, so that no two are alike.
    history_.push_back({"key", !read, read ? 0 : one->place + 1, now_ms_, 0, false, label});
    operations_.push_back(one);
    one->linearizable = what == kind::linearizable_write;
    if (what == kind::default_write || (one->linearizable && broken_ == defect::no_question)) return put(one);
    one->machine.found(0, members_[at].held);
    ask(one);
    settle(one);
  }

  /// What chance alone comes upon too rarely: a read's question hangs while a write is acknowledged, and is answered by
  /// a member that has missed it and whose slow clock has just stamped another below it.
  void overtake_a_read() {
    const auto reader = any_member();
    const auto slow = (reader + 1) % static_cast<unsigned>(members_.size());
    const auto fast = (reader + 2) % static_cast<unsigned>(members_.size());
    members_[slow].offset_ms = -500;
    members_[fast].offset_ms = 500;
    const auto run_for = [this](std::int64_t steps_max) {
      for (auto steps = number(0, steps_max); steps > 0; --steps, ++now_ms_) deliver();
    };
    begin(kind::read, reader);
    auto questions = std::exchange(under_way_, {});
    begin(kind::default_write, fast);
    run_for(5);
    begin(kind::default_write, slow);
    run_for(3);
    under_way_.insert(under_way_.end(), questions.begin(), questions.end());
    run_for(10);
  }

  void ask(const operation_ptr& one) {
    for (unsigned to = 0; to < members_.size(); ++to) {
      const auto from = number_of(to, one->at);
      if (from == 0 || one->machine.answered(from)) continue;
      send([this, one, to, from] {
        send([this, one, from, held = members_[to].held] {
          if (!open(*one) || one->made) return;
          one->machine.found(from, held);
          settle(one);
        });
      });
    }
  }

  void write_back(const operation_ptr& one) {
    const auto round = one->machine.round();
    for (unsigned to = 0; to < members_.size(); ++to) {
      const auto from = number_of(to, one->at);
      if (one->machine.holds_best(from)) continue;
      send([this, one, to, from, round, best = one->machine.best()] {
        take(to, best);
        send([this, one, from, round, best, held = members_[to].held] {
          if (!open(*one) || one->machine.round() != round) return;
          if (held.stamp != best.stamp) ++seen_.reads_that_took_newer;
          one->machine.confirmed(from, broken_ == defect::blind_write_back ? best : held);
          settle(one);
        });
      });
    }
  }

  void settle(const operation_ptr& one) {
    auto& machine = one->machine;
    if (!history_[one->place].write) {
      if (machine.done() || (broken_ == defect::no_write_back && machine.round() > 0)) return finish_read(*one);
      if (!machine.confirming() || one->confirming == machine.round()) return;
      one->confirming = machine.round();
      return write_back(one);
    }
    if (machine.done() && !one->made) put(one);
  }

  void finish_read(operation& one) {
    const auto& best = one.machine.best();
    auto& said = history_[one.place];
    said.value = best.record ? std::stoull(best.record->value) : 0;
    said.end_us = now_ms_;
    said.certain = true;
    one.ended = true;
    ++seen_.reads;
    if (!best.record) ++seen_.reads_of_absence;
    if (one.confirming > 0) ++seen_.reads_that_wrote_back;
  }

  void put(const operation_ptr& one) {
    auto& here = members_[one->at];
    const auto& asked = one->machine.best();
    if (asked.record) take(one->at, asked);
    const version stamp{here.clock.next(now_ms_ + here.offset_ms, asked.stamp.time), node_id{one->at + 1}};
    REQUIRE(stamp > here.held.stamp);
    one->made = holding{stamp, stored_record{stamp, false, "", std::to_string(history_[one->place].value)}};
    one->copies.begin({stamp.node, one->place + 1}, 1, stamp, majority(), std::numeric_limits<std::int64_t>::max(), 0,
                      one->linearizable);
    take(one->at, *one->made);
    acked(*one, 0, {});
    replicate(one);
  }

  void replicate(const operation_ptr& one) {
    for (unsigned to = 0; to < members_.size(); ++to) {
      const auto from = number_of(to, one->at);
      if (from == 0) continue;
      send([this, one, to, from] {
        take(to, *one->made);
        const auto by = members_[to].held.stamp > one->made->stamp ? members_[to].held.stamp : version{};
        send([this, one, from, by] { acked(*one, from, by); });
      });
    }
  }

  void acked(operation& one, unsigned from, version superseded_by) {
    if (!open(one)) return;
    std::vector<core::superseded_entry> superseded;
    if (superseded_by) superseded.push_back({1, superseded_by});
    core::quorum_table<int>::decisions decisions;
    one.copies.acked({one.made->stamp.node, one.place + 1}, from, 1, 1, superseded, decisions);
    for (const auto& decision : decisions) {
      one.ended = true;
      // Superseded is durable all the same, and somebody may have read it: it stays uncertain.
      if (decision.outcome == core::quorum_outcome::superseded) ++seen_.superseded;
      if (decision.outcome != core::quorum_outcome::met) continue;
      history_[one.place].end_us = now_ms_;
      history_[one.place].certain = true;
      ++(one.linearizable ? seen_.linearizable_writes : seen_.default_writes);
    }
  }

  /// Somebody has waited long enough and says it again.
  void repeat() {
    if (operations_.empty()) return;
    const auto one =
        operations_[static_cast<std::size_t>(number(0, static_cast<std::int64_t>(operations_.size()) - 1))];
    if (!open(*one)) return;
    if (one->made)
      replicate(one);
    else if (one->machine.confirming())
      write_back(one);
    else
      ask(one);
  }

  std::mt19937_64 random_;
  const defect broken_;
  tally& seen_;
  std::vector<member> members_;
  std::int64_t now_ms_ = 1'000;
  std::vector<std::function<void()>> under_way_;
  std::vector<operation_ptr> operations_;
  std::vector<chaos::register_operation> history_;
};

struct finding {
  std::uint64_t seed = 0;
  std::string what;
};

/// The first history among so many seeds that has no order.
std::optional<finding> explore(defect broken, std::uint64_t seeds, tally& seen) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    exploration one(seed, broken, seen);
    const auto verdict = chaos::check_linearizable(one.run());
    if (verdict.undecided) return finding{seed, "undecided"};
    if (verdict.violation) return finding{seed, verdict.violation->what};
  }
  return std::nullopt;
}

constexpr std::uint64_t seeds_tried = 50'000;

}  // namespace

TEST_SUITE("core.register.properties") {
  TEST_CASE("reads and writes of a key are linearizable, whatever becomes of messages, clocks and coordinators") {
    tally seen;
    const auto found = explore(defect::none, seeds_tried, seen);
    if (found) FAIL("seed ", found->seed, ": ", found->what);
    // It came past everything it is for, many times.
    CHECK(seen.reads > seeds_tried);
    CHECK(seen.reads_of_absence > 1'000);
    CHECK(seen.reads_that_wrote_back > 1'000);
    CHECK(seen.reads_that_took_newer > 1'000);
    CHECK(seen.linearizable_writes > 1'000);
    CHECK(seen.default_writes > 1'000);
    CHECK(seen.superseded > 1'000);
  }

  TEST_CASE("the same exploration finds histories without an order where the protocol is broken") {
    for (const auto broken :
         {defect::one_too_few, defect::no_write_back, defect::blind_write_back, defect::no_question}) {
      CAPTURE(static_cast<int>(broken));
      tally seen;
      const auto found = explore(broken, seeds_tried, seen);
      REQUIRE(found);
      CHECK(found->what != "undecided");
    }
  }
}
