// The judge of histories: hand-made ones, small random ones against a search that tries everything, and large ones.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "chaos/linearizability.hpp"

namespace {

using namespace quorate::chaos;

constexpr std::uint64_t absent = 0;

/// A history of one key. Labels are "w" or "r" and the place in the history.
struct history_of_key {
  std::vector<register_operation> operations;

  history_of_key& add(bool write, std::uint64_t value, std::int64_t start, std::int64_t end, bool certain) {
    auto label = (write ? "w" : "r") + std::to_string(operations.size());
    operations.push_back({"key", write, value, start, end, certain, std::move(label)});
    return *this;
  }
  history_of_key& write(std::uint64_t value, std::int64_t start, std::int64_t end) {
    return add(true, value, start, end, true);
  }
  history_of_key& read(std::uint64_t value, std::int64_t start, std::int64_t end) {
    return add(false, value, start, end, true);
  }
  history_of_key& unanswered(std::uint64_t value, std::int64_t start) { return add(true, value, start, 0, false); }
};

bool good(const history_of_key& history) {
  const auto verdict = check_linearizable(history.operations);
  REQUIRE_FALSE(verdict.undecided);
  return !verdict.violation;
}

/// What is wrong; empty if nothing is.
std::string fault(const history_of_key& history) {
  const auto verdict = check_linearizable(history.operations);
  REQUIRE_FALSE(verdict.undecided);
  if (!verdict.violation) return "";
  CHECK(verdict.violation->key == "key");
  CHECK_FALSE(verdict.violation->around.empty());
  return verdict.violation->what;
}

/// Tries every order, by the letter of the definition.
bool has_order(const std::vector<register_operation>& operations, std::vector<bool>& placed, std::uint64_t held) {
  const auto left_certain = [&](std::size_t i) { return !placed[i] && operations[i].certain; };
  bool all = true;
  for (std::size_t i = 0; i < operations.size(); ++i) all = all && !left_certain(i);
  if (all) return true;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const auto& next = operations[i];
    if (placed[i] || (!next.write && (!next.certain || next.value != held))) continue;
    bool first = true;
    for (std::size_t j = 0; j < operations.size(); ++j)
      first = first && !(left_certain(j) && operations[j].end_us < next.start_us);
    if (!first) continue;
    placed[i] = true;
    const bool found = has_order(operations, placed, next.write ? next.value : held);
    placed[i] = false;
    if (found) return true;
  }
  return false;
}

bool has_order(const std::vector<register_operation>& operations) {
  std::vector<bool> placed(operations.size(), false);
  return has_order(operations, placed, absent);
}

/// To be called from a property.
std::vector<register_operation> any_small_history() {
  std::vector<register_operation> operations;
  const auto values = *rc::gen::inRange<std::uint64_t>(2, 4);
  const auto longest = *rc::gen::element<std::int64_t>(3, 8, 20);
  for (auto count = *rc::gen::inRange(3, 8); count > 0; --count) {
    register_operation one;
    one.write = *rc::gen::arbitrary<bool>();
    one.value = *rc::gen::inRange<std::uint64_t>(0, values);
    one.start_us = *rc::gen::inRange<std::int64_t>(0, 20);
    one.end_us = one.start_us + *rc::gen::inRange<std::int64_t>(0, longest);
    one.certain = *rc::gen::inRange(0, 4) > 0;
    operations.push_back(std::move(one));
  }
  return operations;
}

struct load {
  std::size_t operations = 100'000;
  std::uint64_t keys = 50;
  std::size_t clients = 8;
  std::uint64_t contents = 0;          ///< so many different ones; 0: each write has its own
  std::int64_t uncertain_late_us = 0;  ///< that late an unanswered write may take effect
  unsigned uncertain_percent = 5;
  unsigned uncertain_lost_percent = 50;
  std::uint64_t seed = 1;
};

/// What clients of a real register would see: each operation takes effect at one moment between its start and its end.
std::vector<register_operation> simulated(const load& wanted) {
  std::mt19937_64 random(wanted.seed);
  const auto below = [&](auto limit) {
    return static_cast<decltype(limit)>(random() % static_cast<std::uint64_t>(limit));
  };
  struct effect {
    std::int64_t at_us;
    std::size_t operation;
  };
  std::vector<register_operation> operations;
  std::vector<effect> effects;
  std::vector<std::int64_t> free_us(wanted.clients, 0);
  while (operations.size() < wanted.operations) {
    auto& client_us = *std::min_element(free_us.begin(), free_us.end());
    register_operation one;
    const auto number = operations.size();
    one.key = "key " + std::to_string(below(wanted.keys));
    one.label = std::to_string(number);
    one.write = below(100) >= 40;
    one.start_us = client_us + below(200);
    auto effect_us = one.start_us + below(1'000);
    one.end_us = effect_us + below(1'000);
    if (one.write && below(10) > 0) one.value = 1 + (wanted.contents > 0 ? below(wanted.contents) : number);
    if (one.write && below(100u) < wanted.uncertain_percent) {
      one.certain = false;
      effect_us += wanted.uncertain_late_us > 0 ? below(wanted.uncertain_late_us) : 0;
    }
    client_us = one.end_us + 1;
    if (one.certain || below(100u) >= wanted.uncertain_lost_percent) effects.push_back({effect_us, number});
    operations.push_back(std::move(one));
  }
  std::stable_sort(effects.begin(), effects.end(), [](const auto& a, const auto& b) { return a.at_us < b.at_us; });
  std::map<std::string, std::uint64_t> registers;
  for (const auto& [at_us, number] : effects) {
    auto& one = operations[number];
    auto& held = registers[one.key];
    (one.write ? held : one.value) = one.value;
    if (!one.write) one.value = held;
  }
  return operations;
}

/// A read in the second half that returned something: it now returns what was written first of all to its key.
std::size_t make_stale(std::vector<register_operation>& operations) {
  for (auto i = operations.size() / 2; i < operations.size(); ++i) {
    if (operations[i].write || operations[i].value == absent) continue;
    const auto first = std::find_if(operations.begin(), operations.end(), [&](const auto& one) {
      return one.key == operations[i].key && one.write && one.certain && one.value != absent;
    });
    operations[i].value = first->value;
    return i;
  }
  return operations.size();
}

void check_accepted(const std::vector<register_operation>& operations) {
  const auto verdict = check_linearizable(operations);
  if (verdict.violation) MESSAGE(verdict.violation->what);
  CHECK_FALSE(verdict.violation);
  CHECK_FALSE(verdict.undecided);
  CHECK(verdict.steps < 20 * operations.size());
}

void check_load(const load& wanted) {
  auto operations = simulated(wanted);
  check_accepted(operations);

  const auto stale = make_stale(operations);
  const auto wrong = check_linearizable(operations);
  REQUIRE(wrong.violation);
  CHECK(wrong.violation->key == operations[stale].key);
  CHECK(wrong.violation->what.find("read " + operations[stale].label + " returned") == 0);
  CHECK(std::count(wrong.violation->around.begin(), wrong.violation->around.end(), stale) == 1);
  CHECK(wrong.violation->around.size() < 40);
  CHECK(wrong.steps < 20 * operations.size());
}

}  // namespace

TEST_SUITE("chaos.linearizability") {
  TEST_CASE("good: one after the other") {
    CHECK(good({}));
    CHECK(good(history_of_key().read(absent, 0, 1).write(1, 2, 3).read(1, 4, 5).write(2, 6, 7).read(2, 8, 9)));
  }

  TEST_CASE("good: concurrent writes, in either order") {
    CHECK(good(history_of_key().write(1, 0, 10).write(2, 0, 10).read(1, 11, 12).read(1, 13, 14)));
    CHECK(good(history_of_key().write(1, 0, 10).write(2, 0, 10).read(2, 11, 12).read(2, 13, 14)));
    CHECK(good(history_of_key().write(1, 0, 10).write(2, 0, 10).read(1, 3, 4).read(2, 5, 6)));
  }

  TEST_CASE("good: a read concurrent to a write returns the old or the new") {
    CHECK(good(history_of_key().write(1, 0, 1).write(2, 2, 9).read(1, 3, 4).read(2, 5, 6)));
    CHECK(good(history_of_key().write(1, 0, 1).write(2, 2, 9).read(2, 3, 4).read(2, 5, 6)));
    CHECK(good(history_of_key().write(1, 0, 10).read(1, 10, 11).write(2, 11, 12).read(1, 12, 13)));
  }

  TEST_CASE("good: a write without an answer is seen, much later, or never") {
    CHECK(good(history_of_key().write(1, 0, 1).unanswered(2, 2).read(2, 3, 4)));
    CHECK(good(
        history_of_key().write(1, 0, 1).unanswered(2, 2).read(1, 3, 4).write(3, 5, 6).read(3, 7, 8).read(2, 9, 10)));
    CHECK(good(history_of_key().write(1, 0, 1).unanswered(2, 2).read(1, 3, 4).read(1, 100, 101)));
    CHECK(good(history_of_key().unanswered(absent, 0).write(1, 1, 2).read(1, 3, 4).read(absent, 5, 6)));
  }

  TEST_CASE("good: deleted and written again, with what it had or something else") {
    CHECK(good(history_of_key().write(1, 0, 1).write(absent, 2, 3).read(absent, 4, 5).write(2, 6, 7).read(2, 8, 9)));
    CHECK(good(history_of_key().write(1, 0, 1).write(absent, 2, 3).read(absent, 4, 5).write(1, 6, 7).read(1, 8, 9)));
    CHECK(good(
        history_of_key().write(1, 0, 1).read(1, 2, 3).write(2, 4, 5).read(2, 6, 7).write(1, 8, 9).read(1, 10, 11)));
  }

  TEST_CASE("good: a read without an answer says nothing, and keys do not see each other") {
    auto history = history_of_key().write(1, 0, 1).add(false, 7, 2, 3, false).read(1, 4, 5);
    history.operations.push_back({"other", false, absent, 2, 3, true, "r"});
    CHECK(good(history));
    history.operations.back().key = "key";
    CHECK(fault(history) == "read r returned nothing; it could have returned 1 (of w0) only");
  }

  TEST_CASE("bad: a stale read") {
    CHECK(fault(history_of_key().write(1, 0, 1).write(2, 2, 3).read(1, 4, 5))
          == "read r2 returned 1 (of w0); it could have returned 2 (of w1) only");
  }

  TEST_CASE("bad: an acknowledged write is lost") {
    CHECK(fault(history_of_key().read(absent, 0, 1).write(1, 2, 3).read(absent, 4, 5))
          == "read r2 returned nothing; it could have returned 1 (of w1) only");
  }

  TEST_CASE("bad: a value nobody wrote") {
    CHECK(fault(history_of_key().write(1, 0, 1).write(2, 2, 9).read(7, 4, 5))
          == "read r2 returned 7, which nobody wrote; it could have returned 2 (of w1) or 1 (of w0) only");
  }

  TEST_CASE("bad: new, old, new again while one write is under way") {
    CHECK(fault(history_of_key().write(1, 0, 1).write(2, 2, 20).read(2, 3, 4).read(1, 5, 6).read(2, 7, 8))
          == "read r3 returned 1 (of w0); it could have returned 2 (of w1) only");
  }

  TEST_CASE("bad: a write without an answer was seen, and then was not") {
    CHECK(fault(history_of_key().write(1, 0, 1).unanswered(2, 2).read(2, 3, 4).read(1, 5, 6)).find("read r3 ") == 0);
    CHECK(fault(history_of_key().write(1, 0, 1).unanswered(absent, 2).read(absent, 3, 4).read(1, 5, 6)).find("read r3 ")
          == 0);
    CHECK(fault(history_of_key().write(1, 0, 1).unanswered(2, 2).read(2, 3, 4).write(3, 5, 6).read(2, 7, 8))
              .find("read r4 ")
          == 0);
  }

  TEST_CASE("bad: readers disagree on the order of two concurrent writes") {
    CHECK(fault(history_of_key().write(1, 0, 10).write(2, 0, 10).read(1, 11, 12).read(2, 13, 14)).find("read r3 ")
          == 0);
    CHECK(fault(history_of_key().write(1, 0, 20).write(2, 0, 20).read(1, 1, 2).read(2, 3, 4).read(1, 5, 6))
              .find("read r4 ")
          == 0);
  }

  TEST_CASE("bad: a value comes back after it was overwritten or deleted") {
    CHECK(fault(history_of_key().write(1, 0, 1).write(2, 2, 3).read(2, 4, 5).read(1, 6, 7)).find("read r3 ") == 0);
    CHECK(fault(history_of_key().write(1, 0, 1).write(absent, 2, 3).read(absent, 4, 5).read(1, 6, 7)).find("read r3 ")
          == 0);
    CHECK(fault(history_of_key().write(1, 0, 1).write(1, 2, 3).write(2, 4, 5).read(1, 6, 7)).find("read r3 ") == 0);
  }

  TEST_CASE("bad: a read from the future") {
    CHECK(fault(history_of_key().write(1, 0, 1).read(2, 2, 3).write(2, 4, 5))
          == "read r1 returned 2, which w2 began to write only later; it could have returned 1 (of w0) only");
    CHECK(fault(history_of_key().write(1, 0, 1).read(2, 2, 3).unanswered(2, 4)).find("read r1 ") == 0);
    CHECK(fault(history_of_key().write(1, 0, 1).read(absent, 2, 3).write(absent, 4, 5)).find("read r1 ") == 0);
  }

  TEST_CASE("a limit that is too low leaves it undecided") {
    const auto operations = simulated({.operations = 1'000, .keys = 1});
    const auto verdict = check_linearizable(operations, {.steps_max = 10});
    CHECK(verdict.undecided);
    CHECK_FALSE(verdict.violation);
  }

  TEST_CASE("small histories: the same verdict as a search that tries everything") {
    int accepted = 0;
    int rejected = 0;
    CHECK(rc::check([&] {
      for (int history = 0; history < 30; ++history) {
        const auto operations = any_small_history();
        const bool expected = has_order(operations);
        const auto verdict = check_linearizable(operations);
        RC_ASSERT_FALSE(verdict.undecided);
        RC_ASSERT(verdict.violation.has_value() == !expected);
        ++(expected ? accepted : rejected);
      }
    }));
    CHECK(accepted >= 300);
    CHECK(rejected >= 300);
  }

  TEST_CASE("100,000 operations on fifty keys") { check_load({}); }

  TEST_CASE("100,000 operations whose unanswered writes show up late, or contents repeat, or both") {
    check_load({.uncertain_late_us = 1'000'000});
    check_load({.contents = 1'000'000});
    check_load({.contents = 1'000, .uncertain_late_us = 1'000'000});
  }

  TEST_CASE("20,000 operations on one key whose contents repeat so often that hardly any read can be wrong") {
    check_accepted(simulated({.operations = 20'000, .keys = 1, .contents = 20, .uncertain_late_us = 20'000}));
  }

  TEST_CASE("20,000 operations on one key, many of them unanswered for long") {
    check_load({.operations = 20'000, .keys = 1});
    check_load({.operations = 20'000,
                .keys = 1,
                .uncertain_late_us = 1'000'000,
                .uncertain_percent = 10,
                .uncertain_lost_percent = 0});
  }
}
