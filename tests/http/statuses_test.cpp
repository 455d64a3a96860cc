// Every status that the document promises for a route is one that the route answers with, and the document has all of
// ai-memory's routes.
#include <algorithm>
#include <array>
#include <set>

#include "net/http/openapi.hpp"
#include "net/http/route.hpp"
#include "tests/http/fixture.hpp"

using namespace quorate;
using namespace quorate::http_tests;
using net::http::body_kind;
using net::http::route;
using net::http::value_kind;

namespace {

constexpr std::array<std::pair<const char*, const char*>, 33> of_ai_memory{{
    {"GET", "/api/v1/health"},
    {"GET", "/metrics"},
    {"GET", "/api/v1/metrics"},
    {"GET", "/api/v1/memories"},
    {"POST", "/api/v1/memories"},
    {"POST", "/api/v1/memories/bulk"},
    {"GET", "/api/v1/memories/{id}"},
    {"PUT", "/api/v1/memories/{id}"},
    {"DELETE", "/api/v1/memories/{id}"},
    {"POST", "/api/v1/memories/{id}/promote"},
    {"GET", "/api/v1/search"},
    {"GET", "/api/v1/recall"},
    {"POST", "/api/v1/recall"},
    {"POST", "/api/v1/forget"},
    {"POST", "/api/v1/consolidate"},
    {"POST", "/api/v1/links"},
    {"GET", "/api/v1/links/{id}"},
    {"GET", "/api/v1/namespaces"},
    {"GET", "/api/v1/stats"},
    {"POST", "/api/v1/gc"},
    {"GET", "/api/v1/export"},
    {"POST", "/api/v1/import"},
    {"GET", "/api/v1/archive"},
    {"DELETE", "/api/v1/archive"},
    {"POST", "/api/v1/archive/{id}/restore"},
    {"GET", "/api/v1/archive/stats"},
    {"GET", "/api/v1/agents"},
    {"POST", "/api/v1/agents"},
    {"GET", "/api/v1/pending"},
    {"POST", "/api/v1/pending/{id}/approve"},
    {"POST", "/api/v1/pending/{id}/reject"},
    {"POST", "/api/v1/sync/push"},
    {"GET", "/api/v1/sync/since"},
}};

std::string name_of(const route& served) { return std::string(served.method) + " " + std::string(served.path); }

/// A value that fits.
json sample_value(value_kind kind) {
  switch (kind) {
    case value_kind::text: return "global";
    case value_kind::tier: return "mid";
    case value_kind::int32:
    case value_kind::int64:
    case value_kind::count: return 1;
    case value_kind::number: return 0.5;
    case value_kind::boolean: return false;
    case value_kind::object: return json::object();
    case value_kind::texts: return {"a", "b"};
    case value_kind::objects: return {{{"id", "x"}, {"title", "t"}, {"content", "c"}}};
  }
  return {};
}

std::string sample_target(const route& served) {
  std::string target(served.path);
  if (const auto at = target.find("{id}"); at != std::string::npos) target.replace(at, 4, "some-id");
  char mark = '?';
  for (const auto& one : served.query)
    if (one.required) {
      target.append(1, mark).append(one.name).append("=words");
      mark = '&';
    }
  return target;
}

std::string sample_body(const route& served) {
  if (served.body == body_kind::none) return {};
  auto object = json::object();
  for (const auto& one : served.fields)
    if (one.required) object[std::string(one.name)] = sample_value(one.kind);
  return served.body == body_kind::array ? json::array({object}).dump() : object.dump();
}

/// A query that breaks a kind or leaves out what is required.
std::string broken_target(const route& served) {
  for (const auto& one : served.query)
    if (one.kind != value_kind::text && one.kind != value_kind::tier)
      return sample_target(served) + (sample_target(served).find('?') == std::string::npos ? "?" : "&")
             + std::string(one.name) + "=words";
  return std::string(served.path);
}

grpc::Status failure_for(int status) {
  switch (status) {
    case 400: return invalid_field("id", "is not one");
    case 403: return {grpc::StatusCode::PERMISSION_DENIED, "denied"};
    case 404: return {grpc::StatusCode::NOT_FOUND, "none"};
    case 409: return {grpc::StatusCode::ALREADY_EXISTS, "taken"};
    default: return quorum_unreachable();
  }
}

template <class Request, class Reply>
void let_wait(scripted_node& node) {
  Reply reply;
  reply.mutable_pending()->set_id("p1");
  node.answer_with<Request>(reply);
}

/// Makes the gateway answer with the status, and returns the answer.
http_answer provoke(const route& served, int status) {
  served_gateway gateway(status == 401 ? "secret" : "");
  const std::string method(served.method);
  const auto target = sample_target(served);
  const auto body = sample_body(served);
  switch (status) {
    case 200:
      if (target.ends_with("/approve")) {
        v1::ApprovePendingReply approved;
        approved.set_approved(true);
        gateway.node.answer_with<v1::ApprovePendingRequest>(approved);
      }
      break;
    case 202:
      let_wait<v1::StoreRequest, v1::StoreReply>(gateway.node);
      let_wait<v1::DeleteRequest, v1::DeleteReply>(gateway.node);
      let_wait<v1::PromoteRequest, v1::PromoteReply>(gateway.node);
      break;
    case 400:
      if (served.body != body_kind::none) return gateway.ask_for(method, target, "{\"title\":");
      if (!served.query.empty()) return gateway.ask_for(method, broken_target(served));
      [[fallthrough]];
    case 403:
    case 404:
    case 409:
    case 503: gateway.node.fail_with(failure_for(status)); break;
    case 413: return gateway.ask_for(method, target, "\"" + std::string(3u << 20, 'x') + "\"");
    case 415: return gateway.ask_for(method, target, body, {});
    case 422: return gateway.ask_for(method, target, served.body == body_kind::array ? "[7]" : "[]");
    default: break;
  }
  return gateway.ask_for(method, target, body);
}

}  // namespace

TEST_SUITE("http.statuses") {
  TEST_CASE("every documented status of every route is one it answers with") {
    for (const auto& served : net::http::routes()) {
      for (const int status : net::http::statuses_of(served)) {
        const auto seen = provoke(served, status);
        CHECK_MESSAGE(seen.status == status, name_of(served) << ": " << seen.body);
        const bool about_itself = served.path == "/api/v1/health" || served.path == "/readyz";
        if (status >= 400 && !about_itself)
          CHECK_MESSAGE(seen.parsed().contains("error"), name_of(served) << " " << status << ": " << seen.body);
        if (status == 503 && !about_itself) CHECK(seen.header("Retry-After") == "2");
      }
    }
  }

  TEST_CASE("every route documents a success and, but for the document itself and the figures, a failure") {
    for (const auto& served : net::http::routes()) {
      const auto statuses = net::http::statuses_of(served);
      CHECK_MESSAGE(statuses.front() < 300, name_of(served));
      CHECK_MESSAGE(statuses.back() >= 400, name_of(served));
    }
  }

  TEST_CASE("the document has all routes of ai-memory, and is served") {
    served_gateway gateway;
    const auto document = gateway.get("/openapi.json").parsed();
    CHECK(document["openapi"] == "3.1.0");
    for (const auto& [method, path] : of_ai_memory) {
      std::string lower(method);
      std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return static_cast<char>(c | 0x20); });
      REQUIRE_MESSAGE(document["paths"].contains(path), path);
      CHECK_MESSAGE(document["paths"][path].contains(lower), method << " " << path);
    }
    CHECK(gateway.get("/api/v1/openapi.json").parsed() == document);
    const auto store = document["paths"]["/api/v1/memories"]["post"];
    CHECK(store["requestBody"]["content"]["application/json"]["schema"]["required"] == json({"title", "content"}));
    CHECK(store["responses"].contains("503"));
    CHECK(document["paths"]["/api/v1/memories/{id}"]["get"]["parameters"][0]["in"] == "path");
  }

  TEST_CASE("an unknown path is 404, a wrong method 405 with those that would do") {
    served_gateway gateway;
    CHECK(gateway.get("/api/v1/nothing").status == 404);
    CHECK(gateway.get("/").status == 404);
    CHECK(gateway.get("/api/v1/memories/").status == 404);
    const auto wrong = gateway.ask_for("PUT", "/api/v1/memories", "{}");
    CHECK(wrong.status == 405);
    CHECK(wrong.header("Allow") == "GET, POST");
    CHECK(gateway.ask_for("PATCH", "/api/v1/memories/x", "{}").header("Allow") == "GET, PUT, DELETE");
  }

  TEST_CASE("a broken node is 500 and says no more") {
    served_gateway gateway;
    gateway.node.fail_with(grpc::Status(grpc::StatusCode::DATA_LOSS, "sector 7"));
    const auto failed = gateway.get("/api/v1/stats");
    CHECK(failed.status == 500);
    CHECK(failed.body == R"({"error":"internal server error"})");
  }
}
