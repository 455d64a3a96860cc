// The chain through a log: every entry holds the hash of the one before it, so the hash of an entry stands for all up
// to it. Two members whose logs end in the same entry with the same hash hold the same; a number alone says less.
//
// XXH3-64: it finds logs that came apart, by a defect or a disk that was put back; whoever has the cluster's key could
// forge it. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/ids.hpp"

namespace quorate {

/// What the first entry of a log holds in place of a hash: never 0.
std::uint64_t chain_start(const log_id& log);

/// The hash of an entry, from its bytes: never 0.
std::uint64_t chain_hash(std::string_view encoded_entry);

}  // namespace quorate
