// Does a history of reads and writes have an order in which one register a key explains every answer?
//
// Pure: no input or output, no clock, no thread; the same history gives the same verdict, in the same number of steps.
// Callers own what they pass in. The simulator and the drills on real processes share it.
//
// One operation comes before another if it ended before the other started; equal times are concurrent. Every certain
// operation takes effect once between its start and its end. Keys are independent of each other, so each is judged
// alone. A verdict without a violation that is not `undecided` means such an order exists for every key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quorate::chaos {

struct register_operation {
  std::string key;
  bool write = false;
  std::uint64_t value =
      0;  ///< written, or returned by the read; 0 is absence: what a deletion writes and a key begins with
  std::int64_t start_us = 0;
  std::int64_t end_us = 0;  ///< one before `start_us` counts as `start_us`
  /// False: a write whose outcome is unknown. It takes effect at any time after `start_us`, or never; `end_us` is not
  /// looked at. A read without an answer says nothing and is passed over.
  bool certain = true;
  std::string label;  ///< names the operation in messages
};

struct order_violation {
  std::string key;
  /// One sentence: the first read, in the order of ends, that no order explains, and what it could have returned.
  std::string what;
  /// Where to look: that read, some operations concurrent to it or just before it, and the last write of what it
  /// returned. Indices into the input, in the order of starts.
  std::vector<std::size_t> around;
};

struct order_limits {
  std::uint64_t steps_max =
      50'000'000;  ///< of the whole call; finding the words for a violation may take as many again
};

struct order_verdict {
  std::optional<order_violation> violation;  ///< of the first key, in the order of keys, that has one
  bool undecided = false;                    ///< the limit came first; keys after the one it came in were not looked at
  std::uint64_t steps = 0;                   ///< taken to decide
};

order_verdict check_linearizable(const std::vector<register_operation>& operations, order_limits limits = {});

}  // namespace quorate::chaos
