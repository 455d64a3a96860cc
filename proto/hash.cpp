#include "proto/hash.hpp"

#include "proto/log_chain.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace quorate {

std::uint64_t hash64_of(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

hash128 hash128_of(std::string_view bytes) {
  auto h = XXH3_128bits(bytes.data(), bytes.size());
  return {h.low64, h.high64};
}

node_id node_id_of(std::string_view name) { return node_id{hash64_of(name)}; }

std::uint64_t chain_start(const log_id& log) {
  const std::uint64_t name[2] = {to_number(log.origin), log.epoch};
  char bytes[16];
  for (int i = 0; i < 16; ++i) bytes[i] = static_cast<char>(name[i / 8] >> (56 - i % 8 * 8));
  return chain_hash({bytes, sizeof bytes});
}

std::uint64_t chain_hash(std::string_view encoded_entry) {
  const auto hash = hash64_of(encoded_entry);
  return hash != 0 ? hash : 1;
}

}  // namespace quorate
