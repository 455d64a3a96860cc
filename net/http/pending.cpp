// Acts that wait for an approval.
#include <nlohmann/json.hpp>

#include "memory/reply_json.hpp"
#include "net/http/gateway_state.hpp"
#include "proto/limits.hpp"

namespace quorate::net::http {

using nlohmann::ordered_json;

namespace {

constexpr std::int64_t pending_limit_default = 100;

answer list(gateway_state& gateway, const call& request) {
  v1::ListPendingRequest asked;
  asked.set_status(request.text("status"));
  asked.set_limit(limit_of(request, pending_limit_default, limits::page_items_max));
  asked.set_session(session_of(request));
  auto pending = ordered_json::array();
  if (asked.limit() > 0) {
    v1::ListPendingReply listed;
    if (const auto result = gateway.node().call(asked, &listed); !result.ok()) return refused(result);
    for (const auto& action : listed.pending()) pending.push_back(memory::json_of(action));
  }
  const auto count = pending.size();
  return json_answer(200, {{"count", count}, {"pending", std::move(pending)}});
}

answer approve(gateway_state& gateway, const call& request) {
  v1::ApprovePendingRequest asked;
  asked.set_id(request.id());
  asked.set_agent_id(caller_of(request));
  v1::ApprovePendingReply reply;
  if (const auto result = gateway.node().call(asked, &reply); !result.ok()) return gateway.write_refused(result);
  if (reply.approved())
    return answer_to_write(200,
                           {{"approved", true},
                            {"id", asked.id()},
                            {"decided_by", asked.agent_id()},
                            {"executed", true},
                            {"memory_id", reply.memory_id()}},
                           reply);
  return answer_to_write(202,
                         {{"approved", false},
                          {"status", "pending"},
                          {"id", asked.id()},
                          {"votes", reply.votes()},
                          {"quorum", reply.votes_needed()},
                          {"reason", "consensus threshold not yet reached"}},
                         reply);
}

answer reject(gateway_state& gateway, const call& request) {
  v1::RejectPendingRequest asked;
  asked.set_id(request.id());
  asked.set_agent_id(caller_of(request));
  v1::RejectPendingReply reply;
  if (const auto result = gateway.node().call(asked, &reply); !result.ok()) return gateway.write_refused(result);
  return answer_to_write(200, {{"rejected", true}, {"id", asked.id()}, {"decided_by", asked.agent_id()}}, reply);
}

}  // namespace

std::vector<route> pending_routes() {
  return {
      {.method = "GET",
       .path = "/api/v1/pending",
       .group = "pending",
       .summary = "Lists acts that wait for an approval or were decided, newest first",
       .query = {{"status", value_kind::text, "pending, approved or rejected; all unless given"},
                 {"limit", value_kind::count, "100 unless given, at most 1,000"}},
       .statuses = {200, 503},
       .handle = list},
      {.method = "POST",
       .path = "/api/v1/pending/{id}/approve",
       .group = "pending",
       .summary = "Approves as X-Agent-Id; the act is done at once when that was enough",
       .statuses = {200, 202, 400, 403, 404, 409, 503},
       .handle = approve},
      {.method = "POST",
       .path = "/api/v1/pending/{id}/reject",
       .group = "pending",
       .summary = "Rejects as X-Agent-Id",
       .statuses = {200, 400, 404, 409, 503},
       .handle = reject},
  };
}

}  // namespace quorate::net::http
