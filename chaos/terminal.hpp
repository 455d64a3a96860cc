// Words for a person: colour on a terminal only, thousands grouped, times in the unit that fits; and Ctrl-C as a flag.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quorate::chaos {

/// Wrap a text for standard output; plain when that is no terminal or NO_COLOR is set.
std::string good(const std::string& text);
std::string bad(const std::string& text);
std::string dim(const std::string& text);
std::string bold(const std::string& text);

/// 12345 -> "12,345".
std::string grouped(std::uint64_t number);
/// 3.2 -> "3.2 ms", 1500 -> "1.50 s".
std::string duration_text(double milliseconds);
std::string fixed(double number, int decimals);

/// Lines up columns: the first to the left, the others to the right. The first row is the head.
std::string table(const std::vector<std::vector<std::string>>& rows);

/// From now on SIGINT and SIGTERM set a flag instead of ending the process; a second SIGINT ends it.
void catch_interrupts();
bool interrupted();

}  // namespace quorate::chaos
