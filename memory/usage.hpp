// How often a record was asked for, and what that makes of it.
//
// A use never writes the record: each node counts its own uses in a row of its own, and what follows from them (the
// count, a longer life, tier long, more priority) is worked out when the record is read. So recalls on several nodes
// never get into each other's or a writer's way, the counts add up exactly, and a use never shortens a life.
//
// Rules: `access_count` is what the record came with plus all uses, at most 1,000,000. A record of tier mid with 5 uses
// or more is long and does not expire. Each 10 uses since the priority was set add 1 to it, up to 10. A use keeps a
// short record for another hour, a mid one for another day, unless its expiry was changed since. Uses belong to one
// life of a record: after a deletion counting begins anew.
//
// Functions only; reads through the reader given, errors are its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "memory/operations.hpp"
#include "proto/record.hpp"
#include "quorate/v1/record.pb.h"

namespace quorate::memory {

struct usage_total {
  std::int64_t count = 0;             ///< of all nodes, in this life
  std::int64_t last_accessed_ms = 0;  ///< 0 = never
  std::int64_t alive_until_ms = 0;    ///< 0 = says nothing
};

/// The row of one node.
record_key usage_key(std::string_view id, node_id node);

/// Counts a row of the record, if it is of its life.
void add_usage(const v1::UsageRow& row, const v1::MemoryRecord& record, usage_total* total);

/// Sums up the rows of a record; one whose value is no count counts nothing. One short scan.
result<usage_total> usage_of(const record_reader& now, const v1::MemoryRecord& record);

/// What a reader is to see: `record` as stored becomes the record as it is.
void apply_usage(const usage_total& usage, v1::MemoryRecord* record);

/// A stored record as it is: parsed, with its use. errc::unreadable when it is no record.
result<v1::MemoryRecord> present(const record_reader& now, const record_key& key, const stored_record& stored);
/// The same for one that is parsed.
status present(const record_reader& now, v1::MemoryRecord* record);

/// Whether its expiry has come, uses considered. Asks for them only when the stored expiry has come.
result<bool> has_expired(const record_reader& now, const v1::MemoryRecord& stored, std::int64_t now_ms);

/// Counts a use, by this node, of the live records of `keys`; those that are gone, or no records, are left out. To be
/// planned on the writer's thread, so that two uses never count as one.
result<planned_write> plan_touch(const record_reader& now, const std::vector<record_key>& keys, node_id self,
                                 std::int64_t now_ms);

}  // namespace quorate::memory
