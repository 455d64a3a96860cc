#include "chaos/page/fields.hpp"

#include "chaos/page/figures.hpp"

namespace quorate::page {

const json& member(const json& object, const std::string& key) {
  static const json absent;
  if (!object.is_object()) return absent;
  const auto at = object.find(key);
  return at == object.end() ? absent : *at;
}

std::optional<double> number(const json& object, const std::string& key) {
  const auto& value = member(object, key);
  return value.is_number() ? std::optional<double>(value.get<double>()) : std::nullopt;
}

std::string word(const json& object, const std::string& key) {
  const auto& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : "";
}

bool is_true(const json& object, const std::string& key) {
  const auto& value = member(object, key);
  return value.is_boolean() && value.get<bool>();
}

std::vector<std::string> words(const json& object, const std::string& key) {
  std::vector<std::string> all;
  const auto& value = member(object, key);
  if (!value.is_array()) return all;
  for (const auto& one : value) {
    if (one.is_string()) all.push_back(one.get<std::string>());
  }
  return all;
}

std::string shown(const json& value) {
  if (value.is_null()) return "–";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_number()) return figure(value.get<double>());
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string shortened(std::string text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  // Bytes that go on with a character begin with 10.
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0U) == 0x80U) --bytes;
  text.resize(bytes);
  return text + " …";
}

std::string pretty(const json& value) { return value.dump(2, ' ', false, json::error_handler_t::replace); }

}  // namespace quorate::page
