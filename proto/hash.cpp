#include "proto/hash.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace quorate {

std::uint64_t hash64_of(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

hash128 hash128_of(std::string_view bytes) {
  auto h = XXH3_128bits(bytes.data(), bytes.size());
  return {h.low64, h.high64};
}

node_id node_id_of(std::string_view name) { return node_id{hash64_of(name)}; }

}  // namespace quorate
