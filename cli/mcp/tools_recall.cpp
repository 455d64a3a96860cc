// Tools that find records: recall, search, list, session_start.
#include <algorithm>
#include <utility>

#include "cli/mcp/shared_parameters.hpp"
#include "cli/mcp/standards.hpp"
#include "cli/mcp/tool_context.hpp"

namespace quorate::cli::mcp {
namespace {

constexpr const char* as_agent_description = "A namespace: only what is visible from there";
constexpr const char* author_description = "Only memories of this author";

tool_result recall(tool_context& context, const arguments& given) {
  v1::RecallRequest request;
  request.set_context(given.text("context"));
  *request.mutable_filter() = filter_of(given);
  request.set_limit(static_cast<std::uint32_t>(given.integer("limit")));
  request.set_as_agent(given.text("as_agent"));
  if (given.has("budget_tokens")) request.set_budget_tokens(static_cast<std::uint64_t>(given.integer("budget_tokens")));
  for (auto& word : given.list("context_tokens")) request.add_context_tokens(std::move(word));
  v1::RecallReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done);
  ordered_json payload{{"memories", json_list(reply.found())},
                       {"count", reply.found_size()},
                       {"mode", reply.mode()},
                       {"tokens_used", reply.tokens_used()}};
  if (request.has_budget_tokens()) payload["budget_tokens"] = request.budget_tokens();
  add_standards(context, given.text("namespace"), &payload);
  return in_format(std::move(payload), given);
}

tool_result search(tool_context& context, const arguments& given) {
  v1::SearchRequest request;
  request.set_query(given.text("query"));
  *request.mutable_filter() = filter_of(given);
  request.set_limit(static_cast<std::uint32_t>(given.integer("limit")));
  request.set_as_agent(given.text("as_agent"));
  v1::SearchReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done);
  return in_format({{"results", json_list(reply.memories())}, {"count", reply.memories_size()}}, given);
}

/// The memories that matter most. A page of the node may hold fewer than asked for.
net::call_result most_important(tool_context& context, const arguments& given, ordered_json* memories) {
  v1::ListRequest request;
  *request.mutable_filter() = filter_of(given);
  request.set_order(v1::LIST_ORDER_PRIORITY);
  *memories = ordered_json::array();
  auto left = static_cast<std::size_t>(given.integer("limit"));
  while (left > 0) {
    request.set_limit(static_cast<std::uint32_t>(left));
    v1::ListReply reply;
    if (auto done = context.call(request, &reply); !done.ok()) return done;
    for (const auto& record : reply.memories()) memories->push_back(memory::json_of(record));
    left -= std::min(left, static_cast<std::size_t>(reply.memories_size()));
    if (reply.next_cursor().empty()) break;
    request.set_cursor(reply.next_cursor());
  }
  return {};
}

tool_result list(tool_context& context, const arguments& given) {
  ordered_json memories;
  if (const auto done = most_important(context, given, &memories); !done.ok()) return fail(done);
  const auto count = memories.size();
  return in_format({{"memories", std::move(memories)}, {"count", count}}, given);
}

tool_result session_start(tool_context& context, const arguments& given) {
  ordered_json memories;
  if (const auto done = most_important(context, given, &memories); !done.ok()) return fail(done);
  for (auto& record : memories) record["score"] = 0.0;
  const auto count = memories.size();
  ordered_json payload{{"memories", std::move(memories)}, {"count", count}, {"mode", "session_start"}};
  add_standards(context, given.text("namespace"), &payload);
  return in_format(std::move(payload), given);
}

}  // namespace

std::vector<tool> recall_tools() {
  return {
      {"memory_recall",
       "Recall memories",
       "Finds the memories that fit a context best, the best first. Being recalled keeps a memory alive and counts as "
       "a use of it. Begin here.",
       effect::adds,
       {text("context", "What you want to remember, in your own words").required(),
        namespace_parameter("Only this namespace; one with a / means those above it, too"), limit_parameter(10, 50),
        text("tags", "Only memories with this one tag"),
        text("since", "Only memories made at this time or later, RFC 3339"),
        text("until", "Only memories made at this time or earlier, RFC 3339"), text("as_agent", as_agent_description),
        integer("budget_tokens", "Stop before the memory that would pass this many tokens").from(1),
        text_list("context_tokens", "Further words that colour the context"), format_parameter()},
       recall},
      {"memory_search",
       "Search memories",
       "Finds memories that hold all the words. Changes nothing.",
       effect::reads,
       {text("query", "The words").required(), namespace_parameter("Only this namespace"),
        tier_parameter("Only this tier"), limit_parameter(20, 200), text("agent_id", author_description),
        text("as_agent", as_agent_description), format_parameter()},
       search},
      {"memory_list",
       "List memories",
       "Lists memories, those of highest priority first. Changes nothing.",
       effect::reads,
       {namespace_parameter("Only this namespace"), tier_parameter("Only this tier"), limit_parameter(20, 200),
        text("agent_id", author_description), format_parameter()},
       list},
      {"memory_session_start",
       "Begin a session",
       "What to know at the beginning of a conversation: the most important memories and the standards of the "
       "namespace. Changes nothing.",
       effect::reads,
       {namespace_parameter("Only this namespace"), limit_parameter(10, 50), format_parameter()},
       session_start}};
}

}  // namespace quorate::cli::mcp
