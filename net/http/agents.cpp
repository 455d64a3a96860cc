// Who acts.
#include <nlohmann/json.hpp>

#include "memory/reply_json.hpp"
#include "net/http/gateway_state.hpp"

namespace quorate::net::http {

using nlohmann::ordered_json;

namespace {

answer enrol(gateway_state& gateway, const call& request) {
  v1::RegisterAgentRequest asked;
  asked.set_agent_id(request.text("agent_id"));
  asked.set_agent_type(request.text("agent_type"));
  for (auto& capability : request.texts("capabilities")) asked.add_capabilities(std::move(capability));
  v1::RegisterAgentReply enrolled;
  if (const auto result = gateway.node().call(asked, &enrolled); !result.ok()) return gateway.write_refused(result);
  const ordered_json body{{"registered", true},
                          {"id", enrolled.id()},
                          {"agent_id", enrolled.agent().agent_id()},
                          {"agent_type", enrolled.agent().agent_type()},
                          {"capabilities", enrolled.agent().capabilities()}};
  return answer_to_write(201, body, enrolled);
}

answer list(gateway_state& gateway, const call& request) {
  v1::ListAgentsRequest asked;
  asked.set_session(session_of(request));
  v1::ListAgentsReply listed;
  if (const auto result = gateway.node().call(asked, &listed); !result.ok()) return refused(result);
  ordered_json body{{"count", listed.agents_size()}, {"agents", ordered_json::array()}};
  for (const auto& agent : listed.agents()) body["agents"].push_back(memory::json_of(agent));
  return json_answer(200, body);
}

}  // namespace

std::vector<route> agent_routes() {
  return {
      {.method = "GET",
       .path = "/api/v1/agents",
       .group = "agents",
       .summary = "Lists the registered agents",
       .statuses = {200, 503},
       .handle = list},
      {.method = "POST",
       .path = "/api/v1/agents",
       .group = "agents",
       .summary = "Registers an agent; once more refreshes when it was last seen",
       .body = body_kind::object,
       .fields = {{"agent_id", value_kind::text, "1 to 128 of A-Z a-z 0-9 _ - : @ . /", true},
                  {"agent_type", value_kind::text, "human, system or ai:<name>", true},
                  {"capabilities", value_kind::texts, "at most 50"}},
       .statuses = {201, 409, 503},
       .handle = enrol},
  };
}

}  // namespace quorate::net::http
