#include "chaos/page/chart.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "chaos/page/figures.hpp"
#include "chaos/page/scale.hpp"

namespace quorate::page {
namespace {

// As wide as a phone, so that letters keep their size there.
constexpr double width = 420;
constexpr double height = 232;
constexpr double left = 50;
constexpr double right = width - 20;
constexpr double bottom = height - 32;
constexpr std::size_t most_bins = 140;

std::string place(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  std::string short_text = text;
  if (short_text.ends_with(".0")) short_text.resize(short_text.size() - 2);
  return short_text;
}

markup path(const std::string& css_class, const std::string& line) {
  return line.empty() ? markup() : lone("path", {{"class", css_class}, {"d", line}});
}

markup label(double x, double y, const std::string& css_class, const std::string& words) {
  return element("text", {{"x", place(x)}, {"y", place(y)}, {"class", css_class}}, text(words));
}

std::string horizontal(double x, double y, double to) { return "M" + place(x) + " " + place(y) + "H" + place(to); }
std::string vertical(double x, double y, double to) { return "M" + place(x) + " " + place(y) + "V" + place(to); }

markup rows_of_grid(const std::vector<double>& ticks, const scale& y) {
  std::string lines;
  markup labels;
  for (const double tick : ticks) {
    lines += horizontal(left, y(tick), right);
    labels += label(left - 6, y(tick) + 4, "y", tick_label(tick));
  }
  return path("grid", lines) + labels;
}

markup time_axis(const std::vector<double>& ticks, const scale& x, const std::string& unit) {
  std::string marks = horizontal(left, bottom, right);
  markup labels;
  for (const double tick : ticks) {
    if (tick > x.to) break;
    marks += vertical(x(tick), bottom, bottom + 4);
    labels += label(x(tick), bottom + 16, "x", tick_label(tick));
  }
  return path("axis", marks) + labels + label((left + right) / 2, height - 3, "x", unit);
}

markup framed(const std::string& id, const std::string& title, const std::string& description, const markup& content) {
  return element("svg",
                 {{"viewBox", "0 0 " + place(width) + " " + place(height)},
                  {"role", "img"},
                  {"aria-labelledby", id + "-t " + id + "-d"},
                  {"class", "chart"},
                  {"id", id}},
                 element("title", {{"id", id + "-t"}}, text(title))
                     + element("desc", {{"id", id + "-d"}}, text(description)) + content);
}

markup no_data(const std::string& what) { return element("p", {{"class", "none"}}, text(what)); }

/// The outline of bars that stand on `base`, as one path.
template <class Height>
std::string bars(const timeline& of, const scale& x, Height span) {
  std::string line;
  for (const auto& bin : of.bins) {
    const auto [base, top] = span(bin);
    if (base - top < 0.05) continue;
    line += vertical(x(bin.t), base, top) + "H" + place(x(bin.t + of.bin_ms)) + "V" + place(base) + "Z";
  }
  return line;
}

/// A line through the middle of the slices; interrupted where nothing was measured.
std::string line_through(const timeline& of, const scale& x, const scale& y,
                         std::optional<double> timeline_bin::*field) {
  std::string line;
  bool drawing = false;
  for (const auto& bin : of.bins) {
    const auto value = bin.*field;
    if (!value || !(*value > 0) || bin.ok + bin.failed <= 0) {
      drawing = false;
      continue;
    }
    const auto at = place(x(bin.t + of.bin_ms / 2)) + " " + place(y(*value));
    // A slice between two empty ones is a line of no length, which round ends make visible.
    line += drawing ? "L" + at : "M" + at + "h0";
    drawing = true;
  }
  return line;
}

double latest(const timeline& of) {
  double end = 0;
  for (const auto& bin : of.bins) end = std::max(end, bin.t + of.bin_ms);
  for (const auto& mark : {of.fault_end_ms, of.converged_ms}) {
    if (mark) end = std::max(end, *mark);
  }
  return end;
}

markup shaded_fault(const timeline& of, const scale& x, double top) {
  if (!of.fault_start_ms) return {};
  const double begin = x(*of.fault_start_ms);
  const double end = of.fault_end_ms ? x(*of.fault_end_ms) : right;
  return lone("rect", {{"class", "fault"},
                       {"x", place(begin)},
                       {"y", place(top)},
                       {"width", place(std::max(1.5, end - begin))},
                       {"height", place(bottom - top)}});
}

/// Beside its line, on the side where there is room.
markup mark_equal(const timeline& of, const scale& x, double top) {
  if (!of.converged_ms) return {};
  const double at = x(*of.converged_ms);
  const bool before = at > (left + right) / 2;
  return path("equal", vertical(at, top, bottom))
         + label(before ? at - 4 : at + 4, top + 9, before ? "y strong" : "strong", "all equal");
}

std::string describe(const timeline& of) {
  double ok = 0;
  double failed = 0;
  std::optional<double> slowest;
  for (const auto& bin : of.bins) {
    ok += bin.ok;
    failed += bin.failed;
    if (bin.max_ms && (!slowest || *bin.max_ms > *slowest)) slowest = bin.max_ms;
  }
  std::string words = figure(ok) + " writes acknowledged, " + figure(failed) + " not, in "
                      + milliseconds_text(latest(of)) + "; slowest answer " + milliseconds_text(slowest) + ".";
  if (of.fault_start_ms)
    words += " Fault from " + milliseconds_text(of.fault_start_ms) + " to " + milliseconds_text(of.fault_end_ms) + ".";
  words += of.converged_ms ? " All nodes equal at " + milliseconds_text(of.converged_ms) + "."
                           : " No moment at which all nodes were equal.";
  return words;
}

}  // namespace

markup timeline_chart(const std::string& id, const std::string& title, const timeline& given) {
  if (given.bins.empty()) return no_data("No timeline was recorded.");
  const auto of = merged(given, most_bins);
  constexpr double upper_top = 22;
  constexpr double upper_bottom = 106;
  constexpr double lower_top = 140;

  const double end = latest(of);
  const scale x{0, end, left, right};
  double most = 0;
  double fastest = 1e15;
  double slowest = 0;
  for (const auto& bin : of.bins) {
    most = std::max(most, bin.ok + bin.failed);
    for (const auto& value : {bin.p50_ms, bin.max_ms}) {
      if (value && *value > 0 && bin.ok + bin.failed > 0) {
        fastest = std::min(fastest, *value);
        slowest = std::max(slowest, *value);
      }
    }
  }
  const double a_second = 1'000 / of.bin_ms;
  const auto rates = round_ticks(most * a_second, 4);
  const scale rate{0, rates.back(), upper_bottom, upper_top};
  auto latencies = slowest > 0 ? decade_ticks(fastest, slowest) : decade_ticks(1, 10);
  const scale latency{latencies.front(), latencies.back(), bottom, lower_top, true};
  if (latencies.size() > 4) {
    std::vector<double> fewer;
    const std::size_t skip = (latencies.size() + 2) / 3;
    for (std::size_t i = 0; i < latencies.size(); i += skip) fewer.push_back(latencies[i]);
    latencies = fewer;
  }

  markup content = shaded_fault(of, x, upper_top);
  content += rows_of_grid(rates, rate) + rows_of_grid(latencies, latency);
  content += path(
      "ok", bars(of, x, [&](const timeline_bin& bin) { return std::pair(upper_bottom, rate(bin.ok * a_second)); }));
  content += path("failed", bars(of, x, [&](const timeline_bin& bin) {
                    return std::pair(rate(bin.ok * a_second), rate((bin.ok + bin.failed) * a_second));
                  }));
  content += path("slowest", line_through(of, x, latency, &timeline_bin::max_ms));
  content += path("median", line_through(of, x, latency, &timeline_bin::p50_ms));
  content += mark_equal(of, x, 12);
  content += label(0, 10, "unit", "writes/s") + label(0, 128, "unit", "latency, ms");
  content += time_axis(round_ticks(end, 7), x, "ms since the begin of the cycle");
  return framed(id, title, describe(of), content);
}

markup convergence_chart(const std::string& id, const std::string& title, const std::vector<cycle_point>& points) {
  if (points.empty()) return no_data("No cycles were recorded.");
  double highest = 0;
  double last = 1;
  double worst_cycle = 0;
  std::size_t never = 0;
  for (const auto& one : points) {
    last = std::max(last, one.cycle);
    if (!one.converge_ms) ++never;
    if (one.converge_ms && *one.converge_ms > highest) {
      highest = *one.converge_ms;
      worst_cycle = one.cycle;
    }
  }
  constexpr double top = 22;
  const auto ticks = round_ticks(highest, 6);
  const scale x{0, last + 1, left, right};
  const scale y{0, ticks.back(), bottom, top};
  std::string good;
  std::string bad;
  std::string stems;
  for (const auto& one : points) {
    const double at = x(one.cycle);
    const double level = one.converge_ms ? y(*one.converge_ms) : top;
    if (one.converge_ms && one.good) {
      good += "M" + place(at) + " " + place(level) + "h0";
      stems += vertical(at, bottom, level);
    } else {
      bad += "M" + place(at - 3.5) + " " + place(level - 3.5) + "l7 7m-7 0l7-7";
    }
  }
  markup content = rows_of_grid(ticks, y) + path("stem", stems) + path("dot", good) + path("cross", bad);
  content += label(0, 10, "unit", "ms until all nodes are equal") + time_axis(round_ticks(last, 7), x, "cycle");
  std::string words = counted(static_cast<double>(points.size()), "cycle") + "; longest " + milliseconds_text(highest)
                      + " in cycle " + figure(worst_cycle) + ".";
  if (never > 0) words += " In " + counted(static_cast<double>(never), "cycle") + " the nodes did not become equal.";
  return framed(id, title, words, content);
}

}  // namespace quorate::page
