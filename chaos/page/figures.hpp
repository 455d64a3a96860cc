// Figures for people. What is not known is a dash, never a zero.
#pragma once

#include <optional>
#include <string>

namespace quorate::page {

/// 12345 -> "12,345"; 0.7 -> "0.7".
std::string figure(std::optional<double> number);
/// 0.7 -> "0.7 ms", 1500 -> "1.50 s".
std::string milliseconds_text(std::optional<double> milliseconds);
/// 75 -> "1 min 15 s", 7290 -> "2 h 1 min".
std::string seconds_text(std::optional<double> seconds);
/// 8589934592 -> "8.0 GiB".
std::string bytes_text(std::optional<double> bytes);
/// All the digits there are: 0.9999 must not look like 1.
std::string exact(std::optional<double> number);
/// (1, "cycle") -> "1 cycle", (2, "cycle") -> "2 cycles".
std::string counted(std::optional<double> number, const std::string& noun);

}  // namespace quorate::page
