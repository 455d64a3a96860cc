// Recall, curation, links, archive, agents, approvals: what goes to the node, and what comes back.
#include "tests/http/fixture.hpp"

using namespace quorate;
using namespace quorate::http_tests;

namespace {

const grpc::Status not_found(grpc::StatusCode::NOT_FOUND, "no live record of that id or name");

}  // namespace

TEST_SUITE("http.translation") {
  TEST_CASE("recall says the same by query and by body") {
    served_gateway served;
    v1::RecallReply reply;
    auto& found = *reply.add_found();
    *found.mutable_memory() = sample_record("one");
    found.set_score(1.23456);
    reply.set_tokens_used(17);
    served.node.answer_with<v1::RecallRequest>(reply);
    const auto by_query =
        served.get("/api/v1/recall?context=two+words&namespace=a&limit=99&tags=x&as_agent=a/b&budget_tokens=50");
    const auto by_body = served.post("/api/v1/recall", {{"context", "two words"},
                                                        {"namespace", "a"},
                                                        {"limit", 99},
                                                        {"tags", "x"},
                                                        {"as_agent", "a/b"},
                                                        {"budget_tokens", 50}});
    CHECK(by_query.body == by_body.body);
    const auto body = by_query.parsed();
    CHECK(body["memories"][0]["score"] == 1.235);
    CHECK(body["memories"][0]["title"] == "one");
    CHECK(body["count"] == 1);
    CHECK(body["tokens_used"] == 17);
    CHECK(body["budget_tokens"] == 50);
    const auto asked = served.node.asked<v1::RecallRequest>();
    REQUIRE(asked.size() == 2);
    CHECK(asked[0].SerializeAsString() == asked[1].SerializeAsString());
    CHECK(asked[0].limit() == 50);
    CHECK(asked[0].filter().tag() == "x");
    served.node.fail_with(invalid_field("context", "must not be blank"));
    CHECK(served.post("/api/v1/recall", {{"context", " "}}).status == 400);
    CHECK(served.post("/api/v1/recall", json::object()).status == 422);
  }

  TEST_CASE("search gives its query back") {
    served_gateway served;
    v1::SearchReply reply;
    *reply.add_memories() = sample_record("one");
    served.node.answer_with<v1::SearchRequest>(reply);
    const auto found = served.get("/api/v1/search?q=say+%22one%22&limit=1000&tier=mid").parsed();
    CHECK(found["results"][0]["title"] == "one");
    CHECK(found["count"] == 1);
    CHECK(found["query"] == "say \"one\"");
    CHECK(only_request<v1::SearchRequest>(served).limit() == 200);
    CHECK(served.get("/api/v1/search").status == 400);
  }

  TEST_CASE("forget, consolidate, collect") {
    served_gateway served;
    v1::ForgetReply forgotten;
    forgotten.set_deleted(3);
    served.node.answer_with<v1::ForgetRequest>(forgotten);
    CHECK(served.post("/api/v1/forget", {{"pattern", "old"}, {"tier", "short"}}).parsed() == json({{"deleted", 3}}));
    CHECK(only_request<v1::ForgetRequest>(served).tier() == v1::TIER_SHORT);
    CHECK_FALSE(only_request<v1::ForgetRequest>(served).keep_no_archive());
    v1::ConsolidateReply sum;
    sum.set_id("sum");
    sum.set_consolidated(2);
    served.node.answer_with<v1::ConsolidateRequest>(sum);
    const json wanted{{"ids", {"a", "b"}}, {"title", "t"}, {"summary", "s"}, {"agent_id", "ai:me"}};
    CHECK(served.post("/api/v1/consolidate", wanted).parsed() == json({{"id", "sum"}, {"consolidated", 2}}));
    CHECK(only_request<v1::ConsolidateRequest>(served).tier() == v1::TIER_LONG);
    CHECK(only_request<v1::ConsolidateRequest>(served).agent_id() == "ai:me");
    v1::CollectExpiredReply collected;
    collected.set_collected(5);
    served.node.answer_with<v1::CollectExpiredRequest>(collected);
    CHECK(served.ask_for("POST", "/api/v1/gc", "", {}).parsed() == json({{"expired_deleted", 5}}));
    served.node.fail_with(not_found);
    CHECK(served.post("/api/v1/consolidate", wanted).status == 404);
    served.node.fail_with(invalid_field("namespace", "give at least one of namespace, pattern and tier"));
    CHECK(served.post("/api/v1/forget", json::object()).status == 400);
  }

  TEST_CASE("links") {
    served_gateway served;
    CHECK(served.post("/api/v1/links", {{"source_id", "a"}, {"target_id", "b"}}).parsed() == json({{"linked", true}}));
    served.node.on<v1::ListLinksRequest, v1::ListLinksReply>(
        [](const v1::ListLinksRequest& in, v1::ListLinksReply* out) {
          auto& link = *out->add_links();
          link.set_source_id(in.id());
          link.set_target_id(in.cursor().empty() ? "b" : "c");
          if (in.cursor().empty()) out->set_next_cursor("more");
          return grpc::Status::OK;
        });
    const auto links = served.get("/api/v1/links/a").parsed()["links"];
    REQUIRE(links.size() == 2);
    CHECK(links[1]["target_id"] == "c");
    served.node.fail_with(not_found);
    CHECK(served.post("/api/v1/links", {{"source_id", "a"}, {"target_id", "b"}}).status == 404);
  }

  TEST_CASE("archive") {
    served_gateway served;
    v1::ListArchiveReply listed;
    auto& archived = *listed.add_archived();
    *archived.mutable_memory() = sample_record("old");
    archived.set_archive_reason("forget");
    served.node.answer_with<v1::ListArchiveRequest>(listed);
    const auto page = served.get("/api/v1/archive?limit=5000&offset=2").parsed();
    CHECK(page["count"] == 1);
    CHECK(page["archived"][0]["archive_reason"] == "forget");
    CHECK(only_request<v1::ListArchiveRequest>(served).limit() == 1'000);
    CHECK(only_request<v1::ListArchiveRequest>(served).offset() == 2);
    v1::PurgeArchiveReply purged;
    purged.set_purged(4);
    served.node.answer_with<v1::PurgeArchiveRequest>(purged);
    CHECK(served.ask_for("DELETE", "/api/v1/archive?older_than_days=7").parsed() == json({{"purged", 4}}));
    CHECK(only_request<v1::PurgeArchiveRequest>(served).older_than_days() == 7);
    v1::RestoreArchivedReply restored;
    restored.set_id("x");
    served.node.answer_with<v1::RestoreArchivedRequest>(restored);
    CHECK(served.ask_for("POST", "/api/v1/archive/x/restore").parsed() == json({{"restored", true}, {"id", "x"}}));
    v1::ArchiveStatsReply stats;
    stats.set_total(9);
    served.node.answer_with<v1::ArchiveStatsRequest>(stats);
    CHECK(served.get("/api/v1/archive/stats").parsed()["archived_total"] == 9);
    served.node.fail_with(invalid_field("older_than_days", "must be 0 or more"));
    CHECK(served.ask_for("DELETE", "/api/v1/archive?older_than_days=-1").status == 400);
  }

  TEST_CASE("agents and approvals") {
    served_gateway served;
    v1::RegisterAgentReply enrolled;
    enrolled.set_id("r");
    enrolled.mutable_agent()->set_agent_id("ai:x");
    enrolled.mutable_agent()->add_capabilities("read");
    served.node.answer_with<v1::RegisterAgentRequest>(enrolled);
    const auto agent =
        served.post("/api/v1/agents", {{"agent_id", "ai:x"}, {"agent_type", "human"}, {"capabilities", {"read"}}});
    CHECK(agent.status == 201);
    CHECK(agent.parsed()["registered"] == true);
    CHECK(agent.parsed()["capabilities"] == json({"read"}));
    v1::ApprovePendingReply vote;
    vote.set_votes(1);
    vote.set_votes_needed(2);
    served.node.answer_with<v1::ApprovePendingRequest>(vote);
    const header_list as_me{{"X-Agent-Id", "ai:me"}};
    const auto waiting = served.ask_for("POST", "/api/v1/pending/p/approve", "", as_me);
    CHECK(waiting.status == 202);
    CHECK(waiting.parsed()["votes"] == 1);
    CHECK(waiting.parsed()["quorum"] == 2);
    vote.set_approved(true);
    vote.set_memory_id("m");
    served.node.answer_with<v1::ApprovePendingRequest>(vote);
    CHECK(served.ask_for("POST", "/api/v1/pending/p/approve", "", as_me).parsed()
          == json({{"approved", true}, {"id", "p"}, {"decided_by", "ai:me"}, {"executed", true}, {"memory_id", "m"}}));
    CHECK(served.ask_for("POST", "/api/v1/pending/p/reject", "", as_me).parsed()
          == json({{"rejected", true}, {"id", "p"}, {"decided_by", "ai:me"}}));
    CHECK(served.get("/api/v1/pending?status=pending&limit=5000").parsed()
          == json({{"count", 0}, {"pending", json::array()}}));
    CHECK(only_request<v1::ListPendingRequest>(served).limit() == 1'000);
    served.node.fail_with(grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "only ai:boss may approve"));
    CHECK(served.ask_for("POST", "/api/v1/pending/p/approve").status == 403);
  }
}
