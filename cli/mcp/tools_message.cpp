// Tools for messages between agents: notify, inbox.
#include <utility>

#include "cli/mcp/shared_parameters.hpp"
#include "cli/mcp/tool_context.hpp"
#include "memory/validation.hpp"

namespace quorate::cli::mcp {
namespace {

constexpr const char* inbox_prefix = "_messages/";

/// The sender, as the message's metadata says it; null when it does not.
ordered_json sender_of(const v1::MemoryRecord& message) {
  const auto metadata = ordered_json::parse(message.metadata(), nullptr, false);
  if (!metadata.is_object()) return {};
  return metadata.value("agent_id", ordered_json());
}

ordered_json shown(const v1::MemoryRecord& message) {
  return {{"id", message.id()},
          {"from", sender_of(message)},
          {"title", message.title()},
          {"payload", message.content()},
          {"priority", message.priority()},
          {"tier", memory::text_of(message.tier())},
          {"created_at", message.created_at()},
          {"read", message.access_count() > 0},
          {"access_count", message.access_count()}};
}

tool_result notify(tool_context& context, const arguments& given) {
  const auto actor = context.actor(given.text("agent_id"));
  if (!actor) return fail(actor.error());
  v1::NotifyRequest request;
  request.set_target_agent_id(given.text("target_agent_id"));
  request.set_title(given.text("title"));
  request.set_payload(given.text("payload"));
  request.set_priority(static_cast<std::int32_t>(given.integer("priority")));
  request.set_tier(tier_of(given));
  request.set_agent_id(*actor);
  v1::NotifyReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done, "sent");
  const auto& message = reply.message();
  return succeed({{"id", message.id()},
                  {"from", *actor},
                  {"to", request.target_agent_id()},
                  {"namespace", message.namespace_()},
                  {"tier", memory::text_of(message.tier())},
                  {"delivered_at", message.created_at()}});
}

tool_result inbox(tool_context& context, const arguments& given) {
  const auto owner = context.actor(given.text("agent_id"));
  if (!owner) return fail(owner.error());
  v1::InboxRequest request;
  request.set_agent_id(*owner);
  request.set_unread_only(given.flag("unread_only"));
  request.set_limit(static_cast<std::uint32_t>(given.integer("limit")));
  v1::InboxReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done);
  auto messages = ordered_json::array();
  for (const auto& message : reply.messages()) messages.push_back(shown(message));
  return succeed({{"agent_id", *owner},
                  {"namespace", inbox_prefix + *owner},
                  {"count", reply.messages_size()},
                  {"unread_only", request.unread_only()},
                  {"messages", std::move(messages)}});
}

}  // namespace

std::vector<tool> message_tools() {
  return {{"memory_notify",
           "Send a message",
           "Leaves a message for another agent.",
           effect::adds,
           {text("target_agent_id", "Who gets it").required(), text("title", "What it is about").required(),
            text("payload", "The message").required(),
            integer("priority", "1 (least) to 10 (most)").clamped(1, 10).otherwise(5),
            tier_parameter("How long it is kept").otherwise(memory::text_of(v1::TIER_MID)), agent_parameter()},
           notify},
          {"memory_inbox",
           "Read messages",
           "Lists an agent's messages, newest first. A message counts as read once it was recalled.",
           effect::reads,
           {text("agent_id", "Whose messages; absent = the caller's"),
            boolean("unread_only", "Only those that were not read").otherwise(false), limit_parameter(50, 500)},
           inbox}};
}

}  // namespace quorate::cli::mcp
