// The rules a memory record must keep. First broken rule, in the order of docs/compatibility.md, as a status with
// field and limit. Pure, any thread.
#pragma once

#include "proto/status.hpp"
#include "quorate/v1/memory.pb.h"

namespace quorate::memory {

/// Fills the defaults of a store request (namespace, tier, source, priority, confidence, metadata; for a full record also the
/// timestamps that are missing) and checks every rule. `now_ms` decides created_at, updated_at and expiry. Returns
/// the record ready to be planned: expires_at chosen from expires_at, ttl_seconds, tier; metadata compact.
result<v1::MemoryRecord> prepare(v1::StoreRequest&& request, std::int64_t now_ms);

/// The checks of an update request's present fields, id included.
status validate(const v1::UpdateRequest& request);

/// Each part on its own, for requests that name a record.
status validate_id(std::string_view id);
status validate_namespace(std::string_view name_space);
status validate_title(std::string_view title);

/// "short", "mid", "long"; nothing for anything else.
std::string_view text_of(v1::Tier tier);
std::optional<v1::Tier> tier_of(std::string_view text);

/// Whether a record's expiry has come. A record without one never expires.
bool expired(const v1::MemoryRecord& record, std::int64_t now_ms);

}  // namespace quorate::memory
