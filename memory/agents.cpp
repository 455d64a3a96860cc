#include "memory/agents.hpp"

#include <nlohmann/json.hpp>
#include <string>

#include "memory/agent_identity.hpp"
#include "memory/key.hpp"
#include "memory/scan.hpp"
#include "memory/timestamp.hpp"
#include "memory/usage.hpp"
#include "memory/validation.hpp"

namespace quorate::memory {

namespace {

using nlohmann::ordered_json;

constexpr std::string_view title_prefix = "agent:";

std::string title_of(std::string_view agent_id) { return std::string(title_prefix).append(agent_id); }

std::string text_in(const ordered_json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

v1::Agent agent_of(const v1::MemoryRecord& record) {
  v1::Agent agent;
  agent.set_agent_id(record.title().substr(title_prefix.size()));
  const auto says = ordered_json::parse(record.metadata(), nullptr, false);
  if (!says.is_object()) return agent;
  agent.set_agent_type(text_in(says, "agent_type"));
  agent.set_registered_at(text_in(says, "registered_at"));
  agent.set_last_seen_at(text_in(says, "last_seen_at"));
  if (const auto list = says.find("capabilities"); list != says.end() && list->is_array())
    for (const auto& capability : *list)
      if (capability.is_string()) agent.add_capabilities(capability.get<std::string>());
  return agent;
}

/// The live record of that agent, expired or not; a value that is no record registers nobody.
result<std::optional<v1::MemoryRecord>> record_of(const record_reader& now, std::string_view agent_id) {
  const auto key = agent_key(agent_id);
  const auto stored = now.get(key);
  if (!stored) return stored.error();
  if (!holds_record(key, *stored)) return std::optional<v1::MemoryRecord>();
  auto record = value_of<v1::MemoryRecord>(key, **stored);
  if (!record) return record.error();
  return std::optional(std::move(*record));
}

std::string metadata_of(const v1::Agent& agent) {
  ordered_json says{{"agent_id", agent.agent_id()},
                    {"agent_type", agent.agent_type()},
                    {"capabilities", agent.capabilities()},
                    {"registered_at", agent.registered_at()},
                    {"last_seen_at", agent.last_seen_at()}};
  return says.dump();
}

}  // namespace

record_key agent_key(std::string_view agent_id) { return key_of(agents_namespace, title_of(agent_id)); }

status validate(const v1::RegisterAgentRequest& request) {
  if (status broken = validate_agent_id(request.agent_id()); !broken) return broken;
  if (status broken = validate_agent_type(request.agent_type()); !broken) return broken;
  return validate_tags(request.capabilities(), "capabilities");
}

result<planned_agent> plan_register_agent(const record_reader& now, const v1::RegisterAgentRequest& request,
                                          const version& stamp, std::int64_t now_ms) {
  if (status broken = validate(request); !broken) return broken;
  const auto before = record_of(now, request.agent_id());
  if (!before) return before.error();
  planned_agent plan;
  plan.agent.set_agent_id(request.agent_id());
  plan.agent.set_agent_type(request.agent_type());
  *plan.agent.mutable_capabilities() = request.capabilities();
  plan.agent.set_last_seen_at(format_timestamp(now_ms));
  plan.agent.set_registered_at(plan.agent.last_seen_at());
  if (*before) {
    const auto since = agent_of(**before).registered_at();
    plan.agent.set_registered_at(parse_timestamp(since) ? since : (*before)->created_at());
  }

  v1::StoreRequest storing;
  storing.set_full_record(true);
  auto& record = *storing.mutable_memory();
  record.set_namespace_(std::string(agents_namespace));
  record.set_title(title_of(request.agent_id()));
  record.set_tier(v1::TIER_LONG);
  record.set_source("system");
  record.add_tags("agent-registration");
  record.set_metadata(metadata_of(plan.agent));
  record.set_content(record.metadata());
  const auto prepared = prepare(std::move(storing), now_ms);
  if (!prepared) return prepared.error();
  auto write = plan_store(now, *prepared, stamp);
  if (!write) return write.error();
  plan.write = std::move(*write);
  return plan;
}

result<bool> is_registered(const record_reader& now, std::string_view agent_id, std::int64_t now_ms) {
  if (!validate_agent_id(agent_id)) return false;
  const auto record = record_of(now, agent_id);
  if (!record) return record.error();
  if (!*record) return false;
  const auto gone = has_expired(now, **record, now_ms);
  if (!gone) return gone.error();
  return !*gone;
}

result<std::vector<v1::Agent>> list_agents(const record_reader& now, std::int64_t now_ms) {
  std::vector<v1::Agent> agents;
  const auto visit = [&](const record_key& key, const stored_record& stored) -> status {
    const auto record = value_of<v1::MemoryRecord>(key, stored);
    if (!record) return record.error();
    if (!record->title().starts_with(title_prefix)) return {};
    const auto gone = has_expired(now, *record, now_ms);
    if (!gone) return gone.error();
    if (!*gone) agents.push_back(agent_of(*record));
    return {};
  };
  if (status end = for_each(now, key_kind::memory, prefix_of(agents_namespace), visit); !end) return end;
  return agents;
}

}  // namespace quorate::memory
