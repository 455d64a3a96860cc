#include "cli/import_reader.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace quorate::cli {
namespace {

constexpr std::size_t read_bytes = 64u << 10;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

constexpr std::array<std::string_view, 4> document_keys{"memories", "links", "count", "exported_at"};
constexpr std::array<std::string_view, 15> record_keys{
    "id",     "tier",         "namespace",  "title",      "content",          "tags",       "priority", "confidence",
    "source", "access_count", "created_at", "updated_at", "last_accessed_at", "expires_at", "metadata"};

template <class Names>
bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

/// Index after the string that starts at `text[at]`; the end when it does not end.
std::size_t after_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return at + 1;
  }
  return text.size();
}

/// Whether the first object of the file is an export rather than a record: the first key that is one of either
/// decides. Nothing while more must be seen.
std::optional<bool> starts_document(std::string_view head) {
  int depth = 0;
  for (std::size_t at = 0; at < head.size(); ++at) {
    const char c = head[at];
    if (c == '"') {
      const auto end = after_string(head, at);
      const auto colon = head.find_first_not_of(" \n\t\r", end);
      if (colon == std::string_view::npos) return std::nullopt;
      if (depth == 1 && head[colon] == ':') {
        const auto key = head.substr(at + 1, end - at - 2);
        if (contains(document_keys, key)) return true;
        if (contains(record_keys, key)) return false;
      }
      at = end - 1;
    } else if (c == '{' || c == '[') {
      if (++depth == 1 && c == '[') return false;
    } else if (c == '}' || c == ']') {
      if (--depth <= 0) return false;
    } else if (depth == 0 && !is_blank(c)) {
      return false;
    }
  }
  return std::nullopt;
}

/// Whether the object on a line is a link: its first key says so.
bool starts_link(std::string_view line) {
  if (!line.starts_with('{')) return false;
  const auto first = line.find_first_not_of(" \t", 1);
  return first != std::string_view::npos && line.substr(first).starts_with("\"source_id\"");
}

status too_long_error() {
  return status::invalid("record", "longer than " + std::to_string(record_text_bytes_max) + " bytes");
}

}  // namespace

void byte_source::read_more() {
  pollfd input{descriptor_, POLLIN, 0};
  if (before_wait_ && ::poll(&input, 1, 0) == 0) before_wait_();
  buffer_.erase(0, next_);
  next_ = 0;
  const auto held = buffer_.size();
  buffer_.resize(held + read_bytes);
  ssize_t got = -1;
  do got = ::read(descriptor_, buffer_.data() + held, read_bytes);
  while (got < 0 && errno == EINTR);
  if (got < 0) error_ = std::string("cannot read: ") + std::strerror(errno);
  ended_ = got <= 0;
  buffer_.resize(held + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
}

std::optional<char> byte_source::peek() {
  if (next_ == buffer_.size() && !ended_) read_more();
  if (next_ == buffer_.size()) return std::nullopt;
  return buffer_[next_];
}

void byte_source::take() {
  if (buffer_[next_] == '\n') ++line_;
  ++next_;
  ++offset_;
}

std::string_view byte_source::head(std::size_t count) {
  while (buffer_.size() - next_ < count && !ended_) read_more();
  return std::string_view(buffer_).substr(next_);
}

void import_reader::begin() {
  if (source_.head(byte_order_mark.size()).starts_with(byte_order_mark))
    for (std::size_t i = 0; i < byte_order_mark.size(); ++i) source_.take();
  // Looks at no more than it needs: a pipe that fills slowly is imported as it fills.
  auto head = source_.head(1);
  auto document = starts_document(head);
  while (!document && head.size() < record_text_bytes_max) {
    const auto seen = head.size();
    head = source_.head(seen + 1);
    if (head.size() == seen) break;
    document = starts_document(head);
  }
  stage_ = document.value_or(false) ? stage::between_keys : stage::lines;
}

std::optional<import_item> import_reader::next() {
  if (stage_ == stage::start) begin();
  if (stage_ == stage::lines) return next_line();
  if (stage_ == stage::end) return std::nullopt;
  return next_in_document();
}

void import_reader::keep(std::string* text, bool* too_long, char byte) {
  if (text == nullptr) return;
  if (text->size() < record_text_bytes_max)
    *text += byte;
  else
    *too_long = true;
}

std::optional<import_item> import_reader::next_line() {
  if (!skip_blanks()) {
    stage_ = stage::end;
    if (source_.error().empty()) return std::nullopt;
    return import_item{source_.line(), source_.offset(), {}, false, status(errc::unavailable, source_.error())};
  }
  import_item item{source_.line(), source_.offset(), {}, false, {}};
  bool too_long = false;
  for (auto byte = source_.peek(); byte && *byte != '\n'; byte = source_.peek()) {
    keep(&item.text, &too_long, *byte);
    source_.take();
  }
  item.is_link = starts_link(item.text);
  if (too_long) {
    item.text.clear();
    item.error = too_long_error();
  }
  return item;
}

std::optional<char> import_reader::skip_blanks() {
  auto byte = source_.peek();
  for (; byte && is_blank(*byte); byte = source_.peek()) source_.take();
  return byte;
}

bool import_reader::take_if(char wanted) {
  const auto byte = skip_blanks();
  if (!byte || *byte != wanted) return false;
  source_.take();
  return true;
}

std::optional<import_item> import_reader::broken(std::string_view expected) {
  stage_ = stage::end;
  import_item item{source_.line(), source_.offset(), {}, false, {}};
  std::string what = source_.error();
  if (what.empty())
    what = "the export is not valid JSON: expected " + std::string(expected) + (source_.peek() ? "" : ", the file ends")
           + "; nothing behind it was read";
  item.error = status(errc::invalid_argument, std::move(what));
  return item;
}

std::optional<import_item> import_reader::next_in_document() {
  while (stage_ != stage::end) {
    if (auto item = stage_ == stage::between_keys ? next_key() : next_element()) return item;
  }
  return std::nullopt;
}

std::optional<import_item> import_reader::next_key() {
  if (first_ && !take_if('{')) return broken("{");
  if (take_if('}')) return finish_document();
  if (!first_ && !take_if(',')) return broken("a comma or }");
  first_ = false;
  std::string key;
  bool too_long = false;
  if (skip_blanks() != '"' || !read_string(&key, &too_long)) return broken("a key");
  if (!take_if(':')) return broken("a colon");
  skip_blanks();
  if (key == "\"memories\"" && take_if('[')) {
    stage_ = stage::in_memories;
    first_ = true;
    return std::nullopt;
  }
  if (key == "\"links\"" && take_if('[')) {
    stage_ = stage::in_links;
    first_ = true;
    return std::nullopt;
  }
  if (!read_value(nullptr, nullptr)) return broken("a value");
  return std::nullopt;
}

std::optional<import_item> import_reader::finish_document() {
  stage_ = stage::end;
  if (skip_blanks()) return broken("nothing after the export's }");
  return std::nullopt;
}

std::optional<import_item> import_reader::next_element() {
  if (take_if(']')) {
    stage_ = stage::between_keys;
    first_ = false;
    return std::nullopt;
  }
  if (!first_ && !take_if(',')) return broken("a comma or ]");
  first_ = false;
  skip_blanks();
  import_item item{source_.line(), source_.offset(), {}, stage_ == stage::in_links, {}};
  bool too_long = false;
  if (!read_value(&item.text, &too_long)) return broken(item.is_link ? "a link" : "a record");
  if (too_long) {
    item.text.clear();
    item.error = too_long_error();
  }
  return item;
}

/// One string, quotes included. False when the file ends inside.
bool import_reader::read_string(std::string* text, bool* too_long) {
  bool escaped = false;
  bool open = false;
  for (auto byte = source_.peek(); byte; byte = source_.peek()) {
    keep(text, too_long, *byte);
    source_.take();
    if (open && !escaped && *byte == '"') return true;
    escaped = open && !escaped && *byte == '\\';
    open = true;
  }
  return false;
}

/// One value: brackets and strings are followed, what is between them is not looked at. False when there is none or
/// the file ends inside.
bool import_reader::read_value(std::string* text, bool* too_long) {
  int depth = 0;
  bool any = false;
  for (auto byte = source_.peek(); byte; byte = source_.peek()) {
    const char c = *byte;
    if (depth == 0 && (c == ',' || c == ']' || c == '}' || is_blank(c))) return any;
    any = true;
    if (c == '"') {
      if (!read_string(text, too_long)) return false;
    } else {
      keep(text, too_long, c);
      source_.take();
      if (c == '{' || c == '[')
        ++depth;
      else if (c == '}' || c == ']')
        --depth;
    }
    if (depth == 0 && (c == '"' || c == '}' || c == ']')) return true;
  }
  return any && depth == 0;
}

}  // namespace quorate::cli
