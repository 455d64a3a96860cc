// Tools that need a language model, and the one that says whether there is one.
#include <algorithm>
#include <utility>

#include "cli/llm_tasks.hpp"
#include "cli/mcp/shared_parameters.hpp"
#include "cli/mcp/tool_context.hpp"

namespace quorate::cli::mcp {
namespace {

/// Reads a record, or says why not.
net::call_result read(tool_context& context, const std::string& id, v1::MemoryRecord* record) {
  v1::GetRequest request;
  request.set_id(id);
  v1::GetReply reply;
  auto done = context.call(request, &reply);
  if (done.ok()) *record = std::move(*reply.mutable_memory());
  return done;
}

tool_result capabilities(tool_context& context, const arguments&) {
  const bool has_model = context.model() != nullptr;
  return succeed({{"tier", "keyword"},
                  {"version", QUORATE_VERSION},
                  {"features",
                   {{"keyword_search", true},
                    {"semantic_search", false},
                    {"hybrid_recall", false},
                    {"query_expansion", has_model},
                    {"auto_consolidation", has_model},
                    {"auto_tagging", has_model},
                    {"contradiction_analysis", has_model},
                    {"cross_encoder_reranking", false},
                    {"memory_reflection", false}}},
                  {"models",
                   {{"embedding", nullptr},
                    {"embedding_dim", 0},
                    {"llm", has_model ? ordered_json(context.model()->model()) : ordered_json()},
                    {"cross_encoder", nullptr}}}});
}

tool_result expand(tool_context& context, const arguments& given) {
  if (context.model() == nullptr) return fail(context.no_model());
  auto terms = expand_query(*context.model(), given.text("query"));
  if (!terms) return fail(terms.error());
  return succeed({{"original", given.text("query")}, {"expanded_terms", std::move(*terms)}});
}

tool_result auto_tag(tool_context& context, const arguments& given) {
  if (context.model() == nullptr) return fail(context.no_model());
  v1::MemoryRecord record;
  if (const auto done = read(context, given.text("id"), &record); !done.ok()) return fail(done);
  const auto found = tags_for(*context.model(), record);
  if (!found) return fail(found.error());
  std::vector<std::string> all(record.tags().begin(), record.tags().end());
  std::vector<std::string> added;
  for (const auto& tag : *found)
    if (std::find(all.begin(), all.end(), tag) == all.end()) {
      added.push_back(tag);
      all.push_back(tag);
    }
  if (!added.empty()) {
    v1::UpdateRequest request;
    request.set_id(record.id());
    for (const auto& tag : all) request.mutable_tags()->add_values(tag);
    v1::StoreReply reply;
    if (const auto done = context.call(request, &reply); !done.ok()) return fail(done, "tagged");
  }
  return succeed({{"id", record.id()}, {"new_tags", std::move(added)}, {"all_tags", std::move(all)}});
}

tool_result detect_contradiction(tool_context& context, const arguments& given) {
  if (context.model() == nullptr) return fail(context.no_model());
  v1::MemoryRecord one, other;
  if (const auto done = read(context, given.text("id_a"), &one); !done.ok()) return fail(done);
  if (const auto done = read(context, given.text("id_b"), &other); !done.ok()) return fail(done);
  const auto found = contradict(*context.model(), one, other);
  if (!found) return fail(found.error());
  return succeed({{"contradicts", *found},
                  {"memory_a", {{"id", one.id()}, {"title", one.title()}}},
                  {"memory_b", {{"id", other.id()}, {"title", other.title()}}}});
}

}  // namespace

std::vector<tool> model_tools() {
  return {{"memory_capabilities",
           "What this server can do",
           "Says which features there are and which models they use.",
           effect::reads,
           {},
           capabilities},
          {"memory_expand_query",
           "Widen a query",
           "Words that mean nearly the same as a query. Needs a language model.",
           effect::reads,
           {text("query", "The query").required()},
           expand},
          {"memory_auto_tag",
           "Tag a memory",
           "Adds tags that a language model finds fitting. Needs one.",
           effect::adds,
           {id_parameter("Its id")},
           auto_tag},
          {"memory_detect_contradiction",
           "Compare two memories",
           "Whether two memories contradict each other. Needs a language model.",
           effect::reads,
           {text("id_a", "Id of the one").required(), text("id_b", "Id of the other").required()},
           detect_contradiction}};
}

}  // namespace quorate::cli::mcp
