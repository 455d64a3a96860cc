// A table of text for a person: columns aligned, cut to the terminal. Counts characters, not display cells.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

namespace quorate::cli {

class table {
 public:
  explicit table(std::vector<std::string> header);
  /// As many cells as the header has. Line breaks and tabs become blanks.
  void add(std::vector<std::string> cells);
  /// Cuts the widest columns until a line fits `width`; 0 = nothing is cut.
  void print(std::ostream& out, std::size_t width) const;

 private:
  std::vector<std::size_t> column_widths(std::size_t width) const;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace quorate::cli
