#include "chaos/page/figures.hpp"

#include <cmath>
#include <cstdio>

namespace quorate::page {
namespace {

constexpr const char* unknown = "–";

std::string printed(const char* format, double number) {
  char text[64];
  std::snprintf(text, sizeof text, format, number);
  return text;
}

}  // namespace

std::string figure(std::optional<double> number) {
  if (!number) return unknown;
  if (std::abs(*number) >= 1e15) return printed("%.3g", *number);
  if (*number != std::floor(*number) && std::abs(*number) < 100) return printed("%.1f", *number);
  std::string text = printed("%.0f", std::abs(*number));
  for (int at = static_cast<int>(text.size()) - 3; at > 0; at -= 3) text.insert(static_cast<std::size_t>(at), ",");
  return *number < 0 && text != "0" ? "−" + text : text;
}

std::string milliseconds_text(std::optional<double> milliseconds) {
  if (!milliseconds) return unknown;
  if (*milliseconds >= 60'000) return seconds_text(*milliseconds / 1'000);
  if (*milliseconds >= 1'000) return printed("%.2f s", *milliseconds / 1'000);
  return printed(*milliseconds < 10 ? "%.1f ms" : "%.0f ms", *milliseconds);
}

std::string seconds_text(std::optional<double> seconds) {
  if (!seconds) return unknown;
  if (*seconds < 60) return printed(*seconds < 10 ? "%.1f s" : "%.0f s", *seconds);
  const double whole = std::floor(*seconds + 0.5);
  const double hours = std::floor(whole / 3'600);
  const double minutes = std::floor(whole / 60) - hours * 60;
  if (hours > 0) return printed("%.0f h ", hours) + printed("%.0f min", minutes);
  return printed("%.0f min ", minutes) + printed("%.0f s", whole - minutes * 60);
}

std::string bytes_text(std::optional<double> bytes) {
  if (!bytes) return unknown;
  constexpr double mebibyte = 1024 * 1024;
  constexpr double gibibyte = 1024 * mebibyte;
  return *bytes >= gibibyte ? printed("%.1f GiB", *bytes / gibibyte) : printed("%.0f MiB", *bytes / mebibyte);
}

std::string exact(std::optional<double> number) { return number ? printed("%.17g", *number) : unknown; }

std::string counted(std::optional<double> number, const std::string& noun) {
  return figure(number) + " " + noun + (number == 1.0 ? "" : "s");
}

}  // namespace quorate::page
