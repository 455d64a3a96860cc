// What becomes of records over time: forgetting, collecting, summing up.
#include <nlohmann/json.hpp>

#include "memory/validation.hpp"
#include "net/http/gateway_state.hpp"

namespace quorate::net::http {
namespace {

answer forget(gateway_state& gateway, const call& request) {
  v1::ForgetRequest asked;
  if (const auto given = request.maybe_text("namespace")) asked.set_namespace_(*given);
  asked.set_pattern(request.text("pattern"));
  if (const auto given = request.maybe_text("tier"))
    asked.set_tier(memory::tier_of(*given).value_or(v1::TIER_UNSPECIFIED));
  v1::ForgetReply forgotten;
  if (const auto result = gateway.node().call(asked, &forgotten); !result.ok()) return gateway.write_refused(result);
  return json_answer(200, {{"deleted", forgotten.deleted()}});
}

answer consolidate(gateway_state& gateway, const call& request) {
  v1::ConsolidateRequest asked;
  for (auto& id : request.texts("ids")) asked.add_ids(std::move(id));
  asked.set_title(request.text("title"));
  asked.set_summary(request.text("summary"));
  asked.set_namespace_(request.text("namespace"));
  asked.set_tier(memory::tier_of(request.text("tier")).value_or(v1::TIER_LONG));
  asked.set_agent_id(caller_of(request));
  v1::ConsolidateReply done;
  if (const auto result = gateway.node().call(asked, &done); !result.ok()) return gateway.write_refused(result);
  return answer_to_write(201, {{"id", done.id()}, {"consolidated", done.consolidated()}}, done);
}

answer collect(gateway_state& gateway, const call&) {
  v1::CollectExpiredReply collected;
  if (const auto result = gateway.node().call(v1::CollectExpiredRequest(), &collected); !result.ok())
    return gateway.write_refused(result);
  return json_answer(200, {{"expired_deleted", collected.collected()}});
}

}  // namespace

std::vector<route> curation_routes() {
  return {
      {.method = "POST",
       .path = "/api/v1/forget",
       .group = "curation",
       .summary = "Moves all records that the filter names to the archive; at least one of the three must be given",
       .body = body_kind::object,
       .fields = {{"namespace", value_kind::text, "exactly this one"},
                  {"pattern", value_kind::text, "any of its words"},
                  {"tier", value_kind::tier, "short, mid or long"}},
       .statuses = {200, 503},
       .handle = forget},
      {.method = "POST",
       .path = "/api/v1/consolidate",
       .group = "curation",
       .summary = "Replaces several records by one that sums them up",
       .body = body_kind::object,
       .fields = {{"ids", value_kind::texts, "2 to 100, none twice", true},
                  {"title", value_kind::text, "of the sum", true},
                  {"summary", value_kind::text, "its content", true},
                  {"namespace", value_kind::text, "global unless given", false, false},
                  {"tier", value_kind::tier, "long unless given"},
                  {"agent_id", value_kind::text, "who sums up; goes before X-Agent-Id"}},
       .statuses = {201, 404, 409, 503},
       .handle = consolidate},
      {.method = "POST",
       .path = "/api/v1/gc",
       .group = "curation",
       .summary = "Moves the records whose expiry has come to the archive",
       .statuses = {200, 503},
       .handle = collect},
  };
}

}  // namespace quorate::net::http
