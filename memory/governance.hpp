// Whether somebody may do something in a namespace, as the policy of its own standard says. Nothing is inherited: a
// standard further up binds nobody here, and without a valid policy everybody may do everything.
//
// Judged: storing one record, deleting, promoting. Not judged: what comes as a batch or as a full record from another
// store, updates, forgetting, consolidation, links. An agent says itself who it is, so this keeps order among those
// that mean well; it is no access control.
//
// To be asked in the plan of the act, on the writer's thread: then it judges by the newest standard this node has.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/record.hpp"
#include "quorate/v1/record.pb.h"

namespace quorate::memory {

enum class governed_action : std::uint8_t { store, remove, promote };

/// "store", "delete", "promote".
std::string_view name_of(governed_action action);

struct governed_act {
  governed_action action = governed_action::store;
  std::string name_space;
  std::string agent_id;   ///< who wants it; empty: unknown, which is nobody's owner
  std::string memory_id;  ///< of the record that is deleted or promoted; empty for a store
  std::string owner;      ///< who wrote that record; empty: unknown
};

/// A store of `prepared` by the agent its metadata names.
governed_act act_of_store(const v1::MemoryRecord& prepared);
/// What `agent_id` wants to do to a record that is there.
governed_act act_on(governed_action action, const v1::MemoryRecord& record, const std::string& agent_id);

enum class verdict : std::uint8_t { allowed, needs_approval };

/// errc::not_permitted, "<action> denied by governance: ...", when the policy forbids it.
result<verdict> judge(const record_reader& now, const governed_act& act, std::int64_t now_ms);

}  // namespace quorate::memory
