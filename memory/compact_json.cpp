#include "memory/compact_json.hpp"

#include <algorithm>

#include "memory/text.hpp"

namespace quorate::memory {

namespace {

bool needs_no_escape(unsigned char c) { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'; }

void append_escaped(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\b': out += "\\b"; break;
    case '\f': out += "\\f"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    default:
      out += "\\u00";
      out += hex[static_cast<unsigned char>(c) >> 4];
      out += hex[c & 0xF];
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto stop = std::find_if_not(text.begin(), text.end(), needs_no_escape);
    const auto plain = static_cast<std::size_t>(stop - text.begin());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const scalar c = first_scalar(text);
    if (c.bytes == 0) {
      out += "\xEF\xBF\xBD";
    } else if (c.bytes == 1) {
      append_escaped(out, text[0]);
    } else {
      out.append(text.substr(0, c.bytes));
    }
    text.remove_prefix(std::max<std::size_t>(c.bytes, 1));
  }
  out += '"';
}

std::string describe_malformed(std::string_view text, std::size_t bytes_read) {
  const std::size_t offset = std::min(bytes_read == 0 ? 0 : bytes_read - 1, text.size());
  const auto not_utf8 = find_malformed_utf8(text);
  if (not_utf8 && *not_utf8 <= offset) return "not UTF-8 at byte " + std::to_string(*not_utf8);
  return "malformed JSON at byte " + std::to_string(offset);
}

bool compact_json_writer::begin(char bracket) {
  if (levels_.size() >= static_cast<std::size_t>(depth_max_)) {
    broken_rule_ = "must not nest deeper than " + std::to_string(depth_max_) + " levels, got more";
    return false;
  }
  separate();
  text_ += bracket;
  levels_.push_back(keys_.size());
  return true;
}

void compact_json_writer::separate() {
  if (text_.empty()) return;
  const char last = text_.back();
  if (last != '{' && last != '[' && last != ':') text_ += ',';
}

bool compact_json_writer::key(std::string_view name) {
  separate();
  const std::size_t offset = text_.size();
  append_json_string(text_, name);
  keys_.push_back({offset, text_.size() - offset});
  text_ += ':';
  return true;
}

bool compact_json_writer::end_object() {
  // Written keys are in one form, so equal keys are equal texts. Sorting keeps an object of many keys cheap.
  const auto first = keys_.begin() + static_cast<std::ptrdiff_t>(levels_.back());
  const auto text_of_key = [this](const written_key& k) { return std::string_view(text_).substr(k.offset, k.length); };
  const auto before = [&](const written_key& a, const written_key& b) { return text_of_key(a) < text_of_key(b); };
  const auto same = [&](const written_key& a, const written_key& b) { return text_of_key(a) == text_of_key(b); };
  std::sort(first, keys_.end(), before);
  if (std::adjacent_find(first, keys_.end(), same) != keys_.end()) {
    broken_rule_ = "must not hold a key twice in one object";
    return false;
  }
  keys_.erase(first, keys_.end());
  levels_.pop_back();
  text_ += '}';
  return true;
}

bool compact_json_writer::end_array() {
  levels_.pop_back();
  text_ += ']';
  return true;
}

bool compact_json_writer::string(std::string_view value) {
  separate();
  append_json_string(text_, value);
  return true;
}

bool compact_json_writer::literal(std::string_view value) {
  separate();
  text_ += value;
  return true;
}

bool compact_json_writer::number(std::string_view token) {
  separate();
  const std::size_t start = text_.size();
  text_ += token;
  // The parser puts the decimal point of the process's locale into the token.
  std::replace_if(
      text_.begin() + static_cast<std::ptrdiff_t>(start), text_.end(),
      [](char c) { return std::string_view("0123456789+-eE").find(c) == std::string_view::npos; }, '.');
  return true;
}

}  // namespace quorate::memory
