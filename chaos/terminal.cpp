#include "chaos/terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace quorate::chaos {
namespace {

std::atomic<bool> interrupt_seen = false;

bool colourful() {
  static const bool answer = isatty(STDOUT_FILENO) && !std::getenv("NO_COLOR");
  return answer;
}

std::string painted(const char* code, const std::string& text) {
  return colourful() ? "\033[" + std::string(code) + "m" + text + "\033[0m" : text;
}

}  // namespace

std::string good(const std::string& text) { return painted("32", text); }
std::string bad(const std::string& text) { return painted("1;31", text); }
std::string dim(const std::string& text) { return painted("2", text); }
std::string bold(const std::string& text) { return painted("1", text); }

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (int at = static_cast<int>(text.size()) - 3; at > 0; at -= 3) text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

std::string fixed(double number, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, number);
  return text;
}

std::string duration_text(double milliseconds) {
  if (milliseconds >= 1'000) return fixed(milliseconds / 1'000, 2) + " s";
  return fixed(milliseconds, milliseconds < 100 ? 1 : 0) + " ms";
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (std::size_t line = 0; line < rows.size(); ++line) {
    std::string row = "  ";
    for (std::size_t i = 0; i < rows[line].size(); ++i) {
      const auto& cell = rows[line][i];
      const std::string padding(widths[i] - cell.size(), ' ');
      row.append(i == 0 ? cell : "   ").append(padding).append(i == 0 ? "" : cell);
    }
    text += (line == 0 ? dim(row) : row) + "\n";
  }
  return text;
}

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int number) {
    if (number == SIGINT && interrupt_seen.exchange(true)) std::signal(SIGINT, SIG_DFL);
    interrupt_seen = true;
  };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return interrupt_seen; }

}  // namespace quorate::chaos
