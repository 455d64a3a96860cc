// Tools for what a namespace asks of its writers: standards, and acts that wait for an approval.
#include <utility>

#include "cli/mcp/shared_parameters.hpp"
#include "cli/mcp/tool_context.hpp"

namespace quorate::cli::mcp {
namespace {

tool_result set_standard(tool_context& context, const arguments& given) {
  v1::SetStandardRequest request;
  request.set_namespace_(given.text("namespace"));
  request.set_id(given.text("id"));
  request.set_parent(given.text("parent"));
  if (given.has("governance")) request.set_governance(given.object("governance").dump());
  v1::SetStandardReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done, "set");
  ordered_json payload{
      {"set", true}, {"namespace", reply.standard().namespace_()}, {"standard_id", reply.standard().standard_id()}};
  if (!reply.standard().parent_namespace().empty()) payload["parent"] = reply.standard().parent_namespace();
  if (given.has("governance")) payload["governance"] = given.object("governance");
  return succeed(std::move(payload));
}

tool_result get_standard(tool_context& context, const arguments& given) {
  v1::GetStandardRequest request;
  request.set_namespace_(given.text("namespace"));
  request.set_inherit(given.flag("inherit"));
  v1::GetStandardReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done);
  if (request.inherit())
    return succeed({{"namespace", request.namespace_()},
                    {"chain", reply.chain()},
                    {"standards", json_list(reply.standards())},
                    {"count", reply.standards_size()}});
  if (reply.standards().empty()) return succeed({{"namespace", request.namespace_()}, {"standard_id", nullptr}});
  return succeed(memory::json_of(reply.standards(0)));
}

tool_result clear_standard(tool_context& context, const arguments& given) {
  v1::ClearStandardRequest request;
  request.set_namespace_(given.text("namespace"));
  v1::ClearStandardReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done, "cleared");
  return succeed({{"cleared", reply.cleared()}, {"namespace", request.namespace_()}});
}

tool_result list_pending(tool_context& context, const arguments& given) {
  v1::ListPendingRequest request;
  request.set_status(given.text("status"));
  request.set_limit(static_cast<std::uint32_t>(given.integer("limit")));
  v1::ListPendingReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done);
  return succeed({{"count", reply.pending_size()}, {"pending", json_list(reply.pending())}});
}

tool_result approve(tool_context& context, const arguments& given) {
  const auto actor = context.actor(given.text("agent_id"));
  if (!actor) return fail(actor.error());
  v1::ApprovePendingRequest request;
  request.set_id(given.text("id"));
  request.set_agent_id(*actor);
  v1::ApprovePendingReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done, "approved");
  if (!reply.approved())
    return succeed({{"approved", false},
                    {"status", reply.action().status()},
                    {"id", request.id()},
                    {"votes", reply.votes()},
                    {"quorum", reply.votes_needed()},
                    {"reason", "more approvals are needed"}});
  return succeed({{"approved", true},
                  {"id", request.id()},
                  {"decided_by", reply.action().has_decided_by() ? reply.action().decided_by() : *actor},
                  {"executed", true},
                  {"memory_id", reply.memory_id()}});
}

tool_result reject(tool_context& context, const arguments& given) {
  const auto actor = context.actor(given.text("agent_id"));
  if (!actor) return fail(actor.error());
  v1::RejectPendingRequest request;
  request.set_id(given.text("id"));
  request.set_agent_id(*actor);
  v1::RejectPendingReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done, "rejected");
  return succeed({{"rejected", true},
                  {"id", request.id()},
                  {"decided_by", reply.action().has_decided_by() ? reply.action().decided_by() : *actor}});
}

ordered_json governance_schema() {
  auto properties = ordered_json::object();
  for (const char* act : {"write", "promote", "delete"})
    properties[act] = {{"type", "string"}, {"enum", {"any", "registered", "owner", "approve"}}};
  properties["approver"] = {
      {"description", "\"human\", {\"agent\": \"<id>\"} or {\"consensus\": <number of registered agents>}"}};
  return {{"properties", std::move(properties)}, {"required", {"write", "promote", "delete", "approver"}}};
}

}  // namespace

std::vector<tool> standard_tools() {
  return {
      {"memory_namespace_set_standard",
       "Set a standard",
       "Makes a memory the standard of a namespace: it is shown with every recall there. With governance it also says "
       "who may write, promote and delete.",
       effect::removes,
       {text("namespace", "The namespace").required(), id_parameter("Id of the memory that is the standard"),
        text("parent", "The namespace whose standard holds here, too"),
        object("governance", "Who may do what; all four are needed").with(governance_schema())},
       set_standard},
      {"memory_namespace_get_standard",
       "Read a standard",
       "The standard of a namespace, or with inherit all that hold there.",
       effect::reads,
       {text("namespace", "The namespace").required(),
        boolean("inherit", "Those of the namespaces above it, too").otherwise(false)},
       get_standard},
      {"memory_namespace_clear_standard",
       "Clear a standard",
       "Takes the standard of a namespace away. The memory stays.",
       effect::removes,
       {text("namespace", "The namespace").required()},
       clear_standard},
      {"memory_pending_list",
       "List pending acts",
       "Lists acts that wait for an approval or were decided, newest first.",
       effect::reads,
       {text("status", "Only these; absent = all").one_of({"pending", "approved", "rejected"}),
        limit_parameter(100, 1'000)},
       list_pending},
      {"memory_pending_approve",
       "Approve an act",
       "Approves a pending act. When that is enough, it is done at once.",
       effect::removes,
       {id_parameter("Id of the pending act"), agent_parameter()},
       approve},
      {"memory_pending_reject",
       "Reject an act",
       "Rejects a pending act. It is never done.",
       effect::removes,
       {id_parameter("Id of the pending act"), agent_parameter()},
       reject}};
}

}  // namespace quorate::cli::mcp
