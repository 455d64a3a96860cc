#include "cli/mcp/lines.hpp"

namespace quorate::cli::mcp {

line_reader::outcome line_reader::next(std::string* line) {
  using traits = std::streambuf::traits_type;
  line->clear();
  bool any = false;
  bool too_long = false;
  // A character at a time: asking for more would block until that many have come.
  for (auto c = in_->sbumpc(); !traits::eq_int_type(c, traits::eof()); c = in_->sbumpc()) {
    any = true;
    if (traits::to_char_type(c) == '\n') return too_long ? outcome::too_long : outcome::line;
    if (line->size() == bytes_max_) too_long = true;
    if (!too_long) line->push_back(traits::to_char_type(c));
  }
  if (too_long) return outcome::too_long;
  return any ? outcome::line : outcome::end;
}

}  // namespace quorate::cli::mcp
