// The parts of answers as JSON, in the names and shapes of ai-memory: what HTTP, MCP and the command line print alike.
//
// Pure functions, any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "proto/status.hpp"
#include "quorate/v1/memory.pb.h"

namespace quorate::memory {

/// As `to_json` of memory/json.hpp says it, parsed.
nlohmann::ordered_json json_of(const v1::MemoryRecord& record);
/// The record's keys and "score", rounded to 3 decimals.
nlohmann::ordered_json json_of(const v1::RecallReply::Found& found);
nlohmann::ordered_json json_of(const v1::LinkRecord& link);
/// The other way round; an invalid_argument when it is none. Times and relations are the node's to check.
result<v1::LinkRecord> link_from_json(std::string_view text);
/// The record's keys, archived_at, archive_reason; last_accessed_at and expires_at null when unset.
nlohmann::ordered_json json_of(const v1::ArchivedMemory& archived);
nlohmann::ordered_json json_of(const v1::NamespaceCount& count);
/// total, by_tier, by_namespace, expiring_soon, links_count, db_size_bytes.
nlohmann::ordered_json json_of(const v1::StatsReply& stats);
/// archived_total, by_namespace.
nlohmann::ordered_json json_of(const v1::ArchiveStatsReply& stats);
nlohmann::ordered_json json_of(const v1::Agent& agent);
/// payload as JSON; memory_id null when empty; decided_by and decided_at absent while pending.
nlohmann::ordered_json json_of(const v1::PendingAction& action);
/// status "pending", pending_id, reason, action, and namespace (of a store) or memory_id.
nlohmann::ordered_json json_of(const v1::PendingNotice& notice);
/// Without the hash of the secret.
nlohmann::ordered_json json_of(const v1::Subscription& subscription);
/// namespace, standard_id, title, content, priority, governance; standard_id null when none is set; "warning" when the
/// record is gone.
nlohmann::ordered_json json_of(const v1::Standard& standard);
}  // namespace quorate::memory
