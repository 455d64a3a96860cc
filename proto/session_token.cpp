#include "proto/session_token.hpp"

#include <charconv>

namespace quorate {

namespace {

void append_hexadecimal(std::string& out, std::uint64_t number) {
  char text[16];
  out.append(text, std::to_chars(text, text + sizeof text, number, 16).ptr);
}

std::optional<std::uint64_t> take_hexadecimal(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool take_dot(std::string_view& text) {
  if (text.empty() || text.front() != '.') return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string session_token(const log_position& position) {
  std::string token;
  append_hexadecimal(token, to_number(position.log.origin));
  token += '.';
  append_hexadecimal(token, position.log.epoch);
  token += '.';
  append_hexadecimal(token, position.sequence);
  return token;
}

std::optional<log_position> parse_session_token(std::string_view text) {
  const auto origin = take_hexadecimal(text);
  if (!origin || !take_dot(text)) return std::nullopt;
  const auto epoch = take_hexadecimal(text);
  if (!epoch || !take_dot(text)) return std::nullopt;
  const auto sequence = take_hexadecimal(text);
  if (!sequence || !text.empty()) return std::nullopt;
  return log_position{{node_id{*origin}, *epoch}, *sequence};
}

}  // namespace quorate
