#include "cli/table.hpp"

#include <algorithm>
#include <numeric>
#include <ostream>

namespace quorate::cli {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t column_characters_min = 8;

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

/// At most `width` characters; an ellipsis marks the cut.
std::string cut(const std::string& text, std::size_t width) {
  if (characters(text) <= width) return text;
  std::string out;
  std::size_t count = 0;
  for (char c : text) {
    if (starts_character(c) && ++count == width) break;
    out += c;
  }
  return out + "…";
}

}  // namespace

table::table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }

void table::add(std::vector<std::string> cells) {
  cells.resize(rows_.front().size());
  for (auto& cell : cells)
    std::replace_if(
        cell.begin(), cell.end(), [](char c) { return c == '\n' || c == '\t' || c == '\r'; }, ' ');
  rows_.push_back(std::move(cells));
}

std::vector<std::size_t> table::column_widths(std::size_t width) const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], characters(row[i]));
  if (width == 0) return widths;
  auto total = std::accumulate(widths.begin(), widths.end(), gap * (widths.size() - 1));
  while (total > width) {
    auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= column_characters_min) break;
    --*widest;
    --total;
  }
  return widths;
}

void table::print(std::ostream& out, std::size_t width) const {
  const auto widths = column_widths(width);
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto cell = cut(row[i], widths[i]);
      line += cell;
      if (i + 1 < row.size()) line.append(widths[i] - characters(cell) + gap, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  }
}

}  // namespace quorate::cli
