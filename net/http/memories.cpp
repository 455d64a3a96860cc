// Records one by one: list, store, read, change, delete.
#include <nlohmann/json.hpp>

#include "memory/json.hpp"
#include "memory/reply_json.hpp"
#include "memory/validation.hpp"
#include "net/http/gateway_state.hpp"
#include "net/http/pages.hpp"
#include "net/http/record_fields.hpp"
#include "proto/limits.hpp"

namespace quorate::net::http {

using nlohmann::ordered_json;

namespace {

constexpr std::int64_t page_default = 200;

answer list(gateway_state& gateway, const call& request) {
  v1::ListRequest asked;
  *asked.mutable_filter() = filter_of(request);
  asked.set_order(v1::LIST_ORDER_PRIORITY);
  asked.set_session(session_of(request));
  asked.set_offset(offset_of(request));
  if (!parse_cursor(request.text("cursor"), asked.mutable_cursor()))
    return error_answer(400, "cursor is none that was answered here");
  if (!asked.cursor().empty()) asked.clear_offset();
  v1::ListReply listed;
  const auto limit = limit_of(request, page_default, limits::page_items_max);
  if (const auto result = list_up_to(gateway.node(), std::move(asked), limit, &listed); !result.ok())
    return refused(result);
  return list_answer("memories", listed.memories(), listed.next_cursor());
}

answer stored_answer(const v1::StoreRequest& asked, const v1::StoreReply& stored) {
  if (stored.has_pending()) return with_session(pending_answer(stored.pending()), stored.session());
  const auto& record = asked.memory();
  ordered_json body{{"id", stored.id()},
                    {"tier", memory::text_of(record.tier() == v1::TIER_UNSPECIFIED ? v1::TIER_MID : record.tier())},
                    {"namespace", record.namespace_().empty() ? "global" : record.namespace_()},
                    {"title", record.title()},
                    {"agent_id", asked.agent_id()},
                    {"quorum_acks", stored.copies()}};
  if (!stored.potential_contradictions().empty()) body["potential_contradictions"] = stored.potential_contradictions();
  return with_session(json_answer(201, body), stored.session());
}

answer store(gateway_state& gateway, const call& request) {
  v1::StoreRequest asked;
  if (auto read = read_new_record(request.from().body, request.integer("ttl_secs"), &asked); !read)
    return error_answer(400, read.message());
  asked.set_agent_id(caller_of(request));
  asked.set_scope(request.text("scope"));
  asked.set_find_contradictions(true);
  v1::StoreReply stored;
  const auto result = gateway.node().store(asked, &stored);
  gateway.counters().count_store(asked.memory().tier(), result.ok());
  if (!result.ok()) return gateway.write_refused(result);
  return stored_answer(asked, stored);
}

answer read(gateway_state& gateway, const call& request) {
  v1::GetRequest asked;
  asked.set_id(request.id());
  asked.set_allow_prefix(true);
  asked.set_with_links(true);
  asked.set_session(session_of(request));
  v1::GetReply found;
  if (const auto result = gateway.node().get(asked, &found); !result.ok()) return refused(result);
  ordered_json body{{"memory", memory::json_of(found.memory())}, {"links", ordered_json::array()}};
  for (const auto& link : found.links()) body["links"].push_back(memory::json_of(link));
  return json_answer(200, body);
}

answer change(gateway_state& gateway, const call& request) {
  v1::UpdateRequest asked;
  read_changes(request, &asked);
  asked.set_id(request.id());
  asked.set_allow_prefix(true);
  v1::StoreReply changed;
  if (const auto result = gateway.node().update(asked, &changed); !result.ok()) return gateway.write_refused(result);
  return with_session(json_answer(200, memory::json_of(changed.memory())), changed.session());
}

answer remove(gateway_state& gateway, const call& request) {
  v1::DeleteRequest asked;
  asked.set_id(request.id());
  asked.set_allow_prefix(true);
  asked.set_agent_id(caller_of(request));
  v1::DeleteReply removed;
  if (const auto result = gateway.node().remove(asked, &removed); !result.ok()) return gateway.write_refused(result);
  if (removed.has_pending()) return with_session(pending_answer(removed.pending()), removed.session());
  return with_session(json_answer(200, {{"deleted", true}}), removed.session());
}

answer promote(gateway_state& gateway, const call& request) {
  v1::PromoteRequest asked;
  asked.set_id(request.id());
  asked.set_allow_prefix(true);
  asked.set_agent_id(caller_of(request));
  v1::PromoteReply promoted;
  if (const auto result = gateway.node().call(asked, &promoted); !result.ok()) return gateway.write_refused(result);
  if (promoted.has_pending()) return with_session(pending_answer(promoted.pending()), promoted.receipt().session());
  return answer_to_write(200, {{"promoted", true}, {"id", promoted.id()}, {"tier", "long"}}, promoted);
}

}  // namespace

std::vector<route> memory_routes() {
  auto listing = filter_fields();
  listing.insert(listing.end(), {{"limit", value_kind::count, "records a page, 200 unless given, at most 1,000"},
                                 {"offset", value_kind::count, "records to skip first; not with a cursor"},
                                 {"cursor", value_kind::text, "next_cursor of the page before"}});
  auto creating = new_record_fields();
  creating.push_back({"agent_id", value_kind::text, "who stores it; goes before X-Agent-Id"});
  creating.push_back({"scope", value_kind::text, "private, team, unit, org or collective"});
  return {
      {.method = "GET",
       .path = "/api/v1/memories",
       .group = "memories",
       .summary = "Lists records, highest priority first, of those the last updated",
       .query = listing,
       .statuses = {200, 503},
       .handle = list},
      {.method = "POST",
       .path = "/api/v1/memories",
       .group = "memories",
       .summary = "Stores a record, or overwrites the one of the same namespace and title",
       .body = body_kind::object,
       .fields = creating,
       .statuses = {201, 202, 403, 409, 503},
       .handle = store},
      {.method = "GET",
       .path = "/api/v1/memories/{id}",
       .group = "memories",
       .summary = "Reads a record and its links, by id or a beginning of it that no other has",
       .statuses = {200, 400, 404, 503},
       .handle = read},
      {.method = "PUT",
       .path = "/api/v1/memories/{id}",
       .group = "memories",
       .summary = "Changes what is given",
       .body = body_kind::object,
       .fields = change_fields(),
       .statuses = {200, 404, 409, 503},
       .handle = change},
      {.method = "DELETE",
       .path = "/api/v1/memories/{id}",
       .group = "memories",
       .summary = "Deletes a record for good, with its links",
       .statuses = {200, 202, 400, 403, 404, 409, 503},
       .handle = remove},
      {.method = "POST",
       .path = "/api/v1/memories/{id}/promote",
       .group = "memories",
       .summary = "Raises a record to tier long, for ever",
       .statuses = {200, 202, 400, 403, 404, 409, 503},
       .handle = promote},
  };
}

}  // namespace quorate::net::http
