// Tools that tend the memories: forget, link, consolidate, collect, and what there is of them.
#include <algorithm>
#include <utility>

#include "cli/llm_tasks.hpp"
#include "cli/mcp/shared_parameters.hpp"
#include "cli/mcp/tool_context.hpp"

namespace quorate::cli::mcp {
namespace {

constexpr const char* namespace_default = "global";
constexpr const char* relation_default = "related_to";
constexpr std::int64_t consolidated_least = 2;
constexpr std::int64_t consolidated_most = 100;
constexpr std::size_t preview_characters = 200;

tool_result forget(tool_context& context, const arguments& given) {
  v1::ForgetRequest request;
  if (given.has("namespace")) request.set_namespace_(given.text("namespace"));
  request.set_pattern(given.text("pattern"));
  request.set_tier(tier_of(given));
  request.set_dry_run(given.flag("dry_run"));
  v1::ForgetReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done, "forgotten");
  if (request.dry_run()) return succeed({{"would_delete", reply.matched()}, {"dry_run", true}});
  return succeed({{"deleted", reply.deleted()}, {"archived", reply.archived()}});
}

tool_result stats(tool_context& context, const arguments&) {
  v1::StatsReply reply;
  if (const auto done = context.call(v1::StatsRequest(), &reply); !done.ok()) return fail(done);
  return succeed(memory::json_of(reply));
}

tool_result link(tool_context& context, const arguments& given) {
  v1::LinkRequest request;
  request.set_source_id(given.text("source_id"));
  request.set_target_id(given.text("target_id"));
  request.set_relation(given.text("relation"));
  v1::LinkReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done, "linked");
  return succeed({{"linked", true},
                  {"source_id", request.source_id()},
                  {"target_id", request.target_id()},
                  {"relation", request.relation()}});
}

tool_result get_links(tool_context& context, const arguments& given) {
  v1::ListLinksRequest request;
  request.set_id(given.text("id"));
  auto links = ordered_json::array();
  v1::ListLinksReply reply;
  do {
    request.set_cursor(reply.next_cursor());
    reply.Clear();
    if (const auto done = context.call(request, &reply); !done.ok()) return fail(done);
    for (const auto& found : reply.links()) links.push_back(memory::json_of(found));
  } while (!reply.next_cursor().empty());
  const auto count = links.size();
  return succeed({{"links", std::move(links)}, {"count", count}});
}

/// What a model makes of the records; a failed result when it cannot.
result<std::string> summary_of(tool_context& context, const std::vector<std::string>& ids) {
  if (context.model() == nullptr)
    return status(errc::unavailable, "summary: give one, or configure a model: " + context.no_model());
  std::vector<v1::MemoryRecord> records;
  for (const auto& id : ids) {
    v1::GetRequest request;
    request.set_id(id);
    v1::GetReply reply;
    if (const auto done = context.call(request, &reply); !done.ok())
      return status(errc::not_found, id + ": " + explain(done, {}));
    records.push_back(std::move(*reply.mutable_memory()));
  }
  return summarise(*context.model(), records);
}

/// The beginning of a text, not in the middle of a character.
std::string preview_of(const std::string& summary) {
  std::size_t end = 0;
  for (std::size_t characters = 0; end < summary.size(); ++end)
    if ((static_cast<unsigned char>(summary[end]) & 0xc0) != 0x80 && ++characters > preview_characters) break;
  return summary.substr(0, end);
}

tool_result consolidate(tool_context& context, const arguments& given) {
  const auto actor = context.actor(given.text("agent_id"));
  if (!actor) return fail(actor.error());
  const auto ids = given.list("ids");
  auto summary = given.text("summary");
  const bool automatic = summary.empty();
  if (automatic) {
    auto made = summary_of(context, ids);
    if (!made) return fail(made.error());
    summary = std::move(*made);
  }
  v1::ConsolidateRequest request;
  for (const auto& id : ids) request.add_ids(id);
  request.set_title(given.text("title"));
  request.set_summary(summary);
  request.set_namespace_(given.text("namespace"));
  request.set_agent_id(*actor);
  v1::ConsolidateReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done, "consolidated");
  ordered_json payload{{"id", reply.id()}, {"consolidated", reply.consolidated()}};
  if (automatic) {
    payload["auto_summary"] = true;
    payload["summary_preview"] = preview_of(summary);
  }
  return succeed(std::move(payload));
}

tool_result collect(tool_context& context, const arguments& given) {
  v1::CollectExpiredRequest request;
  request.set_dry_run(given.flag("dry_run"));
  v1::CollectExpiredReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done, "collected");
  return succeed({{"collected", reply.collected()}, {"dry_run", request.dry_run()}});
}

parameter relation_parameter() {
  return text("relation", "How the source stands to the target")
      .one_of({"related_to", "supersedes", "contradicts", "derived_from"})
      .otherwise(relation_default);
}

}  // namespace

std::vector<tool> curation_tools() {
  return {
      {"memory_forget",
       "Forget memories",
       "Takes away all memories that fit namespace, pattern and tier (at least one of them) and keeps copies in the "
       "archive. Look with dry_run first.",
       effect::removes,
       {namespace_parameter("Only this namespace"), text("pattern", "Memories with any of these words"),
        tier_parameter("Only this tier"), boolean("dry_run", "Only count them").otherwise(false)},
       forget},
      {"memory_link",
       "Link two memories",
       "Says how one memory stands to another.",
       effect::adds_once,
       {text("source_id", "Id of the one").required(), text("target_id", "Id of the other").required(),
        relation_parameter()},
       link},
      {"memory_get_links",
       "Links of a memory",
       "Lists the links that a memory is part of.",
       effect::reads,
       {id_parameter("Its id")},
       get_links},
      {"memory_consolidate",
       "Join memories",
       "Replaces several memories by one that sums them up. The old ones are gone afterwards. Without a summary a "
       "language model writes one, if there is one.",
       effect::removes,
       {text_list("ids", "The ids, 2 to 100 of them").required().from(consolidated_least).to(consolidated_most),
        text("title", "Title of the new memory").required(), text("summary", "Its content"),
        namespace_parameter("Its namespace").otherwise(namespace_default), agent_parameter()},
       consolidate},
      {"memory_gc",
       "Collect expired memories",
       "Moves expired memories to the archive. Nodes do so by themselves, too.",
       effect::removes,
       {boolean("dry_run", "Only count them").otherwise(false)},
       collect},
      {"memory_stats",
       "Statistics",
       "How many memories there are, by tier and by namespace.",
       effect::reads,
       {},
       stats}};
}

}  // namespace quorate::cli::mcp
