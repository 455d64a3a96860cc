// Why most choices need no second thought. In each case the reason is that an order which begins otherwise can be
// rearranged, without contradicting anybody, into one that begins with this choice.
//
// * A read of what the register holds, if nothing unplaced must come before it: it changes nothing, so it goes first.
// * A value with one writer: the write and all its reads follow each other without another write in between, so they
//   move as one block. Its parts are called when the last of them is, and it must be placed before the first of them
//   returns. Once no read can go first, the next thing is a write, and a block that can go in front of it may: nobody
//   else sees its value.
// * A write whose value no unplaced read returned: the same; if it is uncertain, it may as well never happen.
// * Two writes of the same value: the one that returns first goes first. Uncertain writes never return, so those of a
//   value are used in the order of their starts, only when no certain one is at hand, and only for a read that waits.
//
// What is left to try are the different values, written more than once and still to be read, of which a write is at
// hand. With absence as the only such value there is nothing to choose between.
#include "chaos/register_search.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace quorate::chaos {
namespace {

constexpr std::int64_t before_all = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t after_all = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

/// Of a situation: which operations are placed and what the register holds. Two situations that share one could only
/// make the search give up on a good order, a false alarm; among fifty million of them some two do with a chance of
/// 2^-77.
struct fingerprint {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool operator==(const fingerprint&) const = default;
  fingerprint operator^(const fingerprint& other) const { return {high ^ other.high, low ^ other.low}; }
};

struct fingerprint_hash {
  std::size_t operator()(const fingerprint& print) const { return print.low; }
};

std::uint64_t scrambled(std::uint64_t number) {  // splitmix64
  number += 0x9e3779b97f4a7c15u;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9u;
  number = (number ^ (number >> 27)) * 0x94d049bb133111ebu;
  return number ^ (number >> 31);
}

fingerprint fingerprint_of(std::uint64_t number) { return {scrambled(2 * number), scrambled(2 * number + 1)}; }

/// What is placed at once: a single operation, or a value's only write with all its reads.
struct piece {
  enum class kind : std::uint8_t { block, read, write, uncertain_write };
  kind what = kind::block;
  std::size_t value = 0;  ///< a number of the search, not the value itself
  std::int64_t call_us = 0;
  std::int64_t return_us = 0;
  std::size_t call_entry = 0;  ///< an uncertain write has none: it waits in its value's line, not in the list
  std::size_t return_entry = 0;
};

struct entry {
  std::size_t piece = 0;
  bool returns = false;
  std::size_t previous = 0;
  std::size_t next = 0;
};

struct value_state {
  std::size_t reads_left = 0;
  std::size_t writes_left = 0;         ///< certain or not
  std::vector<std::size_t> uncertain;  ///< pieces, by start
  std::size_t uncertain_used = 0;      ///< that many, from the first
};

/// What the operations say of one value, before the search.
struct value_operations {
  std::uint64_t value = 0;
  std::vector<const timed_operation*> writes;
  std::vector<const timed_operation*> reads;
};

class search {
 public:
  search(std::uint64_t steps_max, std::uint64_t& steps) : steps_max_(steps_max), steps_(steps) {}

  /// False: no order explains them, as is plain without a search.
  bool add(const std::vector<timed_operation>& operations);
  search_result run();

 private:
  struct placement {
    std::size_t piece = 0;
    std::size_t held_before = 0;
  };
  struct choice {
    std::size_t placed = 0;             ///< before it
    std::size_t first_alternative = 0;  ///< in `alternatives_`, to its end; the last is the next to try
  };
  enum class outlook : std::uint8_t { go_on, stuck, done };

  bool add_value(std::size_t number, value_operations& of_value);
  void add_block(std::size_t value, std::int64_t call_us, std::int64_t return_us);
  void link_entries();
  void unlink(std::size_t at);
  void relink(std::size_t at);

  outlook advance();
  void collect_options(std::size_t first_return);
  bool block_can_span(std::size_t first_return);
  bool go_back();
  void place(std::size_t which);
  void take_back();

  const std::uint64_t steps_max_;
  std::uint64_t& steps_;
  std::vector<piece> pieces_;
  std::vector<entry> entries_;  ///< the first is the list's two ends
  std::vector<value_state> values_;
  std::size_t held_ = 0;
  fingerprint placed_print_;
  std::vector<placement> placed_;
  std::vector<choice> choices_;
  std::vector<std::size_t> alternatives_;
  std::vector<std::size_t> options_;  ///< of the situation at hand
  std::vector<std::size_t> waiting_;  ///< reads that could go now if the register held their value
  std::unordered_set<fingerprint, fingerprint_hash> tried_;
};

bool search::add(const std::vector<timed_operation>& operations) {
  std::unordered_map<std::uint64_t, std::size_t> numbers{{0, 0}};
  std::vector<value_operations> by_value(1);
  for (const auto& operation : operations) {
    if (!operation.write && !operation.certain) continue;
    const auto [found, is_new] = numbers.try_emplace(operation.value, by_value.size());
    if (is_new) by_value.push_back({operation.value, {}, {}});
    auto& of_value = by_value[found->second];
    (operation.write ? of_value.writes : of_value.reads).push_back(&operation);
  }
  values_.resize(by_value.size());
  pieces_.reserve(operations.size() + 1);
  for (std::size_t number = 0; number < by_value.size(); ++number) {
    if (!add_value(number, by_value[number])) return false;
  }
  link_entries();
  return true;
}

std::int64_t end_of(const timed_operation& operation) {
  if (!operation.certain) return after_all;
  return std::max(operation.start_us, operation.end_us);
}

bool search::add_value(std::size_t number, value_operations& of_value) {
  auto& writes = of_value.writes;
  const auto& reads = of_value.reads;
  std::int64_t first_read_end = after_all;
  std::int64_t last_read_end = before_all;
  std::int64_t last_read_start = before_all;
  for (const auto* read : reads) {
    first_read_end = std::min(first_read_end, end_of(*read));
    last_read_end = std::max(last_read_end, end_of(*read));
    last_read_start = std::max(last_read_start, read->start_us);
  }
  // An uncertain write that no read can have seen need not have happened.
  std::erase_if(
      writes, [&](const auto* write) { return !write->certain && (reads.empty() || write->start_us > last_read_end); });
  if (reads.empty()) {
    for (const auto* write : writes) add_block(number, write->start_us, end_of(*write));
    return true;
  }
  const bool begins_with_it = of_value.value == 0;
  if (writes.empty()) {
    // The block of what the register begins with: its write is over before anything else.
    if (begins_with_it) add_block(number, last_read_start, before_all);
    return begins_with_it;
  }
  if (writes.size() == 1 && !begins_with_it) {
    const auto& write = *writes.front();
    if (write.start_us > first_read_end) return false;
    // Being seen, an uncertain write did happen: before the first read of it ended.
    add_block(number, std::max(write.start_us, last_read_start), std::min(end_of(write), first_read_end));
    return true;
  }
  auto& state = values_[number];
  state.reads_left = reads.size();
  state.writes_left = writes.size();
  for (const auto* read : reads) pieces_.push_back({piece::kind::read, number, read->start_us, end_of(*read)});
  for (const auto* write : writes) {
    if (!write->certain) state.uncertain.push_back(pieces_.size());
    pieces_.push_back(
        {write->certain ? piece::kind::write : piece::kind::uncertain_write, number, write->start_us, end_of(*write)});
  }
  std::stable_sort(state.uncertain.begin(), state.uncertain.end(),
                   [&](std::size_t a, std::size_t b) { return pieces_[a].call_us < pieces_[b].call_us; });
  return true;
}

void search::add_block(std::size_t value, std::int64_t call_us, std::int64_t return_us) {
  pieces_.push_back({piece::kind::block, value, call_us, return_us});
}

void search::link_entries() {
  entries_.resize(1);
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    if (pieces_[i].what == piece::kind::uncertain_write) continue;
    entries_.push_back({i, false});
    entries_.push_back({i, true});
  }
  // At equal times calls come first, which makes the operations concurrent.
  std::sort(entries_.begin() + 1, entries_.end(), [&](const entry& a, const entry& b) {
    const auto time_a = a.returns ? pieces_[a.piece].return_us : pieces_[a.piece].call_us;
    const auto time_b = b.returns ? pieces_[b.piece].return_us : pieces_[b.piece].call_us;
    if (time_a != time_b) return time_a < time_b;
    return a.returns != b.returns ? b.returns : a.piece < b.piece;
  });
  for (std::size_t at = 0; at < entries_.size(); ++at) {
    entries_[at].previous = at == 0 ? entries_.size() - 1 : at - 1;
    entries_[at].next = at + 1 == entries_.size() ? 0 : at + 1;
    if (at == 0) continue;
    auto& of_entry = pieces_[entries_[at].piece];
    (entries_[at].returns ? of_entry.return_entry : of_entry.call_entry) = at;
  }
}

void search::unlink(std::size_t at) {
  entries_[entries_[at].previous].next = entries_[at].next;
  entries_[entries_[at].next].previous = entries_[at].previous;
}

void search::relink(std::size_t at) {
  entries_[entries_[at].previous].next = at;
  entries_[entries_[at].next].previous = at;
}

void search::place(std::size_t which) {
  placed_.push_back({which, held_});
  placed_print_ = placed_print_ ^ fingerprint_of(which);
  const auto& placed = pieces_[which];
  auto& state = values_[placed.value];
  if (placed.what == piece::kind::uncertain_write) {
    ++state.uncertain_used;
  } else {
    unlink(placed.call_entry);
    unlink(placed.return_entry);
  }
  if (placed.what == piece::kind::read)
    --state.reads_left;
  else if (placed.what != piece::kind::block)
    --state.writes_left;
  held_ = placed.value;
}

void search::take_back() {
  const auto [which, held_before] = placed_.back();
  placed_.pop_back();
  placed_print_ = placed_print_ ^ fingerprint_of(which);
  const auto& placed = pieces_[which];
  auto& state = values_[placed.value];
  if (placed.what == piece::kind::uncertain_write) {
    --state.uncertain_used;
  } else {
    relink(placed.return_entry);
    relink(placed.call_entry);
  }
  if (placed.what == piece::kind::read)
    ++state.reads_left;
  else if (placed.what != piece::kind::block)
    ++state.writes_left;
  held_ = held_before;
}

/// Places what needs no second thought, or else the first of the options; stuck if there is nothing.
search::outlook search::advance() {
  std::size_t unseen = none;  // a write that may go before any other
  options_.clear();
  waiting_.clear();
  auto at = entries_[0].next;
  if (at == 0) return outlook::done;
  for (; !entries_[at].returns; at = entries_[at].next) {
    ++steps_;
    const auto which = entries_[at].piece;
    const auto& called = pieces_[which];
    if (called.what == piece::kind::read) {
      if (called.value == held_) {
        place(which);
        return outlook::go_on;
      }
      waiting_.push_back(which);
    } else if (called.what == piece::kind::block || values_[called.value].reads_left == 0) {
      if (unseen == none) unseen = which;
      if (values_[held_].reads_left == 0) break;
    } else {
      options_.push_back(which);
    }
  }
  ++steps_;
  // No read of what is held can go now, so it goes after another write of the same.
  if (values_[held_].reads_left > 0 && values_[held_].writes_left == 0) return outlook::stuck;
  if (unseen == none && block_can_span(at)) unseen = entries_[at].piece;
  if (unseen != none) {
    place(unseen);
    return outlook::go_on;
  }

  collect_options(at);
  if (options_.empty()) return outlook::stuck;
  if (options_.size() > 1 || !choices_.empty()) {
    if (!tried_.insert(placed_print_ ^ fingerprint_of(pieces_.size() + held_)).second) return outlook::stuck;
  }
  if (options_.size() > 1) {
    choices_.push_back({placed_.size(), alternatives_.size()});
    alternatives_.insert(alternatives_.end(), options_.rbegin(), options_.rend() - 1);
  }
  place(options_.front());
  return outlook::go_on;
}

/// A block may return before it is called: when its first part ends before its last one starts. It can be placed if
/// nothing else returns in between.
bool search::block_can_span(std::size_t first_return) {
  const auto which = entries_[first_return].piece;
  auto at = entries_[first_return].next;
  for (; at != 0 && !entries_[at].returns; at = entries_[at].next) {
    ++steps_;
    if (entries_[at].piece == which) return true;
  }
  return false;
}

/// Leaves one write for each value in `options_`. Uncertain ones come last: used too early they are missing later.
void search::collect_options(std::size_t first_return) {
  const auto returns_earlier = [&](std::size_t a, std::size_t b) {
    return pieces_[a].return_entry < pieces_[b].return_entry;
  };
  std::sort(options_.begin(), options_.end(), returns_earlier);
  std::vector<std::size_t> chosen;
  const auto has_value = [&](const std::vector<std::size_t>& some, std::size_t value) {
    return std::any_of(some.begin(), some.end(), [&](std::size_t which) { return pieces_[which].value == value; });
  };
  for (const auto which : options_) {
    if (!has_value(chosen, pieces_[which].value)) chosen.push_back(which);
  }
  const auto limit_us = pieces_[entries_[first_return].piece].return_us;
  std::sort(waiting_.begin(), waiting_.end(), returns_earlier);
  for (const auto read : waiting_) {
    const auto& state = values_[pieces_[read].value];
    if (state.uncertain_used == state.uncertain.size() || has_value(chosen, pieces_[read].value)) continue;
    const auto write = state.uncertain[state.uncertain_used];
    if (pieces_[write].call_us <= limit_us) chosen.push_back(write);
  }
  options_ = std::move(chosen);
}

/// To the last choice that has an alternative left, and takes that.
bool search::go_back() {
  if (choices_.empty()) return false;
  const auto last = choices_.back();
  while (placed_.size() > last.placed) take_back();
  const auto next = alternatives_.back();
  alternatives_.pop_back();
  if (alternatives_.size() == last.first_alternative) choices_.pop_back();
  place(next);
  return true;
}

search_result search::run() {
  for (;;) {
    if (steps_ > steps_max_) return search_result::undecided;
    switch (advance()) {
      case outlook::done: return search_result::explained;
      case outlook::go_on: break;
      case outlook::stuck:
        if (!go_back()) return search_result::unexplained;
        break;
    }
  }
}

}  // namespace

search_result search_register(const std::vector<timed_operation>& operations, std::uint64_t steps_max,
                              std::uint64_t& steps) {
  search one(steps_max, steps);
  if (!one.add(operations)) return search_result::unexplained;
  return one.run();
}

}  // namespace quorate::chaos
