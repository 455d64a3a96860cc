// Records that were forgotten or whose time was over, kept until they are purged.
#include <nlohmann/json.hpp>

#include "memory/reply_json.hpp"
#include "net/http/gateway_state.hpp"
#include "proto/limits.hpp"

namespace quorate::net::http {

using nlohmann::ordered_json;

namespace {

constexpr std::int64_t archive_limit_default = 50;

answer list(gateway_state& gateway, const call& request) {
  v1::ListArchiveRequest asked;
  if (const auto given = request.maybe_text("namespace")) asked.set_namespace_(*given);
  asked.set_limit(limit_of(request, archive_limit_default, limits::page_items_max));
  asked.set_offset(offset_of(request));
  asked.set_session(session_of(request));
  auto archived = ordered_json::array();
  if (asked.limit() > 0) {
    v1::ListArchiveReply listed;
    if (const auto result = gateway.node().call(asked, &listed); !result.ok()) return refused(result);
    for (const auto& one : listed.archived()) archived.push_back(memory::json_of(one));
  }
  const auto count = archived.size();
  return json_answer(200, {{"archived", std::move(archived)}, {"count", count}});
}

answer purge(gateway_state& gateway, const call& request) {
  v1::PurgeArchiveRequest asked;
  if (const auto given = request.integer("older_than_days")) asked.set_older_than_days(*given);
  v1::PurgeArchiveReply purged;
  if (const auto result = gateway.node().call(asked, &purged); !result.ok()) return gateway.write_refused(result);
  return json_answer(200, {{"purged", purged.purged()}});
}

answer restore(gateway_state& gateway, const call& request) {
  v1::RestoreArchivedRequest asked;
  asked.set_id(request.id());
  v1::RestoreArchivedReply restored;
  if (const auto result = gateway.node().call(asked, &restored); !result.ok()) return gateway.write_refused(result);
  return answer_to_write(200, {{"restored", true}, {"id", restored.id()}}, restored);
}

answer stats(gateway_state& gateway, const call&) {
  v1::ArchiveStatsReply counted;
  if (const auto result = gateway.node().call(v1::ArchiveStatsRequest(), &counted); !result.ok())
    return refused(result);
  return json_answer(200, memory::json_of(counted));
}

}  // namespace

std::vector<route> archive_routes() {
  return {
      {.method = "GET",
       .path = "/api/v1/archive",
       .group = "archive",
       .summary = "Lists what is archived, last archived first",
       .query = {{"namespace", value_kind::text, "exactly this one"},
                 {"limit", value_kind::count, "50 unless given, at most 1,000"},
                 {"offset", value_kind::count, "records to skip first"}},
       .statuses = {200, 503},
       .handle = list},
      {.method = "DELETE",
       .path = "/api/v1/archive",
       .group = "archive",
       .summary = "Removes archived records for good",
       .query = {{"older_than_days", value_kind::int64, "only what was archived so long ago; all unless given"}},
       .statuses = {200, 503},
       .handle = purge},
      {.method = "POST",
       .path = "/api/v1/archive/{id}/restore",
       .group = "archive",
       .summary = "Brings a record back: tier long, no expiry",
       .statuses = {200, 400, 404, 409, 503},
       .handle = restore},
      {.method = "GET",
       .path = "/api/v1/archive/stats",
       .group = "archive",
       .summary = "Counts what is archived",
       .statuses = {200, 503},
       .handle = stats},
  };
}

}  // namespace quorate::net::http
