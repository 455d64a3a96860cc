#include "tests/http/fixture.hpp"

using namespace quorate;
using namespace quorate::http_tests;

namespace {

/// Answers a listing from a row of records, with cursors that are numbers, as small pages as the test likes.
void list_from(scripted_node& node, std::vector<v1::MemoryRecord> records, std::size_t page_max) {
  node.on<v1::ListRequest, v1::ListReply>([=](const v1::ListRequest& in, v1::ListReply* out) {
    std::size_t at = in.cursor().empty() ? in.offset() : std::stoul(in.cursor());
    for (std::size_t n = 0; n < std::min<std::size_t>(page_max, in.limit()) && at < records.size(); ++n)
      *out->add_memories() = records[at++];
    if (at < records.size()) out->set_next_cursor(std::to_string(at));
    return grpc::Status::OK;
  });
}

std::vector<v1::MemoryRecord> row_of(std::size_t count) {
  std::vector<v1::MemoryRecord> row;
  for (std::size_t i = 0; i < count; ++i) row.push_back(sample_record(std::to_string(i)));
  return row;
}

}  // namespace

TEST_SUITE("http.memories") {
  TEST_CASE("what is not UTF-8 goes to no node") {
    served_gateway served;
    CHECK(served.ask_for("GET", "/api/v1/memories/%DA%D2").status == 404);
    CHECK(served.ask_for("GET", "/api/v1/memories?namespace=%FF").status == 400);
    CHECK(served.node.asked<v1::GetRequest>().empty());
    CHECK(served.node.asked<v1::ListRequest>().empty());
  }

  TEST_CASE("a stored record goes to the node as it was written, and the answer names it") {
    served_gateway served;
    v1::StoreReply reply;
    reply.set_id("abc");
    reply.set_copies(2);
    reply.set_session("1.2.3");
    reply.add_potential_contradictions("other");
    served.node.answer_with<v1::StoreRequest>(reply);
    const auto stored = served.ask_for(
        "POST", "/api/v1/memories",
        R"({"title":"T","content":"c","tags":["x","x"],"priority":7,"confidence":0.25,"source":"chaos","ttl_secs":60,)"
        R"("metadata":{"n":123456789012345678901234567890},"agent_id":"ai:me","scope":"team","unknown":{}})");
    CHECK(stored.status == 201);
    CHECK(stored.header("X-Session-Token") == "1.2.3");
    CHECK(stored.parsed()
          == json({{"id", "abc"},
                   {"tier", "mid"},
                   {"namespace", "global"},
                   {"title", "T"},
                   {"agent_id", "ai:me"},
                   {"quorum_acks", 2},
                   {"potential_contradictions", {"other"}}}));
    const auto asked = only_request<v1::StoreRequest>(served);
    CHECK(asked.memory().metadata() == R"({"n":123456789012345678901234567890})");
    CHECK(asked.memory().tags_size() == 2);
    CHECK(asked.memory().priority() == 7);
    CHECK(asked.memory().confidence() == 0.25);
    CHECK(asked.memory().source() == "chaos");
    CHECK(asked.ttl_seconds() == 60);
    CHECK(asked.agent_id() == "ai:me");
    CHECK(asked.scope() == "team");
    CHECK(asked.find_contradictions());
    CHECK_FALSE(asked.full_record());
  }

  TEST_CASE("the caller is the body's, else the header's, else a new name") {
    served_gateway served;
    const auto caller = [&](const char* body, header_list headers) {
      return served.ask_for("POST", "/api/v1/memories", body, headers).parsed()["agent_id"].get<std::string>();
    };
    const auto* named = R"({"title":"t","content":"c","agent_id":"body"})";
    const auto* unnamed = R"({"title":"t","content":"c","agent_id":""})";
    CHECK(caller(named, {{"Content-Type", "application/json"}, {"X-Agent-Id", "header"}}) == "body");
    CHECK(caller(unnamed, {{"Content-Type", "application/json"}, {"x-agent-id", "header"}}) == "header");
    const auto first = caller(unnamed, {{"Content-Type", "application/json"}});
    const auto second = caller(unnamed, {{"Content-Type", "application/json"}});
    CHECK(first.starts_with("anonymous:req-"));
    CHECK(first != second);
  }

  TEST_CASE("a body of the wrong shape is 422 and names the field, before the node is asked") {
    served_gateway served;
    const auto refused = [&](const char* body) { return served.ask_for("POST", "/api/v1/memories", body); };
    for (const auto* body :
         {R"({"title":"t"})", R"({"title":1,"content":"c"})", R"({"title":"t","content":"c","tier":"medium"})",
          R"({"title":"t","content":"c","tags":"a"})", R"({"title":"t","content":"c","tags":[1]})",
          R"({"title":"t","content":"c","priority":1.5})", R"({"title":"t","content":"c","priority":3000000000})",
          R"({"title":"t","content":"c","ttl_secs":18446744073709551615})", R"({"title":null,"content":"c"})",
          R"(["title"])", "7"}) {
      const auto answer = refused(body);
      CHECK_MESSAGE(answer.status == 422, body << ": " << answer.body);
    }
    CHECK(refused(R"({"title":"t","content":"c","priority":"high"})").parsed()["error"]
          == "priority must be an integer of 32 bits");
    for (const auto* body : {"", "{", R"({"title":"t","content":"c"}})", "{\"title\":\"\xff\",\"content\":\"c\"}",
                             R"({"title":"t","content":"c","metadata":null})",
                             R"({"title":"t","content":"c","metadata":{"a":1,"a":2}})"}) {
      const auto answer = refused(body);
      CHECK_MESSAGE(answer.status == 400, body << ": " << answer.body);
    }
    CHECK(served.node.asked<v1::StoreRequest>().empty());
  }

  TEST_CASE("nesting costs an answer, not the stack") {
    served_gateway served;
    const std::string deep(1'000'000, '[');
    CHECK(served.ask_for("POST", "/api/v1/memories", R"({"title":"t","content":"c","metadata":{"a":)" + deep).status
          == 400);
    CHECK(served.ask_for("POST", "/api/v1/memories", deep).status == 400);
    // A bracket in a text is no level.
    CHECK(
        served.ask_for("POST", "/api/v1/memories", R"({"title":"t","content":")" + deep.substr(0, 1'000) + "\"}").status
        == 201);
  }

  TEST_CASE("a write without its copies is 503 and says what is known of it") {
    served_gateway served;
    served.node.fail_with(quorum_unreachable());
    const auto rejected = served.post("/api/v1/memories", {{"title", "t"}, {"content", "c"}});
    CHECK(rejected.status == 503);
    CHECK(rejected.header("Retry-After") == "2");
    CHECK(rejected.parsed()
          == json({{"error", "quorum_not_met"},
                   {"got", 1},
                   {"needed", 2},
                   {"reason", "unreachable"},
                   {"outcome", "rejected"}}));
    served.node.fail_with(
        write_failure(grpc::StatusCode::UNAVAILABLE, v1::WriteFailure::INDETERMINATE, "quorum_timeout", 1, 3));
    const auto unknown = served.post("/api/v1/memories", {{"title", "t"}, {"content", "c"}}).parsed();
    CHECK(unknown["reason"] == "timeout");
    CHECK(unknown["outcome"] == "indeterminate");
    CHECK(unknown["needed"] == 3);
    served.node.fail_with(
        write_failure(grpc::StatusCode::RESOURCE_EXHAUSTED, v1::WriteFailure::REJECTED, "disk_full", 0, 2));
    const auto full = served.post("/api/v1/memories", {{"title", "t"}, {"content", "c"}});
    CHECK(full.status == 503);
    CHECK(full.parsed()["reason"] == "disk_full");
    CHECK(full.parsed()["error"] != "quorum_not_met");
    served.node.fail_with(write_failure(grpc::StatusCode::ABORTED, v1::WriteFailure::SUPERSEDED, "superseded", 2, 2));
    const auto late = served.post("/api/v1/memories", {{"title", "t"}, {"content", "c"}});
    CHECK(late.status == 409);
    CHECK(late.parsed()["outcome"] == "superseded");
  }

  TEST_CASE("a store that waits for an approval is 202 with its number") {
    served_gateway served;
    v1::StoreReply reply;
    reply.mutable_pending()->set_id("p1");
    reply.mutable_pending()->set_action("store");
    reply.mutable_pending()->set_reason("governance requires approval");
    reply.mutable_pending()->set_namespace_("ops");
    served.node.answer_with<v1::StoreRequest>(reply);
    const auto waiting = served.post("/api/v1/memories", {{"title", "t"}, {"content", "c"}, {"namespace", "ops"}});
    CHECK(waiting.status == 202);
    CHECK(waiting.parsed()
          == json({{"status", "pending"},
                   {"pending_id", "p1"},
                   {"reason", "governance requires approval"},
                   {"action", "store"},
                   {"namespace", "ops"}}));
  }

  TEST_CASE("a listing asks for ai-memory's order, 200 a page and no more than 1,000") {
    served_gateway served;
    list_from(served.node, row_of(1'500), 1'000);
    const auto page = served.get("/api/v1/memories").parsed();
    CHECK(page["count"] == 200);
    CHECK(page["memories"].size() == 200);
    CHECK(page["memories"][199]["title"] == "199");
    const auto next =
        served.get("/api/v1/memories?limit=1000000&cursor=" + page["next_cursor"].get<std::string>()).parsed();
    CHECK(next["count"] == 1'000);
    CHECK(next["memories"][0]["title"] == "200");
    const auto last =
        served.get("/api/v1/memories?limit=400&cursor=" + next["next_cursor"].get<std::string>()).parsed();
    CHECK(last["count"] == 300);
    CHECK_FALSE(last.contains("next_cursor"));
    CHECK(served.node.asked<v1::ListRequest>().front().order() == v1::LIST_ORDER_PRIORITY);
    CHECK(served.get("/api/v1/memories?limit=0").parsed()["count"] == 0);
    CHECK(served.get("/api/v1/memories?limit=-1").status == 400);
    CHECK(served.get("/api/v1/memories?cursor=xyz").status == 400);
  }

  TEST_CASE("a page that the node cuts short is filled from the next ones") {
    served_gateway served;
    list_from(served.node, row_of(100), 7);
    const auto page = served.get("/api/v1/memories?limit=50&offset=10").parsed();
    CHECK(page["count"] == 50);
    CHECK(page["memories"][0]["title"] == "10");
    CHECK(page["memories"][49]["title"] == "59");
    CHECK(page.contains("next_cursor"));
  }

  TEST_CASE("the filter of a listing goes to the node") {
    served_gateway served;
    const auto listed = served.get(
        "/api/v1/memories?namespace=a%2Fb+c&tier=long&min_priority=3&since=2026-01-01T00:00:00Z&until=2026-02-01T00:"
        "00:00%2B01:00&tags=x,y&agent_id=ai:me&unknown=1",
        {{"X-Session-Token", "1.2.3"}});
    CHECK(listed.status == 200);
    const auto asked = only_request<v1::ListRequest>(served);
    CHECK(asked.filter().namespace_() == "a/b c");
    CHECK(asked.filter().tier() == v1::TIER_LONG);
    CHECK(asked.filter().min_priority() == 3);
    CHECK(asked.filter().since() == "2026-01-01T00:00:00Z");
    CHECK(asked.filter().until() == "2026-02-01T00:00:00+01:00");
    CHECK(asked.filter().tag() == "x,y");
    CHECK(asked.filter().agent_id() == "ai:me");
    CHECK(asked.session() == "1.2.3");
    CHECK(served.get("/api/v1/memories?tier=medium").status == 400);
    CHECK(served.get("/api/v1/memories?namespace=%zz").status == 400);
  }

  TEST_CASE("a record is read by an id or the beginning of one, with its links") {
    served_gateway served;
    v1::GetReply reply;
    *reply.mutable_memory() = sample_record("one");
    auto& link = *reply.add_links();
    link.set_source_id("id-one");
    link.set_target_id("id-two");
    link.set_relation("supersedes");
    served.node.answer_with<v1::GetRequest>(reply);
    const auto found = served.get("/api/v1/memories/a%20b").parsed();
    CHECK(found["memory"]["title"] == "one");
    CHECK(found["links"][0]["relation"] == "supersedes");
    const auto asked = only_request<v1::GetRequest>(served);
    CHECK(asked.id() == "a b");
    CHECK(asked.allow_prefix());
    CHECK(asked.with_links());
    served.node.fail_with(grpc::Status(grpc::StatusCode::NOT_FOUND, "no live record of that id or name"));
    CHECK(served.get("/api/v1/memories/a").status == 404);
  }

  TEST_CASE("a change sends what is given and nothing else") {
    served_gateway served;
    v1::StoreReply reply;
    *reply.mutable_memory() = sample_record("new");
    reply.set_session("1.2.3");
    served.node.answer_with<v1::UpdateRequest>(reply);
    const auto changed = served.ask_for(
        "PUT", "/api/v1/memories/x",
        R"({"title":"new","tags":[],"priority":null,"metadata" : {"n": 18446744073709551616},"tier":"long"})");
    CHECK(changed.status == 200);
    CHECK(changed.parsed()["title"] == "new");
    CHECK(changed.header("X-Session-Token") == "1.2.3");
    const auto asked = only_request<v1::UpdateRequest>(served);
    CHECK(asked.id() == "x");
    CHECK(asked.title() == "new");
    CHECK(asked.has_tags());
    CHECK(asked.tags().values().empty());
    CHECK_FALSE(asked.has_priority());
    CHECK_FALSE(asked.has_content());
    CHECK(asked.tier() == v1::TIER_LONG);
    CHECK(asked.metadata() == R"({"n": 18446744073709551616})");
    served.node.fail_with(grpc::Status(grpc::StatusCode::ALREADY_EXISTS, "title already exists in namespace"));
    const auto taken = served.ask_for("PUT", "/api/v1/memories/x", R"({"title":"new"})");
    CHECK(taken.status == 409);
    CHECK(taken.parsed()["error"] == "title already exists in namespace");
  }

  TEST_CASE("a delete without a body is answered at once") {
    served_gateway served;
    v1::DeleteReply reply;
    reply.set_session("4.5.6");
    served.node.answer_with<v1::DeleteRequest>(reply);
    const auto removed = served.ask_for("DELETE", "/api/v1/memories/x", "", {{"X-Agent-Id", "ai:me"}});
    CHECK(removed.parsed() == json({{"deleted", true}}));
    CHECK(removed.header("X-Session-Token") == "4.5.6");
    CHECK(only_request<v1::DeleteRequest>(served).agent_id() == "ai:me");
    served.node.fail_with(grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "delete denied by governance: owner"));
    const auto denied = served.ask_for("DELETE", "/api/v1/memories/x");
    CHECK(denied.status == 403);
    CHECK(denied.parsed()["error"] == "delete denied by governance: owner");
  }

  TEST_CASE("a promotion says so; one that waits names the record") {
    served_gateway served;
    v1::PromoteReply reply;
    reply.set_id("full-id");
    served.node.answer_with<v1::PromoteRequest>(reply);
    CHECK(served.ask_for("POST", "/api/v1/memories/full/promote").parsed()
          == json({{"promoted", true}, {"id", "full-id"}, {"tier", "long"}}));
    reply.mutable_pending()->set_memory_id("full-id");
    served.node.answer_with<v1::PromoteRequest>(reply);
    const auto waiting = served.ask_for("POST", "/api/v1/memories/full/promote", "", {});
    CHECK(waiting.status == 202);
    CHECK(waiting.parsed()["memory_id"] == "full-id");
  }
}
