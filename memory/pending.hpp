// Acts that wait for an approval, and what approving and rejecting them does.
//
// A governed act whose policy says "approve" is not done: a value of kind pending takes its place, with all it takes to
// do it later. Approving does it: the act and the change of that value are one entry, so on every node either both are
// there or neither. Who may approve says the policy of the namespace as it is then; without one anybody may. Anybody
// may reject.
//
// Approvals and rejections are to be linearizable writes of the keys named here. Then of two that are made one after
// the other the second sees the first and is refused. Of two that are made at the same moment on two nodes both may be
// answered, and the later one stands, key by key: what that means is in docs/governance.md.
//
// Plans run on the writer's thread. Errors of the reader are passed on.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memory/governance.hpp"
#include "memory/operations.hpp"
#include "proto/record.hpp"
#include "quorate/v1/curation.pb.h"
#include "quorate/v1/governance.pb.h"
#include "quorate/v1/memory.pb.h"

namespace quorate::memory {

record_key pending_key(std::string_view id);

/// When a record is to expire, as its store request said: what is computed from the time of the request is computed
/// anew when it is approved.
struct asked_lifetime {
  bool at_given_time = false;  ///< expires_at was given
  std::optional<std::int64_t> ttl_seconds;
};
asked_lifetime lifetime_of(const v1::StoreRequest& request);

/// The JSON object that says what is to be done.
std::string payload_of_store(const v1::MemoryRecord& prepared, const asked_lifetime& lifetime);
std::string payload_of_promote(std::string_view to_namespace);
inline constexpr std::string_view payload_of_delete = "{}";

/// Puts the act off. `id` comes from `random_id`, drawn before the plan.
struct put_off_act {
  planned_write write;
  v1::PendingNotice notice;
};
put_off_act plan_put_off(const std::string& id, const governed_act& act, std::string payload, std::int64_t now_ms);

struct planned_decision {
  planned_write write;  ///< its id is that of the record the act was about
  v1::PendingAction action;
  bool approved = false;
  std::uint32_t votes = 0;         ///< under a consensus
  std::uint32_t votes_needed = 0;  ///< 0: no consensus is asked for
};
/// errc::not_found for an unknown id, an invalid_argument for one that is decided, not_permitted for who may not
/// approve; and whatever keeps the act itself from being done, which then stays pending. A vote of who has voted
/// changes nothing. A store gets its id and its times anew.
result<planned_decision> plan_approve(const record_reader& now, const v1::ApprovePendingRequest& request,
                                      const version& stamp, std::int64_t now_ms);
/// The keys it may change, those of the act included.
std::vector<record_key> keys_of_approve(const record_reader& now, const v1::ApprovePendingRequest& request);

/// Like plan_approve, but by anybody, and nothing is done.
result<planned_decision> plan_reject(const record_reader& now, const v1::RejectPendingRequest& request,
                                     std::int64_t now_ms);

/// Newest first, those of that status (empty: all), at most `limit`; ends earlier when they take too many bytes for
/// one answer. An invalid_argument for an unknown status.
result<std::vector<v1::PendingAction>> list_pending(const record_reader& now, const std::string& wanted_status,
                                                    std::size_t limit);

}  // namespace quorate::memory
