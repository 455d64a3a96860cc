#include "chaos/page/scale.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "chaos/page/figures.hpp"

namespace quorate::page {
namespace {

constexpr double largest = 1e15;

void keep_higher(std::optional<double>& kept, std::optional<double> other) {
  if (other && (!kept || *other > *kept)) kept = other;
}

}  // namespace

std::vector<double> round_ticks(double highest, int at_most) {
  const double top = std::isfinite(highest) && highest > 0 ? std::min(highest, largest) : 1;
  const int steps = std::max(at_most, 2) - 1;
  double power = std::pow(10, std::floor(std::log10(top / steps)));
  double step = power;
  for (const double factor : {1.0, 2.0, 5.0, 10.0, 20.0}) {
    step = factor * power;
    // A hair of tolerance: 0.3 / 0.1 is a little less than 3.
    if (std::ceil(top / step - 1e-9) <= steps) break;
  }
  std::vector<double> ticks;
  const auto count = static_cast<int>(std::ceil(top / step - 1e-9));
  for (int i = 0; i <= count; ++i) ticks.push_back(step * i);
  return ticks;
}

std::vector<double> decade_ticks(double lowest, double highest) {
  const auto exponent = [](double value, double fallback) {
    return std::isfinite(value) && value > 0 ? std::log10(std::clamp(value, 1 / largest, largest)) : fallback;
  };
  const double first = std::floor(exponent(lowest, 0) + 1e-9);
  const double last = std::max(first + 1, std::ceil(exponent(highest, 1) - 1e-9));
  std::vector<double> ticks;
  for (double at = first; at <= last; ++at) ticks.push_back(std::pow(10, at));
  return ticks;
}

std::string tick_label(double value) {
  if (value >= 1e6) return figure(value / 1e6) + "M";
  if (value == 0 || value >= 1) return figure(value);
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

double scale::operator()(double value) const {
  const double low = std::min(from, to);
  const double kept = std::clamp(std::isfinite(value) ? value : low, low, std::max(from, to));
  if (logarithmic) return begin + (std::log(kept) - std::log(from)) / (std::log(to) - std::log(from)) * (end - begin);
  return to == from ? begin : begin + (kept - from) / (to - from) * (end - begin);
}

timeline merged(timeline of, std::size_t at_most) {
  if (of.bins.size() <= at_most || at_most == 0) return of;
  const std::size_t together = (of.bins.size() + at_most - 1) / at_most;
  std::vector<timeline_bin> few;
  for (std::size_t i = 0; i < of.bins.size(); ++i) {
    const auto& bin = of.bins[i];
    if (i % together == 0) {
      few.push_back(bin);
      continue;
    }
    few.back().ok += bin.ok;
    few.back().failed += bin.failed;
    keep_higher(few.back().p50_ms, bin.p50_ms);
    keep_higher(few.back().max_ms, bin.max_ms);
  }
  of.bins = std::move(few);
  of.bin_ms *= static_cast<double>(together);
  return of;
}

}  // namespace quorate::page
