// The verbs that find records by their words: search, recall.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iomanip>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "cli/commands.hpp"
#include "cli/filter_flags.hpp"
#include "cli/parse.hpp"
#include "cli/table.hpp"
#include "cli/verb.hpp"
#include "memory/reply_json.hpp"
#include "memory/validation.hpp"
#include "proto/limits.hpp"

namespace quorate::cli {
namespace {

using nlohmann::ordered_json;

constexpr std::uint64_t recall_items_max = 50;
/// What ai-memory calls a tier here is a set of models; no model takes part in a recall.
constexpr std::array<std::string_view, 4> feature_tiers{"keyword", "semantic", "smart", "autonomous"};

struct search_flags {
  std::vector<std::string> words;
  filter_flags filter;
  std::string limit = "20";
  std::string as_agent;
};

struct recall_flags {
  std::vector<std::string> words;
  filter_flags filter;
  std::string limit = "10";
  std::string as_agent, context_tokens, feature_tier;
  std::string ranker = "classic";
  std::optional<std::string> budget_tokens;
};

std::string sentence_of(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

int search(session& run, const search_flags& flags) {
  v1::SearchRequest request;
  const auto filter = filter_of(flags.filter);
  if (!filter) return run.complain(filter.error());
  const auto limit = parse_number("--limit", flags.limit, 1, limits::page_items_max);
  if (!limit) return run.complain(limit.error());
  request.set_query(sentence_of(flags.words));
  *request.mutable_filter() = *filter;
  request.set_limit(static_cast<std::uint32_t>(*limit));
  request.set_as_agent(flags.as_agent);
  v1::SearchReply reply;
  if (const int failed = ask(run, request, &reply)) return failed;
  if (run.json) {
    auto results = ordered_json::array();
    for (const auto& record : reply.memories()) results.push_back(memory::json_of(record));
    const auto count = results.size();
    print(run, {{"results", std::move(results)}, {"count", count}});
    return exit_done;
  }
  table rows({"ID", "TIER", "NAMESPACE", "TITLE", "CONTENT"});
  for (const auto& record : reply.memories())
    rows.add({record.id(), std::string(memory::text_of(record.tier())), record.namespace_(), record.title(),
              record.content()});
  rows.print(run.out(), run.terminal().width);
  return exit_done;
}

result<v1::RecallRequest> recall_request(const recall_flags& flags) {
  v1::RecallRequest request;
  const auto filter = filter_of(flags.filter);
  if (!filter) return filter.error();
  const auto limit = parse_number("--limit", flags.limit, 1, recall_items_max);
  if (!limit) return limit.error();
  if (flags.ranker != "classic" && flags.ranker != "bm25f")
    return status::invalid("--ranker", "must be classic or bm25f, got \"" + flags.ranker + "\"");
  request.set_context(sentence_of(flags.words));
  *request.mutable_filter() = *filter;
  request.set_limit(static_cast<std::uint32_t>(*limit));
  request.set_as_agent(flags.as_agent);
  request.set_ranker(flags.ranker == "bm25f" ? v1::RANKER_BM25F : v1::RANKER_CLASSIC);
  for (auto& word : split_list(flags.context_tokens)) request.add_context_tokens(std::move(word));
  if (flags.budget_tokens) {
    const auto budget =
        parse_number("--budget-tokens", *flags.budget_tokens, 0, std::numeric_limits<std::uint64_t>::max());
    if (!budget) return budget.error();
    request.set_budget_tokens(*budget);
  }
  return request;
}

ordered_json recall_object(const v1::RecallRequest& request, const v1::RecallReply& reply) {
  auto memories = ordered_json::array();
  for (const auto& found : reply.found()) memories.push_back(memory::json_of(found));
  const auto count = memories.size();
  ordered_json object{{"memories", std::move(memories)},
                      {"count", count},
                      {"mode", reply.mode()},
                      {"tokens_used", reply.tokens_used()}};
  if (request.has_budget_tokens()) object["budget_tokens"] = request.budget_tokens();
  return object;
}

std::string score_text(double score) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(3) << score;
  return text.str();
}

/// Says once that the name of a model set changes nothing. False when it is no such name.
bool note_feature_tier(session& run, const std::string& name) {
  if (name.empty()) return true;
  if (std::find(feature_tiers.begin(), feature_tiers.end(), name) == feature_tiers.end()) return false;
  if (name != feature_tiers.front())
    run.complain("--tier " + name + " changes nothing: recall ranks by words, without a model", exit_done);
  return true;
}

int recall(session& run, const recall_flags& flags) {
  if (!note_feature_tier(run, flags.feature_tier))
    return run.complain(status::invalid(
        "--tier", "must be keyword, semantic, smart or autonomous, got \"" + flags.feature_tier + "\""));
  const auto request = recall_request(flags);
  if (!request) return run.complain(request.error());
  v1::RecallReply reply;
  if (const int failed = ask(run, *request, &reply)) return failed;
  if (run.json) {
    print(run, recall_object(*request, reply));
    return exit_done;
  }
  table rows({"SCORE", "TIER", "NAMESPACE", "TITLE", "CONTENT", "ID"});
  for (const auto& found : reply.found()) {
    const auto& record = found.memory();
    rows.add({score_text(found.score()), std::string(memory::text_of(record.tier())), record.namespace_(),
              record.title(), record.content(), record.id()});
  }
  rows.print(run.out(), run.terminal().width);
  return exit_done;
}

void add_search(CLI::App& program, session& run) {
  auto flags = std::make_shared<search_flags>();
  auto& verb = add_verb(program, "search", "Find records that hold all the words",
                        "quorate search deploy key --namespace ops --limit 5");
  verb.add_option("QUERY", flags->words, "The words")->required();
  add_filter_flags(verb, flags->filter);
  add_record_filter_flags(verb, flags->filter);
  verb.add_option("--limit", flags->limit, "At most so many records")->capture_default_str();
  verb.add_option("--as-agent", flags->as_agent, "Only what this namespace may see");
  verb.callback([&run, flags] { run.exit = search(run, *flags); });
}

void add_recall(CLI::App& program, session& run) {
  auto flags = std::make_shared<recall_flags>();
  auto& verb = add_verb(program, "recall", "Find the records that fit a context best; counts as a use of each",
                        "quorate recall \"when was the deploy key rotated\" --namespace ops --budget-tokens 500");
  verb.add_option("CONTEXT", flags->words, "What it is about, in plain words")->required();
  add_filter_flags(verb, flags->filter);
  verb.add_option("--limit", flags->limit, "At most so many records, up to 50")->capture_default_str();
  verb.add_option("--as-agent", flags->as_agent, "Only what this namespace may see");
  verb.add_option("--budget-tokens", flags->budget_tokens, "Stop before the first record past so many tokens");
  verb.add_option("--context-tokens", flags->context_tokens, "Further words that colour the context, by commas");
  verb.add_option("--ranker", flags->ranker, "classic, or bm25f")->capture_default_str();
  verb.add_option("-T,--tier", flags->feature_tier, "Accepted for ai-memory's command lines; changes nothing");
  verb.callback([&run, flags] { run.exit = recall(run, *flags); });
}

}  // namespace

void add_recall_commands(CLI::App& program, session& run) {
  add_search(program, run);
  add_recall(program, run);
}

}  // namespace quorate::cli
