// The algebra of version vectors, and what the placement rule makes of any order of delivery.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>

#include "actors/core/log_vector.hpp"
#include "tests/core/numbers.hpp"
#include "tests/core/pick.hpp"

using namespace quorate;
using core::log_vector;
using core::placement;

namespace {

const std::vector<log_id> logs{{node_id{1}, 10}, {node_id{1}, 11}, {node_id{2}, 10}};

/// Few logs and short ones, so that vectors are often equal or in order; zero is "no position".
std::vector<log_position> some_positions() {
  std::vector<log_position> positions;
  auto count = pick(0, 5);
  for (int i = 0; i < count; ++i) positions.push_back({*rc::gen::elementOf(logs), pick<sequence_number>(0, 4)});
  return positions;
}

log_vector joined(log_vector to, const std::vector<log_position>& positions) {
  for (const auto& p : positions) {
    auto before = to;
    bool changed = to.raise(p);
    RC_ASSERT(changed == (to != before));
    RC_ASSERT(to.at(p.log) == std::max(before.at(p.log), p.sequence));
  }
  return to;
}

log_vector joined(const log_vector& a, const log_vector& b) { return joined(a, numbers_of(b.list())); }

/// A receiver, and beside it the plain set of what it took.
struct receiver {
  log_vector vector;
  std::map<log_id, std::set<sequence_number>> taken;

  placement deliver(const log_id& log, sequence_number sequence) {
    auto& held = taken[log];
    auto place = vector.place(log, sequence);
    auto expected = held.contains(sequence)                        ? placement::held
                    : sequence == 1 || held.contains(sequence - 1) ? placement::next
                                                                   : placement::gap;
    RC_ASSERT(place == expected);
    if (place == placement::next) {
      vector.advance(log, sequence);
      held.insert(sequence);
    }
    RC_ASSERT(vector.at(log) == held.size());
    RC_ASSERT((held.empty() || *held.rbegin() == held.size()));  // no hole
    return place;
  }
};

}  // namespace

TEST_SUITE("core.log_vector.properties") {
  TEST_CASE("raising is commutative, associative and idempotent, and gives the least vector above both") {
    CHECK(rc::check([] {
      log_vector a(some_positions()), b(some_positions()), c(some_positions());
      auto ab = joined(a, b);
      RC_ASSERT(ab == joined(b, a));
      RC_ASSERT(joined(ab, c) == joined(a, joined(b, c)));
      RC_ASSERT(joined(ab, b) == ab);
      RC_ASSERT(joined(a, a) == a);
      RC_ASSERT(ab.covers(a));
      RC_ASSERT(ab.covers(b));
      if (c.covers(a) && c.covers(b)) RC_ASSERT(c.covers(ab));
      RC_ASSERT(joined(a, numbers_of(b.beyond(a))) == ab);
    }));
  }

  TEST_CASE("positions give the same vector in any order and any number, and come out of it again") {
    CHECK(rc::check([] {
      auto positions = some_positions();
      auto again = positions;
      for (const auto& p : positions)
        if (pick(0, 2) == 0) again.insert(again.begin() + pick<std::ptrdiff_t>(0, std::ssize(again)), p);
      std::reverse(again.begin(), again.end());
      log_vector v(positions);
      RC_ASSERT(log_vector(again) == v);
      RC_ASSERT(log_vector::of(v.list()) == v);
      for (const auto& p : numbers_of(v.list())) RC_ASSERT(p.sequence > 0u);
    }));
  }

  TEST_CASE("covering is a partial order and says the same as the difference") {
    CHECK(rc::check([] {
      log_vector a(some_positions()), b(some_positions()), c(some_positions());
      RC_ASSERT(a.covers(a));
      RC_ASSERT(a.covers(log_vector()));
      if (a.covers(b) && b.covers(a)) RC_ASSERT(a == b);
      if (a.covers(b) && b.covers(c)) RC_ASSERT(a.covers(c));
      RC_ASSERT(joined(joined(a, b), c).covers(a));
      RC_ASSERT(a.covers(b) == b.beyond(a).empty());
      for (const auto& p : numbers_of(b.beyond(a))) {
        RC_ASSERT(p.sequence == b.at(p.log));
        RC_ASSERT(a.place(p.log, p.sequence) != placement::held);
      }
    }));
  }

  TEST_CASE("whatever the order and repetition of delivery, no hole ever, and all end equal once the rest came") {
    CHECK(rc::check([] {
      std::map<log_id, sequence_number> ends;
      std::vector<log_position> all;
      for (const auto& log : logs) {
        ends[log] = pick<sequence_number>(0, 8);
        for (sequence_number s = 1; s <= ends[log]; ++s) all.push_back({log, s});
      }
      std::vector<receiver> receivers(2);
      for (auto& r : receivers) {
        auto deliveries = all;
        for (const auto& p : all)
          if (pick(0, 2) == 0) deliveries.push_back(p);
        // Some are in order for a stretch, as streams are, and some are not.
        for (auto swaps = pick(0, 30); swaps > 0 && !deliveries.empty(); --swaps) {
          auto size = deliveries.size();
          std::swap(deliveries[pick<std::size_t>(0, size)], deliveries[pick<std::size_t>(0, size)]);
        }
        for (const auto& p : deliveries) r.deliver(p.log, p.sequence);
      }
      for (auto& r : receivers)
        for (const auto& log : logs)
          for (auto s = r.vector.at(log) + 1; s <= ends[log]; ++s) RC_ASSERT(r.deliver(log, s) == placement::next);
      RC_ASSERT(receivers[0].vector == receivers[1].vector);
      RC_ASSERT(receivers[0].vector == log_vector(all));
    }));
  }
}
