// Registered agents. Each is a record of namespace _agents with the title "agent:<id>", so it is replicated, listed
// and exported like any other; what it says is in the metadata, and as JSON text in the content.
//
// Nothing keeps callers from writing to that namespace themselves: whoever has such a record counts as registered, and
// what it does not say is empty. An agent's id is taken from the title.
//
// Functions over a reader; its errors are passed on.
#pragma once

#include <string_view>
#include <vector>

#include "memory/operations.hpp"
#include "proto/record.hpp"
#include "quorate/v1/governance.pb.h"

namespace quorate::memory {

inline constexpr std::string_view agents_namespace = "_agents";

/// Where the record of an agent is.
record_key agent_key(std::string_view agent_id);

struct planned_agent {
  planned_write write;
  v1::Agent agent;  ///< as it is then
};
/// Checks agent_id, agent_type and capabilities (which keep the rules of tags). Registering again changes type and
/// capabilities and last_seen_at; registered_at stays.
result<planned_agent> plan_register_agent(const record_reader& now, const v1::RegisterAgentRequest& request,
                                          const version& stamp, std::int64_t now_ms);
/// The same checks, for who plans later.
status validate(const v1::RegisterAgentRequest& request);

/// Whether the agent has a record that has not expired.
result<bool> is_registered(const record_reader& now, std::string_view agent_id, std::int64_t now_ms);

/// All of them, in the order of their ids.
result<std::vector<v1::Agent>> list_agents(const record_reader& now, std::int64_t now_ms);

}  // namespace quorate::memory
