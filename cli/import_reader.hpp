// Cuts an import file into records and links: JSON lines, or the object of an ai-memory export. Keeps one in memory.
//
// Finds where each begins and ends, nothing more: whether the text is a record is memory/json's to say. A line whose
// first key is "source_id" is a link. One
// thread. A read error or a document that breaks off is the last item, with an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "proto/status.hpp"

namespace quorate::cli {

/// A record's text is at most this long: the largest valid one fits, with every character escaped.
inline constexpr std::size_t record_text_bytes_max = 4u << 20;

/// Bytes of a file or pipe, with their place in it.
class byte_source {
 public:
  byte_source(int descriptor, std::function<void()> before_wait)
      : descriptor_(descriptor), before_wait_(std::move(before_wait)) {}

  /// The next byte without taking it; nothing at the end or after an error.
  std::optional<char> peek();
  void take();
  /// What comes next: at least `count` bytes, fewer only when the file has no more.
  std::string_view head(std::size_t count);

  std::uint64_t line() const { return line_; }      ///< of the next byte, counted from 1
  std::uint64_t offset() const { return offset_; }  ///< of the next byte, counted from 0
  const std::string& error() const { return error_; }

 private:
  void read_more();

  int descriptor_;
  std::function<void()> before_wait_;
  std::string buffer_;
  std::size_t next_ = 0;
  bool ended_ = false;
  std::uint64_t line_ = 1;
  std::uint64_t offset_ = 0;
  std::string error_;
};

struct import_item {
  std::uint64_t line = 0;    ///< where it begins
  std::uint64_t offset = 0;  ///< byte of the file where it begins
  std::string text;          ///< what should be one JSON object
  bool is_link = false;      ///< between two records, rather than a record
  status error;              ///< or why there is none
};

class import_reader {
 public:
  /// Reads from `descriptor`, which stays open and is the caller's. Calls `before_wait` when a pipe is empty and
  /// will be waited for.
  explicit import_reader(int descriptor, std::function<void()> before_wait = {})
      : source_(descriptor, std::move(before_wait)) {}

  /// The next record or link; nothing at the end.
  std::optional<import_item> next();

 private:
  enum class stage : std::uint8_t { start, lines, between_keys, in_memories, in_links, end };

  void begin();
  std::optional<import_item> next_line();
  std::optional<import_item> next_in_document();
  std::optional<import_item> next_key();
  std::optional<import_item> next_element();
  std::optional<import_item> finish_document();
  std::optional<import_item> broken(std::string_view expected);
  std::optional<char> skip_blanks();
  bool take_if(char wanted);
  bool read_value(std::string* text, bool* too_long);
  bool read_string(std::string* text, bool* too_long);
  void keep(std::string* text, bool* too_long, char byte);

  byte_source source_;
  stage stage_ = stage::start;
  bool first_ = true;  ///< no key of the object, or no element of the array, was taken yet
};

}  // namespace quorate::cli
