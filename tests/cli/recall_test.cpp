// The verbs that find and count records: search, recall, stats, namespaces.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/fake_node.hpp"

using namespace quorate;
using namespace quorate::cli::tests;
using nlohmann::json;

namespace {

using list = std::vector<std::string>;

void fill(v1::MemoryRecord& record, const std::string& title) {
  record.set_id("id-" + title);
  record.set_tier(v1::TIER_MID);
  record.set_namespace_("n");
  record.set_title(title);
  record.set_content("about " + title);
  record.set_metadata("{}");
}

/// Answers every recall with two records and keeps what was asked.
void serve_recall(fake_node& node, v1::RecallRequest& seen) {
  node.on_Recall = [&seen](const v1::RecallRequest& request, v1::RecallReply* reply) {
    seen = request;
    auto& first = *reply->add_found();
    fill(*first.mutable_memory(), "A");
    first.set_score(7.12349);
    auto& second = *reply->add_found();
    fill(*second.mutable_memory(), "B");
    second.set_score(1);
    reply->set_mode("keyword");
    reply->set_tokens_used(12);
    reply->set_touched(true);
    return grpc::Status::OK;
  };
}

}  // namespace

TEST_SUITE("cli.recall") {
  TEST_CASE("recall sends what its flags say and prints one object with scores") {
    fake_node node;
    v1::RecallRequest seen;
    serve_recall(node, seen);
    const auto run = run_at(node, {"recall",
                                   "what",
                                   "was it",
                                   "-n",
                                   "n/m",
                                   "--limit",
                                   "5",
                                   "--tags",
                                   "x",
                                   "--since",
                                   "2026-01-01T00:00:00Z",
                                   "--until",
                                   "2027-01-01T00:00:00Z",
                                   "--as-agent",
                                   "a/b",
                                   "--budget-tokens",
                                   "500",
                                   "--context-tokens",
                                   "red, blue",
                                   "--ranker",
                                   "bm25f",
                                   "--json"});
    CHECK(run.exit == 0);
    CHECK(run.err.empty());
    CHECK(one_line(run.out));
    CHECK(keys_of(run.out) == list{"memories", "count", "mode", "tokens_used", "budget_tokens"});
    const auto object = json::parse(run.out);
    CHECK(object["count"] == 2);
    CHECK(object["memories"][0]["title"] == "A");
    CHECK(object["memories"][0]["score"] == 7.123);
    CHECK(object["mode"] == "keyword");
    CHECK(object["tokens_used"] == 12);
    CHECK(object["budget_tokens"] == 500);
    CHECK(seen.context() == "what was it");
    CHECK(seen.limit() == 5);
    CHECK(seen.filter().namespace_() == "n/m");
    CHECK(seen.filter().tag() == "x");
    CHECK(seen.filter().since() == "2026-01-01T00:00:00Z");
    CHECK(seen.filter().until() == "2027-01-01T00:00:00Z");
    CHECK(seen.as_agent() == "a/b");
    CHECK(seen.budget_tokens() == 500);
    CHECK(list(seen.context_tokens().begin(), seen.context_tokens().end()) == list{"red", "blue"});
    CHECK(seen.ranker() == v1::RANKER_BM25F);
    CHECK_FALSE(seen.leave_untouched());
  }

  TEST_CASE("recall without flags takes ten by the classic ranker, without a budget") {
    fake_node node;
    v1::RecallRequest seen;
    serve_recall(node, seen);
    const auto run = run_at(node, {"recall", "list", "--json"});
    CHECK(run.exit == 0);
    CHECK(keys_of(run.out) == list{"memories", "count", "mode", "tokens_used"});
    CHECK(seen.context() == "list");
    CHECK(seen.limit() == 10);
    CHECK(seen.ranker() == v1::RANKER_CLASSIC);
    CHECK_FALSE(seen.has_budget_tokens());
    CHECK(run_at(node, {"recall", "x"}).out.find("7.123  mid   n          A") != std::string::npos);
  }

  TEST_CASE("a feature tier of ai-memory is taken with a note on stderr, another word is refused") {
    fake_node node;
    v1::RecallRequest seen;
    serve_recall(node, seen);
    const auto noted = run_at(node, {"recall", "x", "-T", "semantic", "--json"});
    CHECK(noted.exit == 0);
    CHECK(one_line(noted.out));
    CHECK(one_line(noted.err));
    CHECK(run_at(node, {"recall", "x", "--tier", "keyword"}).err.empty());
    CHECK(run_at(node, {"recall", "x", "--tier", "long"}).exit == 2);
  }

  TEST_CASE("a recall that finds nothing is an object, one that cannot be answered an error") {
    fake_node node;
    node.on_Recall = [](const auto&, v1::RecallReply* reply) {
      reply->set_mode("keyword");
      return grpc::Status::OK;
    };
    CHECK(run_at(node, {"recall", "x", "--json"}).out
          == "{\"memories\":[],\"count\":0,\"mode\":\"keyword\",\"tokens_used\":0}\n");
    node.on_Recall = [](const auto&, auto*) { return invalid_field("context", "must not be blank"); };
    const auto refused = run_at(node, {"recall", " ", "--json"});
    CHECK(refused.exit == 2);
    CHECK(json::parse(refused.out)["error"]["field"] == "context");
    for (const list& wrong : {list{"recall"},
                              {"recall", "x", "--limit", "51"},
                              {"recall", "x", "--limit", "0"},
                              {"recall", "x", "--ranker", "best"},
                              {"recall", "x", "--budget-tokens", "much"}})
      CHECK(run_at(node, wrong).exit == 2);
  }

  TEST_CASE("search sends what its flags say and prints results") {
    fake_node node;
    v1::SearchRequest seen;
    node.on_Search = [&](const v1::SearchRequest& request, v1::SearchReply* reply) {
      seen = request;
      fill(*reply->add_memories(), "A");
      return grpc::Status::OK;
    };
    const auto run = run_at(node, {"search", "deploy key", "-t", "long", "--agent-id", "ai:me", "--limit", "200",
                                   "--as-agent", "a", "--json"});
    CHECK(run.exit == 0);
    CHECK(keys_of(run.out) == list{"results", "count"});
    CHECK(json::parse(run.out)["results"][0]["id"] == "id-A");
    CHECK(seen.query() == "deploy key");
    CHECK(seen.filter().tier() == v1::TIER_LONG);
    CHECK(seen.filter().agent_id() == "ai:me");
    CHECK(seen.limit() == 200);
    CHECK(seen.as_agent() == "a");
    CHECK(run_at(node, {"search", "x"}).out.find("id-A  mid   n          A      about A") != std::string::npos);
    node.on_Search = [](const auto&, auto*) { return invalid_field("query", "must not be blank"); };
    CHECK(run_at(node, {"search", " "}).exit == 2);
    CHECK(run_at(node, {"search"}).exit == 2);
  }

  TEST_CASE("stats and namespaces print what a node counted") {
    fake_node node;
    node.on_Stats = [](const auto&, v1::StatsReply* reply) {
      reply->set_total(3);
      auto& tier = *reply->add_by_tier();
      tier.set_tier(v1::TIER_MID);
      tier.set_count(3);
      auto& name_space = *reply->add_by_namespace();
      name_space.set_namespace_("ops");
      name_space.set_count(3);
      reply->set_links(2);
      return grpc::Status::OK;
    };
    const auto run = run_at(node, {"stats", "--json"});
    CHECK(one_line(run.out));
    CHECK(keys_of(run.out)
          == list{"total", "by_tier", "by_namespace", "expiring_soon", "links_count", "db_size_bytes", "unreadable"});
    CHECK(json::parse(run.out)["by_tier"][0] == json::parse("{\"tier\":\"mid\",\"count\":3}"));
    CHECK(run_at(node, {"stats"}).out.find("records: 3\nexpiring within an hour: 0\nlinks: 2\n") == 0);
    CHECK(run_at(node, {"namespaces", "--json"}).out == "{\"namespaces\":[{\"namespace\":\"ops\",\"count\":3}]}\n");
    CHECK(run_at(node, {"namespaces"}).out == "NAMESPACE  RECORDS\nops        3\n");
    node.on_Stats = [](const auto&, auto*) { return grpc::Status(grpc::StatusCode::DATA_LOSS, "damaged"); };
    CHECK(run_at(node, {"stats"}).exit == 1);
    CHECK(run_at(node, {"namespaces", "--json"}).exit == 1);
  }
}
