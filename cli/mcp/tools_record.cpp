// Tools that work on one record: store, get, update, delete, promote.
#include <utility>

#include "cli/mcp/shared_parameters.hpp"
#include "cli/mcp/tool_context.hpp"
#include "memory/validation.hpp"
#include "memory/visibility.hpp"
#include "proto/limits.hpp"

namespace quorate::cli::mcp {
namespace {

constexpr const char* namespace_default = "global";
constexpr const char* source_default = "claude";

template <class Names>
std::vector<std::string> texts(const Names& names) {
  return {names.begin(), names.end()};
}

/// The agent_id of metadata that came inline; empty when it has none.
std::string inline_agent(const ordered_json& metadata) {
  if (!metadata.is_object() || !metadata.contains("agent_id") || !metadata["agent_id"].is_string()) return {};
  return metadata["agent_id"].get<std::string>();
}

tool_result store(tool_context& context, const arguments& given) {
  const auto metadata = given.object("metadata");
  const auto named = given.text("agent_id").empty() ? inline_agent(metadata) : given.text("agent_id");
  const auto actor = context.actor(named);
  if (!actor) return fail(actor.error());
  v1::StoreRequest request;
  auto& record = *request.mutable_memory();
  record.set_title(given.text("title"));
  record.set_content(given.text("content"));
  record.set_tier(tier_of(given));
  record.set_namespace_(given.text("namespace"));
  for (auto& tag : given.list("tags")) record.add_tags(std::move(tag));
  record.set_priority(static_cast<std::int32_t>(given.integer("priority")));
  record.set_confidence(given.number("confidence"));
  record.set_source(given.text("source"));
  record.set_metadata(metadata.dump());
  request.set_agent_id(*actor);
  request.set_scope(given.text("scope"));
  request.set_find_contradictions(true);
  v1::StoreReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done, "stored");
  if (reply.has_pending()) return succeed(memory::json_of(reply.pending()));
  ordered_json payload{{"id", reply.id()},
                       {"tier", given.text("tier")},
                       {"title", given.text("title")},
                       {"namespace", given.text("namespace")},
                       {"agent_id", *actor}};
  if (!reply.created()) {
    payload["duplicate"] = true;
    payload["action"] = "updated existing memory";
  }
  if (reply.potential_contradictions_size() > 0) payload["potential_contradictions"] = reply.potential_contradictions();
  if (reply.created()) context.announce({reply.id(), given.text("namespace"), *actor});
  return succeed(std::move(payload));
}

tool_result get(tool_context& context, const arguments& given) {
  v1::GetRequest request;
  request.set_id(given.text("id"));
  request.set_allow_prefix(true);
  request.set_with_links(true);
  v1::GetReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done);
  auto payload = memory::json_of(reply.memory());
  payload["links"] = json_list(reply.links());
  return succeed(std::move(payload));
}

tool_result update(tool_context& context, const arguments& given) {
  v1::UpdateRequest request;
  request.set_id(given.text("id"));
  request.set_tier(tier_of(given));
  if (given.has("title")) request.set_title(given.text("title"));
  if (given.has("content")) request.set_content(given.text("content"));
  if (given.has("namespace")) request.set_namespace_(given.text("namespace"));
  if (given.has("tags")) {
    request.mutable_tags();
    for (auto& tag : given.list("tags")) request.mutable_tags()->add_values(std::move(tag));
  }
  if (given.has("priority")) request.set_priority(static_cast<std::int32_t>(given.integer("priority")));
  if (given.has("confidence")) request.set_confidence(given.number("confidence"));
  if (given.has("expires_at")) request.set_expires_at(given.text("expires_at"));
  if (given.has("metadata")) request.set_metadata(given.object("metadata").dump());
  v1::StoreReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done, "updated");
  return succeed({{"updated", true}, {"memory", memory::json_of(reply.memory())}});
}

tool_result remove(tool_context& context, const arguments& given) {
  const auto actor = context.actor(given.text("agent_id"));
  if (!actor) return fail(actor.error());
  v1::DeleteRequest request;
  request.set_id(given.text("id"));
  request.set_agent_id(*actor);
  v1::DeleteReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done, "deleted");
  if (reply.has_pending()) return succeed(memory::json_of(reply.pending()));
  return succeed({{"deleted", true}, {"id", reply.id()}});
}

tool_result promote(tool_context& context, const arguments& given) {
  const auto actor = context.actor(given.text("agent_id"));
  if (!actor) return fail(actor.error());
  v1::PromoteRequest request;
  request.set_id(given.text("id"));
  request.set_to_namespace(given.text("to_namespace"));
  request.set_agent_id(*actor);
  v1::PromoteReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done, "promoted");
  if (reply.has_pending()) return succeed(memory::json_of(reply.pending()));
  if (request.to_namespace().empty())
    return succeed(
        {{"promoted", true}, {"mode", "tier"}, {"id", reply.id()}, {"tier", memory::text_of(v1::TIER_LONG)}});
  return succeed({{"promoted", true},
                  {"mode", "vertical"},
                  {"source_id", reply.id()},
                  {"clone_id", reply.clone_id()},
                  {"to_namespace", request.to_namespace()}});
}

tool store_tool() {
  return {
      "memory_store",
      "Store a memory",
      "Stores a memory. The title is its name: the same title in the same namespace replaces the text and keeps the "
      "id. The answer lists memories that may contradict it.",
      effect::adds_once,
      {text("title", "What it is about, in a line; its name within the namespace").required(),
       text("content", "The memory itself, up to " + std::to_string(limits::content_bytes_max) + " bytes").required(),
       tier_parameter("How long it lives: short 6 hours, mid 7 days, long for ever")
           .otherwise(memory::text_of(v1::TIER_MID)),
       namespace_parameter("Where it belongs, segments split by /").otherwise(namespace_default),
       text_list("tags", "Words to find it by").otherwise(ordered_json::array()), priority_parameter().otherwise(5),
       confidence_parameter().otherwise(1.0),
       text("source", "Where it comes from").one_of(texts(memory::source_names())).otherwise(source_default),
       object("metadata", "Anything else, as a JSON object").otherwise(ordered_json::object()),
       text("agent_id", "Its author, if not the caller"),
       text("scope", "Who sees it: private (the default), team, unit, org or collective")
           .one_of(texts(memory::scope_names()))},
      store};
}

tool update_tool() {
  return {"memory_update",
          "Change a memory",
          "Changes the given fields of a memory and leaves the others. Tags and metadata are replaced whole.",
          effect::removes,
          {id_parameter("Its id"), text("title", "New title"), text("content", "New content"),
           tier_parameter("A higher tier; a tier never goes down"), namespace_parameter("New namespace"),
           text_list("tags", "All its tags"), priority_parameter(), confidence_parameter(),
           text("expires_at", "New expiry, RFC 3339; empty takes it away"),
           object("metadata", "All its metadata; agent_id stays")},
          update};
}

}  // namespace

std::vector<tool> record_tools() {
  return {
      store_tool(),
      {"memory_get",
       "Read a memory",
       "Reads one memory with its links. The beginning of an id will do when only one memory has it.",
       effect::reads,
       {id_parameter("Its id, or the beginning of it")},
       get},
      update_tool(),
      {"memory_delete",
       "Delete a memory",
       "Deletes one memory and its links for good. It does not go to the archive.",
       effect::removes,
       {id_parameter("Its id"), agent_parameter()},
       remove},
      {"memory_promote",
       "Keep a memory for ever",
       "Raises a memory to tier long, so that it never expires. With to_namespace, puts a copy of it into a namespace "
       "above its own instead, linked to it.",
       effect::adds_once,
       {id_parameter("Its id"), text("to_namespace", "A namespace above its own, for a copy"), agent_parameter()},
       promote}};
}

}  // namespace quorate::cli::mcp
