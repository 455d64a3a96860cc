#include "net/http/raw_json.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace quorate::net::http {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Where the piece that begins at `from` ends: at a comma or a closing bracket of this level, or at `stop`.
std::size_t end_of_piece(std::string_view text, std::size_t from, char stop) {
  int depth = 0;
  bool in_string = false;
  for (auto i = from; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (depth == 0 && (c == stop || c == ']' || c == '}')) {
      return i;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return text.size();
}

}  // namespace

std::vector<std::string_view> elements_of(std::string_view array) {
  std::vector<std::string_view> elements;
  array = trimmed(array);
  for (std::size_t begin = 1; begin < array.size();) {
    const auto end = end_of_piece(array, begin, ',');
    const auto element = trimmed(array.substr(begin, end - begin));
    if (!element.empty()) elements.push_back(element);
    begin = end + 1;
  }
  return elements;
}

std::optional<std::string_view> member_of(std::string_view object, std::string_view name) {
  std::optional<std::string_view> found;
  object = trimmed(object);
  for (std::size_t begin = 1; begin < object.size();) {
    const auto colon = end_of_piece(object, begin, ':');
    if (colon >= object.size() || object[colon] != ':') break;
    const auto end = end_of_piece(object, colon + 1, ',');
    const auto key = trimmed(object.substr(begin, colon - begin));
    if (nlohmann::json::parse(key.begin(), key.end()).get<std::string>() == name)
      found = trimmed(object.substr(colon + 1, end - colon - 1));
    begin = end + 1;
  }
  return found;
}

}  // namespace quorate::net::http
