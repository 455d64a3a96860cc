// The quorum table beside a plain model: every write with the first verdict of each member, nothing else.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <set>

#include "actors/core/quorum.hpp"
#include "tests/core/pick.hpp"

using namespace quorate;
using core::quorum_outcome;

namespace {

// Move-only, as the node's tickets are: a payload cannot be answered twice.
using ticket = std::unique_ptr<int>;
using table = core::quorum_table<ticket>;

const std::vector<log_id> logs{{node_id{1}, 10}, {node_id{1}, 11}};
const std::vector<log_id> acked_logs{logs[0], logs[1], {node_id{2}, 10}};
const std::vector<unsigned> members{0, 1, 2, 3, 31};

struct model_write {
  int number = 0;
  version stamp;
  std::uint32_t needed = 0;
  std::int64_t deadline_us = 0;
  bool any_verdict = false;
  std::map<unsigned, bool> in_place;  ///< by member: its first verdict
  version newest_named;
  bool open = true;

  std::size_t count_in_place() const {
    if (any_verdict) return in_place.size();
    return static_cast<std::size_t>(
        std::count_if(in_place.begin(), in_place.end(), [](const auto& verdict) { return verdict.second; }));
  }
};

struct expected_decision {
  quorum_outcome outcome;
  version superseded_by;
  std::size_t copies;
};

class simulation {
 public:
  void begin() {
    const auto& log = *rc::gen::elementOf(logs);
    // Sequences may be left out: writes of an earlier fanout, or entries nobody waits for.
    auto sequence = last_begun_[log] + (pick(0, 4) == 0 ? pick<sequence_number>(1, 5) : 1);
    last_begun_[log] = sequence;
    model_write w;
    w.number = ++begun_;
    w.stamp = {static_cast<std::uint64_t>(w.number), log.origin};
    w.needed = pick<std::uint32_t>(1, 5);
    w.deadline_us = now_us_ + pick<std::int64_t>(0, 60);
    w.any_verdict = pick(0, 3) == 0;
    table_.begin(log, sequence, w.stamp, w.needed, w.deadline_us, std::make_unique<int>(w.number), w.any_verdict);
    writes_[log][sequence] = w;
  }

  void ack() {
    const auto log = *rc::gen::elementOf(acked_logs);
    const auto member = *rc::gen::elementOf(members);
    auto first = pick<sequence_number>(1, last_begun_[log] + 3);
    auto last = first + pick<sequence_number>(0, 5);
    if (pick(0, 20) == 0) last = std::numeric_limits<sequence_number>::max();
    std::vector<core::superseded_entry> superseded;
    for (auto count = pick(0, 4); count > 0; --count)  // in and around the range, some twice
      superseded.push_back({first - 1 + pick<sequence_number>(0, 7), {pick<std::uint64_t>(1'000, 2'000), node_id{9}}});

    std::map<int, expected_decision> expected;
    for (auto& [sequence, w] : writes_[log]) {
      if (!w.open || sequence < first || sequence > last) continue;
      bool newest = true;
      for (const auto& s : superseded)
        if (s.sequence == sequence) {
          newest = false;
          w.newest_named = std::max(w.newest_named, s.by);
        }
      w.in_place.emplace(member, newest);
      decide(w, expected);
    }
    table::decisions out;
    table_.acked(log, member, first, last, superseded, out);
    compare(out, expected);
  }

  /// The vector of a member: nothing is known of what it found.
  void hold() {
    const auto log = *rc::gen::elementOf(acked_logs);
    const auto member = *rc::gen::elementOf(members);
    const auto last = pick<sequence_number>(0, last_begun_[log] + 3);
    std::map<int, expected_decision> expected;
    for (auto& [sequence, w] : writes_[log]) {
      if (!w.open || sequence > last || !w.any_verdict) continue;
      w.in_place.emplace(member, true);
      decide(w, expected);
    }
    table::decisions out;
    table_.holds(log, member, last, out);
    compare(out, expected);
  }

  void expire(std::int64_t after_us) {
    now_us_ += after_us;
    std::map<int, expected_decision> expected;
    for (auto& [log, writes] : writes_)
      for (auto& [sequence, w] : writes)
        if (w.open && w.deadline_us <= now_us_) {
          expected[w.number] = {quorum_outcome::timed_out, {}, w.in_place.size()};
          w.open = false;
        }
    table::decisions out;
    table_.expire(now_us_, out);
    compare(out, expected);
  }

  void finish() {
    expire(1'000);
    RC_ASSERT(answered_.size() == static_cast<std::size_t>(begun_));
    RC_ASSERT(table_.open() == 0u);
  }

 private:
  static void decide(model_write& w, std::map<int, expected_decision>& expected) {
    if (!w.in_place.contains(0)) return;
    const bool overtaken = !w.in_place.at(0);
    if (overtaken && w.any_verdict) return;
    if (!overtaken && w.count_in_place() >= w.needed)
      expected[w.number] = {quorum_outcome::met, {}, w.in_place.size()};
    else if (w.in_place.size() >= w.needed)
      expected[w.number] = {quorum_outcome::superseded, w.newest_named, w.in_place.size()};
    if (expected.contains(w.number)) w.open = false;
  }

  void compare(const table::decisions& out, const std::map<int, expected_decision>& expected) {
    RC_ASSERT(out.size() == expected.size());
    for (const auto& d : out) {
      RC_ASSERT(static_cast<bool>(d.payload));
      auto found = expected.find(*d.payload);
      RC_ASSERT(found != expected.end());
      RC_ASSERT(answered_.insert(*d.payload).second);
      RC_ASSERT(d.outcome == found->second.outcome);
      RC_ASSERT(d.superseded_by == found->second.superseded_by);
      RC_ASSERT(d.copies == found->second.copies);
      RC_ASSERT(d.stamp.time == static_cast<std::uint64_t>(*d.payload));
      RC_ASSERT(d.copies_needed == needed_of(*d.payload));
    }
    std::size_t open = 0;
    for (const auto& [log, writes] : writes_)
      for (const auto& [sequence, w] : writes) open += w.open ? 1 : 0;
    RC_ASSERT(table_.open() == open);
  }

  std::uint32_t needed_of(int number) const {
    for (const auto& [log, writes] : writes_)
      for (const auto& [sequence, w] : writes)
        if (w.number == number) return w.needed;
    return 0;
  }

  table table_;
  std::map<log_id, std::map<sequence_number, model_write>> writes_;
  std::map<log_id, sequence_number> last_begun_;
  std::set<int> answered_;
  std::int64_t now_us_ = 0;
  int begun_ = 0;
};

}  // namespace

TEST_SUITE("core.quorum.properties") {
  TEST_CASE("every write is decided once, when and as the verdicts of different members say") {
    CHECK(rc::check([] {
      simulation s;
      for (int step = 0; step < 100; ++step) {
        auto what = pick(0, 11);
        if (what < 4)
          s.begin();
        else if (what < 9)
          s.ack();
        else if (what < 10)
          s.hold();
        else
          s.expire(pick<std::int64_t>(0, 30));
      }
      s.finish();
    }));
  }
}
