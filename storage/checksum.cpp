#include "storage/checksum.hpp"

#include "proto/hash.hpp"
#include "storage/big_endian.hpp"

namespace quorate::storage {

std::uint64_t checksum(std::string_view key, std::string_view payload) { return hash64_of(key) + hash64_of(payload); }

void seal(std::string_view key, std::string& value) { append_big_endian(value, checksum(key, value)); }

std::optional<std::string_view> unseal(std::string_view key, std::string_view sealed) {
  if (sealed.size() < checksum_bytes) return std::nullopt;
  const auto payload = sealed.substr(0, sealed.size() - checksum_bytes);
  byte_reader tail(sealed.substr(payload.size()));
  if (tail.number<std::uint64_t>() != checksum(key, payload)) return std::nullopt;
  return payload;
}

}  // namespace quorate::storage
