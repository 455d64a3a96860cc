#include "memory/json_value.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "memory/compact_json.hpp"

namespace quorate::memory {

namespace {

constexpr std::size_t depth_max = 128;

/// Sign, digits without zeros at either end, power of ten.
std::string number_value(std::string_view token) {
  std::string digits;
  bool negative = false;
  std::int64_t exponent = 0;
  std::int64_t behind_point = 0;
  bool after_point = false;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const char c = token[i];
    if (c == '-') {
      negative = true;
    } else if (c >= '0' && c <= '9') {
      digits += c;
      if (after_point) ++behind_point;
    } else if (c == 'e' || c == 'E') {
      auto rest = token.substr(i + 1);
      if (!rest.empty() && rest.front() == '+') rest.remove_prefix(1);
      const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), exponent);
      // A power that fits no number: no two such texts are called equal unless they are the same.
      if (read.ec != std::errc()) return std::string(token);
      break;
    } else {
      after_point = true;  // the parser writes the locale's point
    }
  }
  const auto last = digits.find_last_not_of('0');
  if (last == std::string::npos) return "0e0";
  exponent += static_cast<std::int64_t>(digits.size() - 1 - last) - behind_point;
  digits.erase(last + 1);
  digits.erase(0, digits.find_first_not_of('0'));
  return (negative ? "-" : "") + digits + 'e' + std::to_string(exponent);
}

/// Collects a value level by level.
class value_builder {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  bool null() { return add("null"); }
  bool boolean(bool value) { return add(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) { return add(number_value(std::to_string(value))); }
  bool number_unsigned(number_unsigned_t value) { return add(number_value(std::to_string(value))); }
  bool number_float(number_float_t, const string_t& token) { return add(number_value(token)); }
  bool string(string_t& value) {
    std::string text;
    append_json_string(text, value);
    return add(std::move(text));
  }
  bool binary(binary_t&) { return false; }
  bool start_object(std::size_t) { return begin(); }
  bool start_array(std::size_t) { return begin(); }
  bool key(string_t& name) {
    levels_.back().key.clear();
    append_json_string(levels_.back().key, name);
    return true;
  }
  bool end_object() {
    std::string text = "{";
    for (const auto& [key, value] : levels_.back().members) {
      if (text.size() > 1) text += ',';
      text.append(key).append(":").append(value);
    }
    return end(std::move(text) + "}");
  }
  bool end_array() {
    std::string text = "[";
    for (const auto& value : levels_.back().elements) {
      if (text.size() > 1) text += ',';
      text += value;
    }
    return end(std::move(text) + "]");
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) { return false; }

  std::string take() { return std::move(whole_); }

 private:
  struct level {
    std::string key;  ///< of the member to come; set in objects only
    std::map<std::string, std::string> members;
    std::vector<std::string> elements;
  };

  bool begin() {
    if (levels_.size() == depth_max) return false;
    levels_.emplace_back();
    return true;
  }
  bool end(std::string text) {
    levels_.pop_back();
    return add(std::move(text));
  }
  bool add(std::string text) {
    if (levels_.empty())
      whole_ = std::move(text);
    else if (levels_.back().key.empty())
      levels_.back().elements.push_back(std::move(text));
    else
      levels_.back().members[levels_.back().key] = std::move(text);
    return true;
  }

  std::vector<level> levels_;
  std::string whole_;
};

}  // namespace

std::optional<std::string> json_value(std::string_view text) {
  if (text == "{}" || text == "[]") return std::string(text);
  value_builder builder;
  if (!nlohmann::json::sax_parse(text, &builder)) return std::nullopt;
  return builder.take();
}

}  // namespace quorate::memory
