#include "chaos/linearizability.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

#include "chaos/register_search.hpp"

namespace quorate::chaos {
namespace {

// How much of a violation is told: enough to see what happened, little enough to read.
constexpr std::size_t concurrent_shown = 16;
constexpr std::size_t earlier_shown = 8;
constexpr std::size_t values_tried = 32;
constexpr std::size_t values_named = 6;

using indices = std::vector<std::size_t>;

std::int64_t end_of(const register_operation& operation) { return std::max(operation.start_us, operation.end_us); }

/// Finds the words for a violation in the operations of one key, which are known to have no order.
class explanation {
 public:
  explanation(const std::vector<register_operation>& operations, indices of_key, std::uint64_t steps_max);
  order_violation find();

 private:
  const register_operation& operation(std::size_t index) const { return operations_[index]; }
  std::vector<timed_operation> until(std::size_t ended) const;
  search_result search(const std::vector<timed_operation>& some);
  std::optional<std::size_t> first_unexplained();

  std::string what_is_wrong_with(std::size_t place);
  std::string name_of(std::size_t index) const;
  std::string value_text(std::uint64_t value, std::int64_t until_us) const;
  std::optional<std::size_t> last_write_of(std::uint64_t value, std::int64_t until_us) const;
  std::vector<std::uint64_t> values_possible_at(std::size_t culprit) const;
  indices around(std::size_t culprit) const;

  const std::vector<register_operation>& operations_;
  indices of_key_;  ///< by start
  indices ended_;   ///< the certain ones, by end
  const std::uint64_t steps_max_;
  std::uint64_t steps_ = 0;
};

explanation::explanation(const std::vector<register_operation>& operations, indices of_key, std::uint64_t steps_max)
    : operations_(operations), of_key_(std::move(of_key)), steps_max_(steps_max) {
  std::stable_sort(of_key_.begin(), of_key_.end(),
                   [&](std::size_t a, std::size_t b) { return operation(a).start_us < operation(b).start_us; });
  std::copy_if(of_key_.begin(), of_key_.end(), std::back_inserter(ended_),
               [&](std::size_t index) { return operation(index).certain; });
  std::stable_sort(ended_.begin(), ended_.end(),
                   [&](std::size_t a, std::size_t b) { return end_of(operation(a)) < end_of(operation(b)); });
}

/// The history as it was when the first so many operations had ended: what else had started is uncertain. The last of
/// those that had ended comes last.
std::vector<timed_operation> explanation::until(std::size_t ended) const {
  std::vector<bool> has_ended(operations_.size(), false);
  std::vector<timed_operation> some;
  const auto now_us = end_of(operation(ended_[ended - 1]));
  for (std::size_t i = 0; i < ended; ++i) has_ended[ended_[i]] = true;
  for (const auto index : of_key_) {
    const auto& one = operation(index);
    if (has_ended[index] || !one.write || one.start_us > now_us) continue;
    some.push_back({true, false, one.value, one.start_us, one.start_us});
  }
  for (std::size_t i = 0; i < ended; ++i) {
    const auto& one = operation(ended_[i]);
    some.push_back({one.write, true, one.value, one.start_us, end_of(one)});
  }
  return some;
}

search_result explanation::search(const std::vector<timed_operation>& some) {
  return search_register(some, steps_max_, steps_);
}

/// What is unexplained stays so whatever ends later; so halving finds the first end that has no explanation. A place in
/// `ended_`; nothing if the limit came first.
std::optional<std::size_t> explanation::first_unexplained() {
  std::size_t explained = 0;
  std::size_t unexplained = ended_.size();
  while (unexplained - explained > 1) {
    const auto middle = explained + (unexplained - explained) / 2;
    const auto result = search(until(middle));
    if (result == search_result::undecided) return std::nullopt;
    (result == search_result::explained ? explained : unexplained) = middle;
  }
  return unexplained - 1;
}

order_violation explanation::find() {
  const auto& key = operation(of_key_.front()).key;
  const auto place = first_unexplained();
  if (!place)
    return {key, "no order explains what the reads returned; which of them is wrong was not found in time", {}};
  return {key, what_is_wrong_with(*place), around(ended_[*place])};
}

std::string explanation::name_of(std::size_t index) const {
  const auto& label = operation(index).label;
  return label.empty() ? "#" + std::to_string(index) : label;
}

std::optional<std::size_t> explanation::last_write_of(std::uint64_t value, std::int64_t until_us) const {
  std::optional<std::size_t> last;
  for (const auto index : of_key_) {
    const auto& one = operation(index);
    if (one.write && one.value == value && one.start_us <= until_us) last = index;
  }
  return last;
}

std::string explanation::value_text(std::uint64_t value, std::int64_t until_us) const {
  auto text = value == 0 ? std::string("nothing") : std::to_string(value);
  if (const auto write = last_write_of(value, until_us)) text += " (of " + name_of(*write) + ")";
  return text;
}

/// Without those that a later write had surely replaced before the read started; the newest writes first.
std::vector<std::uint64_t> explanation::values_possible_at(std::size_t culprit) const {
  const auto& read = operation(culprit);
  std::int64_t replaced_before = std::numeric_limits<std::int64_t>::min();  // a write that ended earlier was replaced
  for (const auto index : of_key_) {
    const auto& one = operation(index);
    if (one.write && one.certain && end_of(one) < read.start_us)
      replaced_before = std::max(replaced_before, one.start_us);
  }
  std::vector<std::uint64_t> values;
  const auto add = [&](std::uint64_t value) {
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  };
  for (auto at = of_key_.rbegin(); at != of_key_.rend(); ++at) {
    const auto& one = operation(*at);
    if (!one.write || one.start_us > end_of(read)) continue;
    if (!one.certain || end_of(one) >= replaced_before) add(one.value);
  }
  add(0);
  return values;
}

std::string explanation::what_is_wrong_with(std::size_t place) {
  const auto culprit = ended_[place];
  const auto& read = operation(culprit);
  const auto end_us = end_of(read);
  std::string text = "read " + name_of(culprit) + " returned " + value_text(read.value, end_us);
  if (read.value != 0 && !last_write_of(read.value, end_us)) {
    const auto later = last_write_of(read.value, std::numeric_limits<std::int64_t>::max());
    text += later ? ", which " + name_of(*later) + " began to write only later" : ", which nobody wrote";
  }
  auto history = until(place + 1);
  auto values = values_possible_at(culprit);
  bool complete = values.size() <= values_tried;
  if (!complete) values.resize(values_tried);
  std::vector<std::uint64_t> could_be;
  for (const auto value : values) {
    history.back().value = value;
    const auto result = search(history);
    if (result == search_result::explained) could_be.push_back(value);
    if (result == search_result::undecided) complete = false;
  }
  if (could_be.size() > values_named) {
    could_be.resize(values_named);
    complete = false;
  }
  for (std::size_t i = 0; i < could_be.size(); ++i)
    text += (i == 0 ? "; it could have returned " : " or ") + value_text(could_be[i], end_us);
  if (!could_be.empty()) text += complete ? " only" : ", and perhaps others";
  return text;
}

indices explanation::around(std::size_t culprit) const {
  const auto& read = operation(culprit);
  indices concurrent;
  indices earlier;
  for (const auto index : of_key_) {
    const auto& one = operation(index);
    // An uncertain write is shown where it was sent: it is concurrent to all that follows.
    const auto end_us = one.certain ? end_of(one) : one.start_us;
    if (index == culprit || one.start_us > end_of(read)) continue;
    (end_us < read.start_us ? earlier : concurrent).push_back(index);
  }
  std::stable_sort(earlier.begin(), earlier.end(), [&](std::size_t a, std::size_t b) {
    const auto end = [&](std::size_t i) { return operation(i).certain ? end_of(operation(i)) : operation(i).start_us; };
    return end(a) < end(b);
  });
  indices chosen{culprit};
  if (const auto write = last_write_of(read.value, std::numeric_limits<std::int64_t>::max())) chosen.push_back(*write);
  const auto add_last = [&](const indices& from, std::size_t count) {
    chosen.insert(chosen.end(), from.end() - static_cast<std::ptrdiff_t>(std::min(count, from.size())), from.end());
  };
  add_last(concurrent, concurrent_shown);
  add_last(earlier, earlier_shown);
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  std::stable_sort(chosen.begin(), chosen.end(),
                   [&](std::size_t a, std::size_t b) { return operation(a).start_us < operation(b).start_us; });
  return chosen;
}

}  // namespace

order_verdict check_linearizable(const std::vector<register_operation>& operations, order_limits limits) {
  std::map<std::string_view, indices> by_key;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (operations[i].write || operations[i].certain) by_key[operations[i].key].push_back(i);
  }
  order_verdict verdict;
  std::vector<timed_operation> of_key;
  for (auto& [key, places] : by_key) {
    of_key.clear();
    for (const auto index : places) {
      const auto& one = operations[index];
      of_key.push_back({one.write, one.certain, one.value, one.start_us, one.end_us});
    }
    const auto result = search_register(of_key, limits.steps_max, verdict.steps);
    if (result == search_result::explained) continue;
    if (result == search_result::undecided)
      verdict.undecided = true;
    else
      verdict.violation = explanation(operations, std::move(places), limits.steps_max).find();
    break;
  }
  return verdict;
}

}  // namespace quorate::chaos
