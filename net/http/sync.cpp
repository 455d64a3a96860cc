// What ai-memory's own synchronisation says to a peer.
#include <nlohmann/json.hpp>

#include "memory/agent_identity.hpp"
#include "memory/timestamp.hpp"
#include "memory/validation.hpp"
#include "net/http/batches.hpp"
#include "net/http/pages.hpp"
#include "net/http/raw_json.hpp"
#include "proto/clock.hpp"

namespace quorate::net::http {

using nlohmann::ordered_json;

namespace {

constexpr std::int64_t since_limit_default = 500;
constexpr std::int64_t since_limit_max = 10'000;

/// As whom this node receives: the peer may say, else it is the node's own name.
std::string receiver_of(const gateway_state& gateway, const call& request) {
  const auto given = agent_header_of(request);
  return given.empty() ? "host:" + gateway.node_name() : given;
}

/// Says of each record what would become of it. Whether another record has its id or name only a store can tell.
void check(record_batch& batch) {
  const auto now_ms = system_clock().wall_ms();
  for (std::size_t i = 0; i < batch.size(); ++i)
    if (auto* item = batch.item(i); item != nullptr)
      batch.set_end(i, as_result(memory::prepare(v1::StoreRequest(*item), now_ms).error()));
}

answer push(gateway_state& gateway, const call& request) {
  if (auto refused = refuse_too_many(request.value("memories").size())) return std::move(*refused);
  if (const auto valid = memory::validate_agent_id(request.text("sender_agent_id"), "sender_agent_id"); !valid)
    return error_answer(400, valid.message());
  record_batch batch(*member_of(request.from().body, "memories"));
  for (std::size_t i = 0; i < batch.size(); ++i) {
    auto* item = batch.item(i);
    if (item == nullptr) continue;
    item->set_full_record(true);
    item->set_merge_by_time(true);
  }
  const bool dry_run = request.flag("dry_run");
  if (dry_run) {
    check(batch);
  } else {
    if (auto refused = batch.store(gateway)) return std::move(*refused);
    // A 200 counts as this node's acknowledgement of all records. The peer sends them again after a 503, which changes
    // nothing for those that are stored.
    if (const auto* unavailable = batch.first_unavailable()) return gateway.write_refused(*unavailable);
  }
  const auto taken = batch.stored();
  return json_answer(200, {{"applied", dry_run ? 0 : taken},
                           {"noop", dry_run ? taken : 0},
                           {"skipped", batch.size() - taken},
                           {"dry_run", dry_run},
                           {"receiver_agent_id", receiver_of(gateway, request)},
                           {"receiver_clock", {{"entries", ordered_json::object()}}}});
}

answer since(gateway_state& gateway, const call& request) {
  const auto from = request.maybe_text("since");
  if (from && !memory::parse_timestamp(*from)) return error_answer(400, "since must be RFC 3339");
  v1::ListRequest asked;
  if (from) asked.set_updated_after(*from);
  asked.set_order(v1::LIST_ORDER_UPDATED);
  asked.set_with_expired(true);
  asked.set_session(session_of(request));
  if (!parse_cursor(request.text("cursor"), asked.mutable_cursor()))
    return error_answer(400, "cursor is none that was answered here");
  const auto limit = limit_of(request, since_limit_default, since_limit_max);
  v1::ListReply listed;
  // The peer asks next for what is later than the last record: those of its instant must be with it.
  if (const auto result = list_up_to(gateway.node(), std::move(asked), limit, &listed, true); !result.ok())
    return refused(result);
  auto out = list_answer("memories", listed.memories(), listed.next_cursor());
  out.body.pop_back();
  out.body += ",\"limit\":" + std::to_string(limit) + "}";
  return out;
}

}  // namespace

std::vector<route> sync_routes() {
  return {
      {.method = "POST",
       .path = "/api/v1/sync/push",
       .group = "sync",
       .summary = "Merges whole records of a peer by updated_at",
       .body = body_kind::object,
       .fields = {{"sender_agent_id", value_kind::text, "who sends", true},
                  {"sender_clock", value_kind::object, "not looked at"},
                  {"memories", value_kind::objects, "up to 1,000 whole records", true},
                  {"dry_run", value_kind::boolean, "count only, store nothing", false, false}},
       .statuses = {200, 503},
       .handle = push},
      {.method = "GET",
       .path = "/api/v1/sync/since",
       .group = "sync",
       .summary = "Records updated later than an instant, oldest first; those of one instant are not torn apart",
       .query = {{"since", value_kind::text, "RFC 3339; everything unless given"},
                 {"limit", value_kind::count, "500 unless given, at most 10,000"},
                 {"peer", value_kind::text, "not looked at"},
                 {"cursor", value_kind::text, "next_cursor of the page before"}},
       .statuses = {200, 503},
       .handle = since},
  };
}

}  // namespace quorate::net::http
