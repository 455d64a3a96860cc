// How records hang together.
#include <nlohmann/json.hpp>

#include "memory/reply_json.hpp"
#include "net/http/gateway_state.hpp"

namespace quorate::net::http {

using nlohmann::ordered_json;

namespace {

answer link(gateway_state& gateway, const call& request) {
  v1::LinkRequest asked;
  asked.set_source_id(request.text("source_id"));
  asked.set_target_id(request.text("target_id"));
  asked.set_relation(request.text("relation"));
  v1::LinkReply linked;
  if (const auto result = gateway.node().call(asked, &linked); !result.ok()) return gateway.write_refused(result);
  return answer_to_write(201, {{"linked", true}}, linked);
}

answer list(gateway_state& gateway, const call& request) {
  v1::ListLinksRequest asked;
  asked.set_id(request.id());
  asked.set_session(session_of(request));
  auto links = ordered_json::array();
  for (;;) {
    v1::ListLinksReply page;
    if (const auto result = gateway.node().call(asked, &page); !result.ok()) return refused(result);
    for (const auto& one : page.links()) links.push_back(memory::json_of(one));
    if (page.next_cursor().empty()) return json_answer(200, {{"links", links}});
    asked.set_cursor(page.next_cursor());
  }
}

}  // namespace

std::vector<route> link_routes() {
  return {
      {.method = "POST",
       .path = "/api/v1/links",
       .group = "links",
       .summary = "Links two records",
       .body = body_kind::object,
       .fields = {{"source_id", value_kind::text, "from", true},
                  {"target_id", value_kind::text, "to another", true},
                  {"relation", value_kind::text, "related_to (unless given), supersedes, contradicts or derived_from",
                   false, false}},
       .statuses = {201, 404, 409, 503},
       .handle = link},
      {.method = "GET",
       .path = "/api/v1/links/{id}",
       .group = "links",
       .summary = "Lists the links with the record at either end",
       .statuses = {200, 400, 503},
       .handle = list},
  };
}

}  // namespace quorate::net::http
