// Lines of a stream, whatever comes: the framing of MCP over standard input.
//
// One thread; blocks until a line is there. A line longer than the bound is read past without being kept. The last line
// may lack its line feed.
#pragma once

#include <cstddef>
#include <streambuf>
#include <string>

namespace quorate::cli::mcp {

inline constexpr std::size_t line_bytes_max = 8U << 20U;

class line_reader {
 public:
  enum class outcome : unsigned char { line, too_long, end };

  explicit line_reader(std::streambuf* in, std::size_t bytes_max = line_bytes_max) : in_(in), bytes_max_(bytes_max) {}

  /// The next line without its line feed; `*line` is meaningless for the other outcomes.
  outcome next(std::string* line);

 private:
  std::streambuf* in_;
  std::size_t bytes_max_;
};

}  // namespace quorate::cli::mcp
