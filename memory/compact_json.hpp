// JSON written the one way records keep it: no white space, non-ASCII as UTF-8, only what must be escaped is.
//
// Fed value by value, so a text of any depth takes no stack. Pure, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quorate::memory {

/// Appends `text` as a JSON string. Bytes that are not UTF-8 become U+FFFD, so that the result always is.
void append_json_string(std::string& out, std::string_view text);

/// What is wrong with a text that a parser gave up on after `bytes_read` bytes: "not UTF-8 at byte 3" or "malformed
/// JSON at byte 17", counted from 0. Nothing of the text itself.
std::string describe_malformed(std::string_view text, std::size_t bytes_read);

/// Collects one object. Every call answers whether the object still keeps the rules: no deeper than `depth_max`, no
/// key twice in one object. After a `false` the writer is only good for `broken_rule`.
class compact_json_writer {
 public:
  explicit compact_json_writer(int depth_max) : depth_max_(depth_max) {}

  bool begin_object() { return begin('{'); }
  bool begin_array() { return begin('['); }
  bool key(std::string_view name);
  bool end_object();
  bool end_array();
  bool string(std::string_view value);
  /// A number, true, false or null, as it is to be written.
  bool literal(std::string_view value);
  bool integer(std::int64_t value) { return literal(std::to_string(value)); }
  bool unsigned_integer(std::uint64_t value) { return literal(std::to_string(value)); }
  /// Any other number, as the parser read it: kept digit by digit, so no value is rounded.
  bool number(std::string_view token);

  /// Whether the object that was begun first has ended.
  bool complete() const { return levels_.empty() && !text_.empty(); }
  std::string take_text() { return std::move(text_); }
  const std::string& broken_rule() const { return broken_rule_; }

 private:
  struct written_key {
    std::size_t offset = 0;
    std::size_t length = 0;
  };

  bool begin(char bracket);
  void separate();

  int depth_max_;
  std::string text_;
  std::vector<written_key> keys_;    ///< of the objects that are open, outermost first
  std::vector<std::size_t> levels_;  ///< where the keys of each open level begin
  std::string broken_rule_;
};

}  // namespace quorate::memory
