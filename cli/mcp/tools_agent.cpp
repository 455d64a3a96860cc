// Tools for agents and their subscriptions.
#include <utility>

#include "cli/mcp/shared_parameters.hpp"
#include "cli/mcp/tool_context.hpp"

namespace quorate::cli::mcp {
namespace {

ordered_json text_or_null(const std::string& text) { return text.empty() ? ordered_json() : ordered_json(text); }

tool_result register_agent(tool_context& context, const arguments& given) {
  v1::RegisterAgentRequest request;
  request.set_agent_id(given.text("agent_id"));
  request.set_agent_type(given.text("agent_type"));
  for (auto& capability : given.list("capabilities")) request.add_capabilities(std::move(capability));
  v1::RegisterAgentReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done, "registered");
  return succeed({{"registered", true},
                  {"id", reply.id()},
                  {"agent_id", reply.agent().agent_id()},
                  {"agent_type", reply.agent().agent_type()},
                  {"capabilities", reply.agent().capabilities()}});
}

tool_result list_agents(tool_context& context, const arguments&) {
  v1::ListAgentsReply reply;
  if (const auto done = context.call(v1::ListAgentsRequest(), &reply); !done.ok()) return fail(done);
  return succeed({{"count", reply.agents_size()}, {"agents", json_list(reply.agents())}});
}

tool_result subscribe(tool_context& context, const arguments& given) {
  const auto actor = context.actor(given.text("agent_id"));
  if (!actor) return fail(actor.error());
  v1::SubscribeRequest request;
  request.set_url(given.text("url"));
  request.set_events(given.text("events"));
  request.set_secret(given.text("secret"));
  request.set_namespace_filter(given.text("namespace_filter"));
  request.set_agent_filter(given.text("agent_filter"));
  request.set_agent_id(*actor);
  v1::SubscribeReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done, "subscribed");
  const auto& made = reply.subscription();
  return succeed({{"id", made.id()},
                  {"url", made.url()},
                  {"events", made.events()},
                  {"namespace_filter", text_or_null(made.namespace_filter())},
                  {"agent_filter", text_or_null(made.agent_filter())},
                  {"created_by", text_or_null(made.created_by())}});
}

tool_result unsubscribe(tool_context& context, const arguments& given) {
  v1::UnsubscribeRequest request;
  request.set_id(given.text("id"));
  v1::UnsubscribeReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done, "removed");
  return succeed({{"id", request.id()}, {"removed", reply.removed()}});
}

tool_result list_subscriptions(tool_context& context, const arguments&) {
  v1::ListSubscriptionsReply reply;
  if (const auto done = context.call(v1::ListSubscriptionsRequest(), &reply); !done.ok()) return fail(done);
  return succeed({{"count", reply.subscriptions_size()}, {"subscriptions", json_list(reply.subscriptions())}});
}

}  // namespace

std::vector<tool> agent_tools() {
  return {
      {"memory_agent_register",
       "Register an agent",
       "Registers an agent, or says that it is still there.",
       effect::adds_once,
       {text("agent_id", "Its id").required(),
        text("agent_type", "human, system, or ai:<model>, e.g. ai:claude-opus-4.7")
            .required()
            .with({{"pattern", "^(human|system|ai:[A-Za-z0-9_.-]+)$"}}),
        text_list("capabilities", "What it can do").otherwise(ordered_json::array())},
       register_agent},
      {"memory_agent_list", "List agents", "Lists the registered agents.", effect::reads, {}, list_agents},
      {"memory_subscribe",
       "Subscribe to new memories",
       "Has an HTTP POST sent to a URL for each new memory that is stored over MCP. The caller must be registered.",
       effect::adds,
       {text("url", "https, or http to this machine").required(),
        text("events", "Comma list of events; * = all").otherwise("*"), text("secret", "What messages are signed with"),
        text("namespace_filter", "Only memories of this namespace"),
        text("agent_filter", "Only memories of this author"), agent_parameter()},
       subscribe},
      {"memory_unsubscribe",
       "End a subscription",
       "Ends a subscription.",
       effect::removes,
       {id_parameter("Its id")},
       unsubscribe},
      {"memory_list_subscriptions",
       "List subscriptions",
       "Lists the subscriptions and how often each was told.",
       effect::reads,
       {},
       list_subscriptions}};
}

}  // namespace quorate::cli::mcp
