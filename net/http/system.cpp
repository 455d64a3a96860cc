// The node itself: health, figures, and the description of all this.
#include <nlohmann/json.hpp>

#include "memory/reply_json.hpp"
#include "net/http/gateway_state.hpp"
#include "net/http/openapi.hpp"

namespace quorate::net::http {

using nlohmann::ordered_json;

namespace {

constexpr std::string_view draining = "draining";

/// What the node says of its taking writes.
void add_readiness(const v1::StatusReply& node, ordered_json* body) {
  (*body)["writes"] = node.takes_writes();
  if (node.takes_writes()) return;
  (*body)["reason"] = node.reason();
  (*body)["advice"] = node.advice();
  (*body)["waiting_for"] = ordered_json::array();
  for (const auto& name : node.waiting_for()) (*body)["waiting_for"].push_back(name);
}

ordered_json not_reached(const gateway_state& gateway, const call_result& result) {
  return {{"node", gateway.node_name()}, {"state", "unreachable"}, {"writes", false}, {"reason", result.message}};
}

/// Whether it reads. A node that lacks a quorum or is being filled does; to restart it would help nobody.
answer health(gateway_state& gateway, const call&) {
  v1::StatusReply node;
  const auto result = gateway.node().node_status(&node);
  const bool reads = result.ok() && node.state() != draining;
  ordered_json body{{"status", reads ? "ok" : "error"}, {"service", "quorate"}};
  if (!result.ok()) {
    body.update(not_reached(gateway, result));
    return json_answer(503, body);
  }
  body["node"] = gateway.node_name();
  body["state"] = node.state();
  body["reads"] = node.complete() ? "complete" : "partial";
  add_readiness(node, &body);
  return json_answer(reads ? 200 : 503, body);
}

/// Whether it takes writes.
answer ready(gateway_state& gateway, const call&) {
  v1::StatusReply node;
  if (const auto result = gateway.node().node_status(&node); !result.ok())
    return json_answer(503, not_reached(gateway, result));
  ordered_json body{{"node", gateway.node_name()}, {"state", node.state()}};
  add_readiness(node, &body);
  return json_answer(node.takes_writes() ? 200 : 503, body);
}

answer figures(gateway_state& gateway, const call&) {
  v1::StatusReply node;
  v1::StatsReply stats;
  const bool has_node = gateway.node().node_status(&node).ok();
  const bool has_stats = gateway.node().call(v1::StatsRequest(), &stats).ok();
  answer out;
  out.type = "text/plain; version=0.0.4; charset=utf-8";
  out.body = gateway.counters().page(has_node ? &node : nullptr, has_stats ? &stats : nullptr);
  return out;
}

answer namespaces(gateway_state& gateway, const call& request) {
  v1::StatsRequest asked;
  asked.set_session(session_of(request));
  v1::StatsReply stats;
  if (const auto result = gateway.node().call(asked, &stats); !result.ok()) return refused(result);
  return json_answer(200, {{"namespaces", memory::json_of(stats)["by_namespace"]}});
}

answer stats(gateway_state& gateway, const call& request) {
  v1::StatsRequest asked;
  asked.set_session(session_of(request));
  v1::StatsReply counted;
  if (const auto result = gateway.node().call(asked, &counted); !result.ok()) return refused(result);
  return json_answer(200, memory::json_of(counted));
}

answer document(gateway_state&, const call&) {
  answer out;
  out.body = openapi_document();
  return out;
}

}  // namespace

std::vector<route> system_routes() {
  return {
      {.method = "GET",
       .path = "/api/v1/health",
       .group = "system",
       .summary = "200 when the node serves reads; says whether it takes writes, and why not",
       .statuses = {200, 503},
       .handle = health,
       .open = true},
      {.method = "GET",
       .path = "/readyz",
       .group = "system",
       .summary = "200 when the node takes writes; 503 says why not, who is missing and what helps",
       .statuses = {200, 503},
       .handle = ready,
       .open = true},
      {.method = "GET",
       .path = "/metrics",
       .group = "system",
       .summary = "Figures for Prometheus",
       .statuses = {200},
       .handle = figures},
      {.method = "GET",
       .path = "/api/v1/metrics",
       .group = "system",
       .summary = "The same",
       .statuses = {200},
       .handle = figures},
      {.method = "GET",
       .path = "/api/v1/namespaces",
       .group = "system",
       .summary = "Counts unexpired records by namespace, most first",
       .statuses = {200, 503},
       .handle = namespaces},
      {.method = "GET",
       .path = "/api/v1/stats",
       .group = "system",
       .summary = "Counts the records of this node",
       .statuses = {200, 503},
       .handle = stats},
      {.method = "GET",
       .path = "/openapi.json",
       .group = "system",
       .summary = "This document",
       .statuses = {200},
       .handle = document},
      {.method = "GET",
       .path = "/api/v1/openapi.json",
       .group = "system",
       .summary = "The same",
       .statuses = {200},
       .handle = document},
  };
}

}  // namespace quorate::net::http
