// One row on its way between two stores (proto/quorate/v1/transfer.proto): what it is, which of two is later, whether
// two say the same.
//
// Pure functions, any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/hash.hpp"
#include "proto/status.hpp"
#include "quorate/v1/transfer.pb.h"

namespace quorate::memory {

/// The tables of a store, in the order they are moved: what a row needs is moved before it.
enum class table : std::uint8_t { memories, archive, standards, pending, subscriptions, links };
inline constexpr std::array all_tables{table::memories, table::archive,       table::standards,
                                       table::pending,  table::subscriptions, table::links};
/// As ai-memory names them: "memories", "archived_memories", "namespace_meta", "pending_actions", "subscriptions",
/// "memory_links".
std::string_view name_of(table which);

/// The row is set.
table table_of(const v1::TransferRow& row);

/// What no two rows of its table have in common: an id; a namespace; of a link source, target and relation, with zero
/// bytes between.
std::string identity_of(const v1::TransferRow& row);
/// The same for a person, with the table's word before it: `memory 7f0c…`, `link a -> b (related_to)`.
std::string describe(const v1::TransferRow& row);

/// When it was changed last, Unix microseconds; a time that cannot be read is before all others.
struct row_time {
  std::int64_t changed_us = 0;  ///< updated_at; archived_at; of a pending action the last approval, decided_at or
                                ///< requested_at; of a subscription and a link created_at
  std::int64_t used_us = 0;     ///< of a memory last_accessed_at, of a subscription the last delivery: counts only
                                ///< between two that were changed at the same time, a use never wins over a change
  auto operator<=>(const row_time&) const = default;
};
row_time time_of(const v1::TransferRow& row);

/// Equal for rows that say the same: every field that JSON shows, and the secret's hash of a subscription. Texts count
/// byte for byte, times as they are written; tags in their order; JSON by its value: neither the order of keys nor how
/// a number is written counts, its value does, to the last digit.
hash128 content_hash(const v1::TransferRow& row);

/// Whether `there` says what `read` does but for uses, or deliveries, of which it counts more; what these change
/// (priority, tier, last_accessed_at, expires_at; last_dispatched_at) is not looked at.
bool is_same_used_more(const v1::TransferRow& read, const v1::TransferRow& there);

}  // namespace quorate::memory
