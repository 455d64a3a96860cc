// Tools for records and for finding them, against a scripted node.
#include <doctest/doctest.h>

#include <cstdlib>

#include "tests/cli/fake_memory.hpp"

namespace quorate::cli::mcp {
namespace {

using grpc::Status;
using nlohmann::ordered_json;
using tests::call_tool;
using tests::check_fails;
using tests::fake_memory;
using tests::record_of;
using tests::succeed_with;

const Status not_found(grpc::StatusCode::NOT_FOUND, "no such record");

struct agent_variable {
  explicit agent_variable(const char* value) { ::setenv("QUORATE_AGENT_ID", value, 1); }
  ~agent_variable() { ::unsetenv("QUORATE_AGENT_ID"); }
};

}  // namespace

TEST_SUITE("cli.mcp.record") {
  TEST_CASE("memory_store sends all it is given and answers id, tier, title, namespace, author") {
    fake_memory node;
    v1::StoreRequest seen;
    node.on_store = [&](const v1::StoreRequest& request, v1::StoreReply* reply) {
      seen = request;
      reply->set_id("id1");
      reply->set_created(true);
      reply->add_potential_contradictions("id9");
      return Status::OK;
    };
    const auto payload = succeed_with(node, "memory_store",
                                      {{"title", "T"},
                                       {"content", "C"},
                                       {"tier", "long"},
                                       {"namespace", "ops/x"},
                                       {"tags", {"a", "b"}},
                                       {"priority", 7},
                                       {"confidence", 0.5},
                                       {"source", "user"},
                                       {"metadata", {{"z", 1}, {"a", 2}}},
                                       {"agent_id", "ann"},
                                       {"scope", "team"}});
    CHECK(payload
          == ordered_json{{"id", "id1"},
                          {"tier", "long"},
                          {"title", "T"},
                          {"namespace", "ops/x"},
                          {"agent_id", "ann"},
                          {"potential_contradictions", {"id9"}}});
    CHECK(seen.memory().tier() == v1::TIER_LONG);
    CHECK(seen.memory().namespace_() == "ops/x");
    CHECK(seen.memory().tags_size() == 2);
    CHECK(seen.memory().priority() == 7);
    CHECK(seen.memory().confidence() == 0.5);
    CHECK(seen.memory().source() == "user");
    CHECK(seen.memory().metadata() == R"({"z":1,"a":2})");
    CHECK(seen.agent_id() == "ann");
    CHECK(seen.scope() == "team");
    CHECK(seen.find_contradictions());
  }

  TEST_CASE("memory_store: defaults, a record that was there, an act that waits for an approval") {
    fake_memory node;
    v1::StoreRequest seen;
    bool waits = false;
    node.on_store = [&](const v1::StoreRequest& request, v1::StoreReply* reply) {
      seen = request;
      reply->set_id("id1");
      if (waits) {
        reply->mutable_pending()->set_id("p1");
        reply->mutable_pending()->set_action("store");
        reply->mutable_pending()->set_reason("governance requires approval");
        reply->mutable_pending()->set_namespace_("global");
      }
      return Status::OK;
    };
    const auto payload = succeed_with(node, "memory_store", {{"title", "T"}, {"content", "C"}});
    CHECK(payload["duplicate"] == true);
    CHECK(payload["namespace"] == "global");
    CHECK(payload["tier"] == "mid");
    CHECK(seen.memory().source() == "claude");
    CHECK(seen.memory().priority() == 5);
    CHECK(seen.memory().confidence() == 1.0);
    waits = true;
    const auto pending = succeed_with(node, "memory_store", {{"title", "T"}, {"content", "C"}});
    CHECK(pending["status"] == "pending");
    CHECK(pending["pending_id"] == "p1");
    CHECK(!pending.contains("id"));
  }

  TEST_CASE("memory_store says what became of a write that was not acknowledged") {
    fake_memory node;
    node.on_store = [](const v1::StoreRequest&, v1::StoreReply*) { return tests::quorum_unreachable(); };
    check_fails(node, "memory_store", {{"title", "T"}, {"content", "C"}}, "rejected: certainly not stored");
    node.on_store = [](const v1::StoreRequest&, v1::StoreReply*) { return tests::indeterminate(); };
    check_fails(node, "memory_store", {{"title", "T"}, {"content", "C"}},
                "unknown: may have been stored (copies 1 of 2");
    node.on_store = [](const v1::StoreRequest&, v1::StoreReply*) {
      return tests::invalid_field("content", "is too long");
    };
    check_fails(node, "memory_store", {{"title", "T"}, {"content", "C"}}, "content: is too long");
  }

  TEST_CASE("the author is the parameter, the metadata, the environment, the client, in that order") {
    fake_memory node;
    v1::StoreRequest seen;
    node.on_store = [&](const v1::StoreRequest& request, v1::StoreReply*) {
      seen = request;
      return Status::OK;
    };
    const ordered_json bare{{"title", "T"}, {"content", "C"}};
    auto with_metadata = bare;
    with_metadata["metadata"] = {{"agent_id", "meta"}};
    auto with_both = with_metadata;
    with_both["agent_id"] = "param";
    {
      const agent_variable variable("env");
      call_tool(node, "memory_store", with_both);
      CHECK(seen.agent_id() == "param");
      call_tool(node, "memory_store", with_metadata);
      CHECK(seen.agent_id() == "meta");
      call_tool(node, "memory_store", bare);
      CHECK(seen.agent_id() == "env");
    }
    tests::mcp_session(node.address(),
                       R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"clientInfo":{"name":"My Client!"}}})"
                       "\n" + tests::tool_call("memory_store", bare));
    CHECK_MESSAGE(seen.agent_id().starts_with("ai:My-Client@"), seen.agent_id());
    call_tool(node, "memory_store", bare);
    CHECK_MESSAGE((seen.agent_id().starts_with("host:") || seen.agent_id().starts_with("anonymous:")), seen.agent_id());
    const agent_variable broken("not legal");
    check_fails(node, "memory_store", bare, "QUORATE_AGENT_ID");
  }

  TEST_CASE("memory_get shows the record's keys and its links, by a prefix, too") {
    fake_memory node;
    v1::GetRequest seen;
    node.on_get = [&](const v1::GetRequest& request, v1::GetReply* reply) {
      seen = request;
      if (request.id() == "none") return not_found;
      *reply->mutable_memory() = record_of("id1");
      auto& link = *reply->add_links();
      link.set_source_id("id1");
      link.set_target_id("id2");
      link.set_relation("supersedes");
      return Status::OK;
    };
    const auto payload = succeed_with(node, "memory_get", {{"id", "id"}});
    CHECK(payload["id"] == "id1");
    CHECK(payload["metadata"]["agent_id"] == "ann");
    CHECK(payload["links"][0]["relation"] == "supersedes");
    CHECK(seen.allow_prefix());
    CHECK(seen.with_links());
    check_fails(node, "memory_get", {{"id", "none"}}, "not_found");
  }

  TEST_CASE("memory_update sends only what is given") {
    fake_memory node;
    v1::UpdateRequest seen;
    node.on_update = [&](const v1::UpdateRequest& request, v1::StoreReply* reply) {
      seen = request;
      if (request.id() == "none") return not_found;
      *reply->mutable_memory() = record_of("id1", "new");
      return Status::OK;
    };
    const auto payload = succeed_with(
        node, "memory_update", {{"id", "id1"}, {"title", "new"}, {"tags", ordered_json::array()}, {"expires_at", ""}});
    CHECK(payload["updated"] == true);
    CHECK(payload["memory"]["title"] == "new");
    CHECK(seen.title() == "new");
    CHECK(seen.has_tags());
    CHECK(seen.has_expires_at());
    CHECK(!seen.has_content());
    CHECK(!seen.has_priority());
    CHECK(!seen.has_metadata());
    check_fails(node, "memory_update", {{"id", "none"}, {"title", "x"}}, "not_found");
  }

  TEST_CASE("memory_delete and memory_promote act for the caller") {
    fake_memory node;
    node.on_delete = [&](const v1::DeleteRequest& request, v1::DeleteReply* reply) {
      CHECK(request.agent_id() == "ann");
      CHECK(!request.allow_prefix());
      if (request.id() == "none") return not_found;
      reply->set_id(request.id());
      return Status::OK;
    };
    node.on_Promote = [&](const v1::PromoteRequest& request, v1::PromoteReply* reply) {
      if (request.id() == "none") return not_found;
      reply->set_id(request.id());
      if (!request.to_namespace().empty()) reply->set_clone_id("clone");
      return Status::OK;
    };
    CHECK(succeed_with(node, "memory_delete", {{"id", "id1"}, {"agent_id", "ann"}})["deleted"] == true);
    check_fails(node, "memory_delete", {{"id", "none"}, {"agent_id", "ann"}}, "not_found");
    CHECK(succeed_with(node, "memory_promote", {{"id", "id1"}})
          == ordered_json{{"promoted", true}, {"mode", "tier"}, {"id", "id1"}, {"tier", "long"}});
    CHECK(succeed_with(node, "memory_promote", {{"id", "id1"}, {"to_namespace", "a"}})["clone_id"] == "clone");
    check_fails(node, "memory_promote", {{"id", "none"}}, "not_found");
  }
}

TEST_SUITE("cli.mcp.recall") {
  TEST_CASE("memory_recall sends its filters, lowers the limit and rounds scores") {
    fake_memory node;
    v1::RecallRequest seen;
    node.on_Recall = [&](const v1::RecallRequest& request, v1::RecallReply* reply) {
      seen = request;
      if (request.context() == "bad") return tests::invalid_field("context", "must not be blank");
      auto& found = *reply->add_found();
      *found.mutable_memory() = record_of("id1");
      found.set_score(1.23456);
      reply->set_mode("keyword");
      reply->set_tokens_used(12);
      return Status::OK;
    };
    node.on_GetStandard = [](const v1::GetStandardRequest&, v1::GetStandardReply*) { return Status::OK; };
    const auto payload = succeed_with(node, "memory_recall",
                                      {{"context", "keys"},
                                       {"namespace", "ops"},
                                       {"limit", 5'000},
                                       {"tags", "a,b"},
                                       {"since", "2026-01-01T00:00:00Z"},
                                       {"as_agent", "ops/x"},
                                       {"budget_tokens", 100},
                                       {"context_tokens", {"deploy"}}});
    CHECK(payload["count"] == 1);
    CHECK(payload["memories"][0]["score"] == 1.235);
    CHECK(payload["mode"] == "keyword");
    CHECK(payload["tokens_used"] == 12);
    CHECK(payload["budget_tokens"] == 100);
    CHECK(!payload.contains("standard"));
    CHECK(seen.limit() == 50);
    CHECK(seen.filter().namespace_() == "ops");
    CHECK(seen.filter().tag() == "a,b");
    CHECK(seen.as_agent() == "ops/x");
    CHECK(seen.budget_tokens() == 100);
    CHECK(seen.context_tokens_size() == 1);
    check_fails(node, "memory_recall", {{"context", "bad"}}, "context: must not be blank");
    check_fails(node, "memory_recall", {{"context", "x"}, {"limit", 0}}, "limit: must be from 1 to 50");
    check_fails(node, "memory_recall", {{"context", "x"}, {"format", "xml"}}, "format: must be one of");
  }

  TEST_CASE("standards of the namespace stand beside what is recalled, and not among it") {
    fake_memory node;
    node.on_Recall = [](const v1::RecallRequest&, v1::RecallReply* reply) {
      for (const char* id : {"s1", "id1", "s2"}) *reply->add_found()->mutable_memory() = record_of(id);
      reply->set_mode("keyword");
      return Status::OK;
    };
    int standards = 1;
    std::string asked;
    node.on_GetStandard = [&](const v1::GetStandardRequest& request, v1::GetStandardReply* reply) {
      CHECK(request.inherit());
      asked = request.namespace_();
      for (int i = 1; i <= standards; ++i) {
        auto& standard = *reply->add_standards();
        standard.set_namespace_("ops");
        standard.set_standard_id("s" + std::to_string(i));
        standard.set_found(true);
        standard.set_title("Rules");
        standard.set_content("be kind");
        standard.set_governance("{}");
      }
      return Status::OK;
    };
    const auto one = succeed_with(node, "memory_recall", {{"context", "x"}, {"namespace", "ops"}});
    CHECK(asked == "ops");
    CHECK(one["standard"]["id"] == "s1");
    CHECK(one["standard"]["content"] == "be kind");
    CHECK(one["count"] == 2);
    CHECK(one["memories"].size() == 2);
    standards = 2;
    const auto both = succeed_with(node, "memory_recall", {{"context", "x"}});
    CHECK(asked == "*");
    CHECK(both["standards"].size() == 2);
    CHECK(both["count"] == 1);
    CHECK(both["memories"][0]["id"] == "id1");
    const auto table = call_tool(node, "memory_recall", {{"context", "x"}, {"format", "toon"}});
    CHECK_MESSAGE(
        table.text.find("standards[id|title|content]:\ns1|Rules|be kind\ns2|Rules|be kind\n") != std::string::npos,
        table.text);
    node.on_GetStandard = nullptr;
    const auto without = succeed_with(node, "memory_recall", {{"context", "x"}});
    CHECK(without["count"] == 3);
    CHECK(without["warning"].get<std::string>().find("standards") != std::string::npos);
  }

  TEST_CASE("memory_search") {
    fake_memory node;
    v1::SearchRequest seen;
    node.on_Search = [&](const v1::SearchRequest& request, v1::SearchReply* reply) {
      seen = request;
      if (request.query() == "bad") return tests::invalid_field("query", "must not be blank");
      *reply->add_memories() = record_of("id1");
      return Status::OK;
    };
    const auto payload =
        succeed_with(node, "memory_search", {{"query", "keys"}, {"tier", "long"}, {"agent_id", "ann"}});
    CHECK(payload["results"][0]["id"] == "id1");
    CHECK(payload["count"] == 1);
    CHECK(seen.limit() == 20);
    CHECK(seen.filter().tier() == v1::TIER_LONG);
    CHECK(seen.filter().agent_id() == "ann");
    check_fails(node, "memory_search", {{"query", "bad"}}, "query: must not be blank");
  }

  TEST_CASE("memory_list and memory_session_start list by priority, over several pages of the node") {
    fake_memory node;
    node.on_list = [&](const v1::ListRequest& request, v1::ListReply* reply) {
      CHECK(request.order() == v1::LIST_ORDER_PRIORITY);
      if (request.filter().namespace_() == "down") return Status(grpc::StatusCode::UNAVAILABLE, "down");
      const int first = request.cursor().empty() ? 0 : std::stoi(request.cursor());
      for (int i = first; i < first + 2; ++i) *reply->add_memories() = record_of("id" + std::to_string(i));
      reply->set_next_cursor(std::to_string(first + 2));
      return Status::OK;
    };
    node.on_GetStandard = [](const v1::GetStandardRequest&, v1::GetStandardReply*) { return Status::OK; };
    CHECK(succeed_with(node, "memory_list", {{"limit", 4}})["count"] == 4);
    const auto start = succeed_with(node, "memory_session_start", {{"limit", 2}});
    CHECK(start["mode"] == "session_start");
    CHECK(start["memories"][1]["score"] == 0.0);
    check_fails(node, "memory_list", {{"namespace", "down"}}, "unavailable");
    check_fails(node, "memory_session_start", {{"namespace", "down"}}, "unavailable");
  }
}

}  // namespace quorate::cli::mcp
