// What becomes of records on purpose: promotion, the end of a contradiction, consolidation.
//
// Plans as those of memory/operations.hpp: everything a call changes is one entry, an error means that nothing is
// written. They judge records as they are with their use, and what they write has that use in it.
#pragma once

#include "memory/operations.hpp"
#include "quorate/v1/curation.pb.h"

namespace quorate::memory {

/// Addressed by id, with allow_prefix as `full_id` says. Without to_namespace the record is long from then on and never
/// expires. With it, a clone is stored there by the upsert rules (a new record: times from now on, no use yet) and
/// linked derived_from the record, which stays as it is; it must be a namespace above the record's own.
struct planned_promotion : planned_write {
  std::string clone_id;
};
result<planned_promotion> plan_promote(const record_reader& now, const v1::PromoteRequest& request, std::int64_t now_ms,
                                       const version& stamp);

/// The winner gets a link `supersedes` to the loser, and a use by node `self`; the loser priority 1 and confidence 0.1.
/// not_found unless both are live; `id` is the winner's.
result<planned_write> plan_resolve(const record_reader& now, const v1::ResolveRequest& request, node_id self,
                                   std::int64_t now_ms);

/// Validates the request, fills its defaults, and gives the new record but for what comes from its sources.
result<v1::MemoryRecord> prepare(const v1::ConsolidateRequest& request, std::int64_t now_ms);

/// Puts one record in the place of several: their tags (together 50 at most, else invalid_argument), the highest
/// priority (5 at least), all their uses, their metadata (of one key the last source's) with derived_from,
/// consolidated_from_agents and the consolidator as agent_id; no expiry. The sources are deleted with their links.
/// not_found when one of them is not live; already_exists when a live record has the name, a source too.
/// `prepared` comes from `prepare`.
result<planned_write> plan_consolidate(const record_reader& now, const v1::ConsolidateRequest& request,
                                       const v1::MemoryRecord& prepared, const version& stamp);

}  // namespace quorate::memory
