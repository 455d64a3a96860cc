#include "tests/http/fixture.hpp"

using namespace quorate;
using namespace quorate::http_tests;

namespace {

bool has_line(const http_answer& page, const std::string& line) {
  return ("\n" + page.body).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_SUITE("http.system") {
  TEST_CASE("health is 200 as long as the node reads, and says whether it takes writes") {
    served_gateway served;
    const auto well = served.get("/api/v1/health");
    CHECK(well.status == 200);
    CHECK(well.parsed()["status"] == "ok");
    CHECK(well.parsed()["writes"] == true);
    CHECK(well.parsed()["reads"] == "complete");
    CHECK_FALSE(well.parsed().contains("reason"));
    v1::StatusReply status;
    for (const auto* state : {"no_quorum", "filling", "disk_full", "clock_skew"}) {
      CAPTURE(state);
      status.set_state(state);
      status.set_complete(status.state() != "filling");
      status.set_reason("b is away");
      status.set_advice("start b");
      status.clear_waiting_for();
      status.add_waiting_for("b");
      served.node.answer_with<v1::StatusRequest>(status);
      const auto unwell = served.get("/api/v1/health");
      CHECK(unwell.status == 200);
      const auto body = unwell.parsed();
      CHECK(body["status"] == "ok");
      CHECK(body["state"] == state);
      CHECK(body["reads"] == (status.complete() ? "complete" : "partial"));
      CHECK(body["writes"] == false);
      CHECK(body["reason"] == "b is away");
      CHECK(body["advice"] == "start b");
      CHECK(body["waiting_for"] == json::array({"b"}));
    }
    status.set_state("draining");
    served.node.answer_with<v1::StatusRequest>(status);
    CHECK(served.get("/api/v1/health").status == 503);
    CHECK(served.get("/api/v1/health").parsed()["status"] == "error");
    served.node.fail_with(grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone"));
    CHECK(served.get("/api/v1/health").status == 503);
    CHECK(served.get("/api/v1/health").parsed()["state"] == "unreachable");
  }

  TEST_CASE("readyz is 200 when the node takes writes, and else says why not") {
    served_gateway served("secret");
    const auto well = served.get("/readyz");
    CHECK(well.status == 200);
    CHECK(well.parsed()["writes"] == true);
    v1::StatusReply status;
    status.set_state("filling");
    status.set_reason("its disk is new");
    status.set_advice("start b");
    status.add_waiting_for("b");
    served.node.answer_with<v1::StatusRequest>(status);
    const auto unready = served.get("/readyz");
    CHECK(unready.status == 503);
    CHECK(unready.parsed()["state"] == "filling");
    CHECK(unready.parsed()["reason"] == "its disk is new");
    CHECK(unready.parsed()["advice"] == "start b");
    CHECK(unready.parsed()["waiting_for"] == json::array({"b"}));
    served.node.fail_with(grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone"));
    const auto gone = served.get("/readyz");
    CHECK(gone.status == 503);
    CHECK(gone.parsed()["writes"] == false);
    CHECK(gone.parsed()["reason"] == "gone");
  }

  TEST_CASE("a key is asked for everywhere but at health, in the header or in the query") {
    served_gateway served("se%cret");
    CHECK(served.get("/api/v1/health").status == 200);
    CHECK(served.get("/api/v1/stats").status == 401);
    CHECK(served.get("/nowhere").status == 401);
    CHECK(served.get("/api/v1/stats", {{"X-API-Key", "se%cre"}}).status == 401);
    CHECK(served.get("/api/v1/stats", {{"X-API-Key", "se%cretx"}}).status == 401);
    CHECK(served.get("/api/v1/stats", {{"x-api-key", "se%cret"}}).status == 200);
    CHECK(served.get("/api/v1/stats?a=b&api_key=se%cret").status == 200);
    CHECK(served.get("/api/v1/stats?api_key=").status == 401);
    CHECK(served.get("/api/v1/stats").parsed()["error"] == "missing or invalid API key");
  }

  TEST_CASE("the figures count what was done") {
    served_gateway served;
    v1::StatsReply stats;
    stats.set_total(42);
    served.node.answer_with<v1::StatsRequest>(stats);
    v1::StatusReply status;
    status.set_state("serving");
    status.set_writes_pending(3);
    auto& peer = *status.add_peers();
    peer.set_name("b\"\\");
    peer.set_up(true);
    peer.set_entries_behind(7);
    served.node.answer_with<v1::StatusRequest>(status);
    served.post("/api/v1/memories", {{"title", "t"}, {"content", "c"}, {"tier", "long"}});
    served.post("/api/v1/memories/bulk", {{{"title", "t"}, {"content", "c"}}, {{"title", "u"}, {"content", "c"}}});
    served.get("/api/v1/recall?context=x");
    served.node.fail_with(quorum_unreachable());
    served.post("/api/v1/memories", {{"title", "t"}, {"content", "c"}});
    served.node.fail_with({});
    const auto page = served.get("/metrics");
    CHECK(page.header("Content-Type").starts_with("text/plain; version=0.0.4"));
    for (const auto* line :
         {"ai_memory_memories 42", R"(ai_memory_store_total{tier="long",result="ok"} 1)",
          R"(ai_memory_store_total{tier="mid",result="ok"} 2)", R"(ai_memory_store_total{tier="mid",result="err"} 1)",
          R"(ai_memory_recall_total{mode="keyword"} 1)", R"(ai_memory_recall_latency_seconds_count{mode="keyword"} 1)",
          R"(quorate_http_quorum_failures_total{reason="unreachable"} 1)",
          R"(quorate_http_requests_total{method="POST",path="/api/v1/memories",status="5xx"} 1)",
          R"(quorate_node_state{state="serving"} 1)", "quorate_writes_pending 3", R"(quorate_peer_up{peer="b\"\\"} 1)",
          R"(quorate_peer_entries_behind{peer="b\"\\"} 7)"})
      CHECK_MESSAGE(has_line(page, line), line);
    served.node.fail_with(grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone"));
    const auto without_node = served.get("/api/v1/metrics");
    CHECK(without_node.status == 200);
    CHECK_FALSE(without_node.body.find("ai_memory_memories") != std::string::npos);
  }

  TEST_CASE("namespaces and stats are the node's") {
    served_gateway served;
    v1::StatsReply stats;
    stats.set_total(2);
    auto& count = *stats.add_by_namespace();
    count.set_namespace_("ops");
    count.set_count(2);
    served.node.answer_with<v1::StatsRequest>(stats);
    CHECK(served.get("/api/v1/namespaces").parsed() == json({{"namespaces", {{{"namespace", "ops"}, {"count", 2}}}}}));
    CHECK(served.get("/api/v1/stats").parsed()["total"] == 2);
    served.node.fail_with(grpc::Status(grpc::StatusCode::UNAVAILABLE, "draining"));
    CHECK(served.get("/api/v1/stats").status == 503);
    CHECK(served.get("/api/v1/namespaces").status == 503);
  }

  TEST_CASE("an escaped name of a member is the member") {
    served_gateway served;
    const auto pushed = served.ask_for(
        "POST", "/api/v1/sync/push", R"({"sender_agent_id":"x","\u006demories":[{"title":"]},{","content":"a\"b"}]})");
    CHECK(pushed.status == 200);
    CHECK(only_request<v1::StoreBatchRequest>(served).items(0).memory().content() == "a\"b");
  }
}
