#include "chaos/gate/canonical_json.hpp"

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace quorate::chaos {
namespace {

/// The digits between the first and the last that is not 0, and the power of ten: 1200 and 1.2e3 are both 12e2.
std::string canonical_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  long power = 0;
  if (const auto e = text.find_first_of("eE"); e != std::string_view::npos) {
    auto exponent = text.substr(e + 1);
    if (exponent.starts_with('+')) exponent.remove_prefix(1);
    std::from_chars(exponent.data(), exponent.data() + exponent.size(), power);
    text = text.substr(0, e);
  }
  std::string digits(text);
  if (const auto point = digits.find('.'); point != std::string::npos) {
    power -= static_cast<long>(digits.size() - point - 1);
    digits.erase(point, 1);
  }
  digits.erase(0, digits.find_first_not_of('0'));
  while (digits.ends_with('0')) {
    digits.pop_back();
    ++power;
  }
  if (digits.empty()) return "0";
  return (negative ? "-" : "") + digits + "e" + std::to_string(power);
}

/// Puts the form together from the inside out.
class canonical_form final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return take("null"); }
  bool boolean(bool value) override { return take(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return take(canonical_number(std::to_string(value))); }
  bool number_unsigned(number_unsigned_t value) override { return take(canonical_number(std::to_string(value))); }
  bool number_float(number_float_t /*value*/, const string_t& text) override { return take(canonical_number(text)); }
  bool string(string_t& value) override { return take(nlohmann::json(value).dump()); }
  bool binary(binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*size*/) override { return open(); }
  bool key(string_t& name) override {
    open_.back().key = nlohmann::json(name).dump();
    return true;
  }
  bool end_object() override {
    std::string text = "{";
    for (const auto& [name, value] : open_.back().members)
      text.append(text.size() == 1 ? "" : ",").append(name).append(":").append(value);
    return close(text + "}");
  }
  bool start_array(std::size_t /*size*/) override { return open(); }
  bool end_array() override {
    std::string text = "[";
    for (const auto& item : open_.back().items) text.append(text.size() == 1 ? "" : ",").append(item);
    return close(text + "]");
  }
  bool parse_error(std::size_t /*at*/, const std::string& /*token*/, const nlohmann::detail::exception&) override {
    return false;
  }

  std::string whole;

 private:
  /// An object or an array whose end is yet to come.
  struct level {
    std::string key;  ///< of the member to come; empty in an array
    std::map<std::string, std::string> members;
    std::vector<std::string> items;
  };

  bool take(std::string value) {
    if (open_.empty())
      whole = std::move(value);
    else if (!open_.back().key.empty())
      open_.back().members[std::exchange(open_.back().key, "")] = std::move(value);
    else
      open_.back().items.push_back(std::move(value));
    return true;
  }
  bool open() {
    open_.emplace_back();
    return true;
  }
  bool close(std::string value) {
    open_.pop_back();
    return take(std::move(value));
  }

  std::vector<level> open_;
};

}  // namespace

std::optional<std::string> canonical_json(std::string_view text) {
  canonical_form form;
  if (!nlohmann::json::sax_parse(text, &form)) return std::nullopt;
  return std::move(form.whole);
}

}  // namespace quorate::chaos
