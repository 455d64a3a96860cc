// The search behind `check_linearizable`: is there an order of the operations of one register that explains its reads?
//
// Pure and without state between calls; see linearizability.hpp for what the order must respect. It is the search of
// Wing and Gong with the memory of Lowe: a doubly linked list of calls and returns, from whose front operations are
// taken out one after the other and put back when that led nowhere, and a set of the situations already tried.
// What makes it quick is that most choices need no second thought; register_search.cpp says which, and why. A history
// in which no value but absence is written twice is decided without ever going back. One with many values that are
// written again and again, by many uncertain writes that take effect late, can be beyond any limit.
#pragma once

#include <cstdint>
#include <vector>

namespace quorate::chaos {

struct timed_operation {
  bool write = false;
  bool certain = true;      ///< of a write only; `end_us` of an uncertain one is not looked at
  std::uint64_t value = 0;  ///< the register begins with 0
  std::int64_t start_us = 0;
  std::int64_t end_us = 0;
};

enum class search_result : std::uint8_t { explained, unexplained, undecided };

/// Adds to `steps` the entries of the list it looked at; undecided once `steps` exceeds `steps_max`.
search_result search_register(const std::vector<timed_operation>& operations, std::uint64_t steps_max,
                              std::uint64_t& steps);

}  // namespace quorate::chaos
