#include "memory/governance.hpp"

#include "memory/agents.hpp"
#include "memory/metadata.hpp"
#include "memory/standards.hpp"

namespace quorate::memory {

namespace {

permission asked_by(const policy& rules, governed_action action) {
  switch (action) {
    case governed_action::store: return rules.write;
    case governed_action::remove: return rules.remove;
    case governed_action::promote: break;
  }
  return rules.promote;
}

std::string author_of(const v1::MemoryRecord& record) {
  return text_member(record.metadata(), "agent_id").value_or("");
}

}  // namespace

governed_act act_of_store(const v1::MemoryRecord& prepared) {
  return {governed_action::store, prepared.namespace_(), author_of(prepared), {}, {}};
}

governed_act act_on(governed_action action, const v1::MemoryRecord& record, const std::string& agent_id) {
  return {action, record.namespace_(), agent_id, record.id(), author_of(record)};
}

std::string_view name_of(governed_action action) {
  switch (action) {
    case governed_action::store: return "store";
    case governed_action::remove: return "delete";
    case governed_action::promote: break;
  }
  return "promote";
}

result<verdict> judge(const record_reader& now, const governed_act& act, std::int64_t now_ms) {
  const auto found = find_policy(now, act.name_space);
  if (!found) return found.error();
  if (!*found) return verdict::allowed;
  const auto denied = [&](const char* why) {
    return status(errc::not_permitted, std::string(name_of(act.action)) + " denied by governance: " + why);
  };
  switch (asked_by((*found)->rules, act.action)) {
    case permission::any: return verdict::allowed;
    case permission::approve: return verdict::needs_approval;
    case permission::registered: {
      const auto registered = is_registered(now, act.agent_id, now_ms);
      if (!registered) return registered.error();
      if (!*registered) return denied("only registered agents may do so in this namespace");
      return verdict::allowed;
    }
    case permission::owner: break;
  }
  const bool storing = act.action == governed_action::store;
  const auto& owner = storing ? (*found)->owner : act.owner;
  if (owner.empty() || owner != act.agent_id)
    return denied(storing ? "only the agent that wrote the standard may do so in this namespace"
                          : "only the agent that wrote the record may do so in this namespace");
  return verdict::allowed;
}

}  // namespace quorate::memory
