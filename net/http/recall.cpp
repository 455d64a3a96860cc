// Finding records by their words.
#include <nlohmann/json.hpp>

#include "memory/reply_json.hpp"
#include "net/http/gateway_state.hpp"
#include "net/http/record_fields.hpp"
#include "proto/clock.hpp"

namespace quorate::net::http {

using nlohmann::ordered_json;

namespace {

constexpr std::int64_t search_limit_default = 20;
constexpr std::int64_t search_limit_max = 200;
constexpr std::int64_t recall_limit_default = 10;
constexpr std::int64_t recall_limit_max = 50;

answer recall(gateway_state& gateway, const call& request) {
  v1::RecallRequest asked;
  asked.set_context(request.text("context"));
  *asked.mutable_filter() = filter_of(request);
  asked.set_limit(limit_of(request, recall_limit_default, recall_limit_max));
  asked.set_as_agent(request.text("as_agent"));
  if (const auto budget = request.integer("budget_tokens"))
    asked.set_budget_tokens(static_cast<std::uint64_t>(*budget));
  asked.set_session(session_of(request));
  const auto begun = system_clock().steady_us();
  v1::RecallReply found;
  if (const auto result = gateway.node().call(asked, &found); !result.ok()) return refused(result);
  gateway.counters().count_recall(system_clock().steady_us() - begun);
  ordered_json body{
      {"memories", ordered_json::array()}, {"count", found.found_size()}, {"tokens_used", found.tokens_used()}};
  for (const auto& one : found.found()) body["memories"].push_back(memory::json_of(one));
  if (asked.has_budget_tokens()) body["budget_tokens"] = asked.budget_tokens();
  return json_answer(200, body);
}

answer search(gateway_state& gateway, const call& request) {
  v1::SearchRequest asked;
  asked.set_query(request.text("q"));
  *asked.mutable_filter() = filter_of(request);
  asked.set_limit(limit_of(request, search_limit_default, search_limit_max));
  asked.set_as_agent(request.text("as_agent"));
  asked.set_session(session_of(request));
  v1::SearchReply found;
  if (const auto result = gateway.node().call(asked, &found); !result.ok()) return refused(result);
  auto out = list_answer("results", found.memories());
  out.body.pop_back();
  out.body +=
      ",\"query\":" + ordered_json(asked.query()).dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "}";
  return out;
}

std::vector<field> recall_fields() {
  return {{"context", value_kind::text, "words to be reminded of", true},
          {"namespace", value_kind::text, "this one; with a '/' also those above it"},
          {"limit", value_kind::count, "10 unless given, at most 50"},
          {"tags", value_kind::text, "one tag that the record has"},
          {"since", value_kind::text, "RFC 3339; created then or later"},
          {"until", value_kind::text, "RFC 3339; created then or earlier"},
          {"as_agent", value_kind::text, "a namespace: only what its scope lets it see"},
          {"budget_tokens", value_kind::count, "stop before the record that would pass it; a token is 4 bytes"}};
}

}  // namespace

std::vector<route> recall_routes() {
  auto searching = filter_fields();
  searching.insert(searching.begin(), {"q", value_kind::text, "words that the record must hold, all of them", true});
  searching.push_back({"limit", value_kind::count, "20 unless given, at most 200"});
  searching.push_back({"as_agent", value_kind::text, "a namespace: only what its scope lets it see"});
  return {
      {.method = "GET",
       .path = "/api/v1/recall",
       .group = "recall",
       .summary = "Finds records that hold any of the words, best first; counts as a use of each",
       .query = recall_fields(),
       .statuses = {200, 503},
       .handle = recall},
      {.method = "POST",
       .path = "/api/v1/recall",
       .group = "recall",
       .summary = "The same with a body",
       .body = body_kind::object,
       .fields = recall_fields(),
       .statuses = {200, 503},
       .handle = recall},
      {.method = "GET",
       .path = "/api/v1/search",
       .group = "recall",
       .summary = "Finds records that hold all the words; changes nothing",
       .query = searching,
       .statuses = {200, 503},
       .handle = search},
  };
}

}  // namespace quorate::net::http
