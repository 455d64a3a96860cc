#include "storage/keys.hpp"

#include "proto/ensure.hpp"
#include "storage/big_endian.hpp"

namespace quorate::storage {

void append_record_key(std::string& out, key_kind kind, std::string_view bytes) {
  out.push_back(static_cast<char>(kind));
  out.append(bytes);
}

std::optional<record_key> parse_record_key(std::string_view stored) {
  byte_reader in(stored);
  const auto kind = in.number<std::uint8_t>();
  const auto bytes = in.rest();
  if (!in.complete() || !is_key_kind(kind)) return std::nullopt;
  return record_key{static_cast<key_kind>(kind), std::string(bytes)};
}

void append_alias_prefix(std::string& out, key_kind kind, std::string_view alias) {
  append_alias_start(out, kind, alias.size(), alias);
}

void append_alias_start(std::string& out, key_kind kind, std::size_t length, std::string_view beginning) {
  ensure(length <= limits::alias_bytes_max && beginning.size() <= length, "the length of an alias fits its two bytes");
  out.push_back(static_cast<char>(kind));
  append_big_endian(out, static_cast<std::uint16_t>(length));
  out.append(beginning);
}

std::optional<std::size_t> alias_length(std::string_view stored, key_kind kind) {
  byte_reader in(stored);
  const auto stored_kind = in.number<std::uint8_t>();
  const auto length = in.number<std::uint16_t>();
  in.rest();
  if (!in.complete() || stored_kind != static_cast<std::uint8_t>(kind)) return std::nullopt;
  return length;
}

void append_alias_key(std::string& out, key_kind kind, std::string_view alias, std::string_view bytes) {
  append_alias_prefix(out, kind, alias);
  out.append(bytes);
}

std::optional<std::size_t> alias_prefix_length(std::string_view stored) {
  byte_reader in(stored);
  in.number<std::uint8_t>();
  in.bytes(in.number<std::uint16_t>());
  const auto bytes = in.rest();
  if (!in.complete()) return std::nullopt;
  return stored.size() - bytes.size();
}

void append_log_prefix(std::string& out, const log_id& log) {
  append_big_endian(out, to_number(log.origin));
  append_big_endian(out, log.epoch);
}

void append_log_key(std::string& out, const log_id& log, sequence_number sequence) {
  append_log_prefix(out, log);
  append_big_endian(out, sequence);
}

std::optional<log_position> parse_log_key(std::string_view stored) {
  byte_reader in(stored);
  log_position position;
  position.log.origin = node_id{in.number<std::uint64_t>()};
  position.log.epoch = in.number<std::uint64_t>();
  position.sequence = in.number<std::uint64_t>();
  if (!in.complete()) return std::nullopt;
  return position;
}

std::optional<std::string> end_of_prefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xFF') prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

}  // namespace quorate::storage
