// From values to places on a chart: round ticks, linear and logarithmic scales, slices of time merged to as many as an
// eye can tell apart. Pure; any thread. Whatever the numbers are, the answers are finite and few.
#pragma once

#include <string>
#include <vector>

#include "chaos/page/fault_results.hpp"

namespace quorate::page {

/// From 0 up to the first one that is not below `highest`, in steps of 1, 2 or 5 times a power of ten; at most
/// `at_most` (two or more) of them.
std::vector<double> round_ticks(double highest, int at_most);
/// Powers of ten that enclose both; at least two.
std::vector<double> decade_ticks(double lowest, double highest);
/// 1500 -> "1,500", 0.25 -> "0.25", 1000000 -> "1M".
std::string tick_label(double value);

/// Values `from` to `to` on the places `begin` to `end`; values outside are moved to the border.
struct scale {
  double from = 0;
  double to = 1;
  double begin = 0;
  double end = 1;
  bool logarithmic = false;

  double operator()(double value) const;
};

/// Neighbours put together until no more than `at_most` are left: counts are added, of times the highest is kept.
/// `bin_ms` grows to fit.
timeline merged(timeline of, std::size_t at_most);

}  // namespace quorate::page
