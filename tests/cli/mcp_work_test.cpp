// What goes on around the tools: models, webhooks, tables, sessions.
#include <doctest/doctest.h>

#include <cstdlib>

#include "cli/command_line.hpp"
#include "cli/mcp/toon.hpp"
#include "cli/mcp/webhooks.hpp"
#include "tests/cli/fake_http.hpp"
#include "tests/cli/fake_memory.hpp"

namespace quorate::cli::mcp {
namespace {

using grpc::Status;
using nlohmann::ordered_json;
using tests::call_tool;
using tests::fake_http;
using tests::fake_memory;

// SHA-256 of "secret".
constexpr const char* secret_hash = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

struct model_variables {
  explicit model_variables(const std::string& url) {
    ::setenv("QUORATE_LLM_URL", url.c_str(), 1);
    ::setenv("QUORATE_LLM_MODEL", "small", 1);
  }
  ~model_variables() {
    ::unsetenv("QUORATE_LLM_URL");
    ::unsetenv("QUORATE_LLM_MODEL");
  }
};

v1::Subscription subscription(const std::string& id, const std::string& url) {
  v1::Subscription made;
  made.set_id(id);
  made.set_url(url);
  made.set_events("*");
  return made;
}

void accept_created(fake_memory& node) {
  node.on_store = [](const v1::StoreRequest& request, v1::StoreReply* reply) {
    reply->set_id("id-" + request.memory().title());
    reply->set_created(request.memory().title() != "old");
    reply->set_session("1.2.3");
    return Status::OK;
  };
}

}  // namespace

TEST_SUITE("cli.mcp.model") {
  TEST_CASE("with a model: words for a query, tags that are added, contradictions, summaries") {
    std::string words = "espresso\nlatte";
    fake_http model([&](const auto&) {
      return fake_http::answer{200, ordered_json{{"message", {{"content", words}}}}.dump()};
    });
    const model_variables variables(model.url());
    fake_memory node;
    node.on_get = [](const v1::GetRequest& request, v1::GetReply* reply) {
      if (request.id() == "none") return Status(grpc::StatusCode::NOT_FOUND, "no such record");
      reply->mutable_memory()->set_id(request.id());
      reply->mutable_memory()->set_title("T");
      reply->mutable_memory()->add_tags("latte");
      return Status::OK;
    };
    v1::UpdateRequest updated;
    node.on_update = [&](const v1::UpdateRequest& request, v1::StoreReply*) {
      updated = request;
      return Status::OK;
    };
    v1::ConsolidateRequest consolidated;
    node.on_Consolidate = [&](const v1::ConsolidateRequest& request, v1::ConsolidateReply* reply) {
      consolidated = request;
      reply->set_id("new");
      return Status::OK;
    };
    CHECK(call_tool(node, "memory_expand_query", {{"query", "coffee"}}).payload
          == ordered_json{{"original", "coffee"}, {"expanded_terms", {"espresso", "latte"}}});
    CHECK(call_tool(node, "memory_auto_tag", {{"id", "a"}}).payload
          == ordered_json{{"id", "a"}, {"new_tags", {"espresso"}}, {"all_tags", {"latte", "espresso"}}});
    CHECK(updated.tags().values_size() == 2);
    CHECK(call_tool(node, "memory_auto_tag", {{"id", "none"}}).failed);
    CHECK(call_tool(node, "memory_capabilities", ordered_json::object()).payload["models"]["llm"] == "small");
    words = "yes";
    CHECK(call_tool(node, "memory_detect_contradiction", {{"id_a", "a"}, {"id_b", "b"}}).payload["contradicts"]
          == true);
    CHECK(call_tool(node, "memory_detect_contradiction", {{"id_a", "a"}, {"id_b", "none"}}).failed);
    words = "a summary";
    const auto done = call_tool(node, "memory_consolidate", {{"ids", {"a", "b"}}, {"title", "T"}}).payload;
    CHECK(done["auto_summary"] == true);
    CHECK(done["summary_preview"] == "a summary");
    CHECK(consolidated.summary() == "a summary");
    words = "";
    CHECK(call_tool(node, "memory_expand_query", {{"query", "coffee"}}).failed);
  }

  TEST_CASE("half a configuration ends the server at once, with what is missing") {
    ::setenv("QUORATE_LLM_URL", "http://127.0.0.1:1", 1);
    const auto run = tests::run_program({"mcp"}, "");
    ::unsetenv("QUORATE_LLM_URL");
    CHECK(run.exit == exit_usage);
    CHECK(run.err.find("QUORATE_LLM_MODEL") != std::string::npos);
    CHECK(run.out.empty());
  }
}

TEST_SUITE("cli.mcp.webhooks") {
  TEST_CASE("a new record is told to those who asked, signed, and counted") {
    fake_http receiver([](const auto& seen) { return fake_http::answer{seen.path == "/broken" ? 500 : 204, ""}; });
    fake_memory node;
    accept_created(node);
    node.on_ListSubscriptions = [&](const v1::ListSubscriptionsRequest&, v1::ListSubscriptionsReply* reply) {
      *reply->add_subscriptions() = subscription("good", receiver.url("/good"));
      reply->mutable_subscriptions(0)->set_secret_hash(secret_hash);
      *reply->add_subscriptions() = subscription("broken", receiver.url("/broken"));
      *reply->add_subscriptions() = subscription("elsewhere", receiver.url("/elsewhere"));
      reply->mutable_subscriptions(2)->set_namespace_filter("other");
      return Status::OK;
    };
    std::mutex mutex;
    std::map<std::string, bool> told;
    node.on_RecordDispatch = [&](const v1::RecordDispatchRequest& request, v1::RecordDispatchReply*) {
      const std::lock_guard lock(mutex);
      told[request.id()] = request.delivered();
      return Status::OK;
    };
    const ordered_json given{{"title", "new"}, {"content", "c"}, {"agent_id", "ann"}};
    const auto outcome = call_tool(node, "memory_store", given);  // ends once everything is delivered
    CHECK(!outcome.failed);
    const auto seen = receiver.seen();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].path == "/good");
    const auto body = ordered_json::parse(seen[0].body);
    CHECK(body["event"] == "memory_store");
    CHECK(body["memory_id"] == "id-new");
    CHECK(body["namespace"] == "global");
    CHECK(body["agent_id"] == "ann");
    const auto timestamp = seen[0].headers.find("x-ai-memory-timestamp")->second;
    CHECK(seen[0].headers.find("x-ai-memory-signature")->second
          == webhook_signature(secret_hash, timestamp, seen[0].body));
    CHECK(!seen[1].headers.count("x-ai-memory-signature"));
    const std::lock_guard lock(mutex);
    CHECK(told == std::map<std::string, bool>{{"good", true}, {"broken", false}});
  }

  TEST_CASE("a record that was there is told to nobody") {
    fake_http receiver([](const auto&) { return fake_http::answer{204, ""}; });
    fake_memory node;
    accept_created(node);
    node.on_ListSubscriptions = [&](const v1::ListSubscriptionsRequest&, v1::ListSubscriptionsReply* reply) {
      *reply->add_subscriptions() = subscription("good", receiver.url());
      return Status::OK;
    };
    CHECK(!call_tool(node, "memory_store", {{"title", "old"}, {"content", "c"}}).failed);
    CHECK(receiver.seen().empty());
  }

  TEST_CASE("the signature is HMAC-SHA256 of timestamp and body with the hash's bytes") {
    // printf '1700000000.{"a":1}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:<secret_hash>
    CHECK(webhook_signature(secret_hash, "1700000000", R"({"a":1})")
          == "sha256=657b375a43823e0adb0ab471da50cb65d7c1481debd6ab100b42aee1c3b7a541");
    CHECK(webhook_signature("", "1", "x").empty());
    CHECK(webhook_signature("xyz", "1", "x").empty());
    CHECK(webhook_signature("zz", "1", "x").empty());
  }

  TEST_CASE("filters: events, namespace, author") {
    const webhook_event event{"id", "ops", "ann"};
    auto to = subscription("s", "https://x");
    CHECK(wants(to, event));
    to.set_events("memory_delete, memory_store");
    CHECK(wants(to, event));
    to.set_events("memory_delete");
    CHECK(!wants(to, event));
    to.set_events("");
    CHECK(wants(to, event));
    to.set_namespace_filter("ops");
    CHECK(wants(to, event));
    to.set_namespace_filter("ops/x");
    CHECK(!wants(to, event));
    to.set_namespace_filter("");
    to.set_agent_filter("bob");
    CHECK(!wants(to, event));
  }

  TEST_CASE("events beyond the bound are dropped while nobody can be told") {
    fake_memory node;
    std::mutex mutex;
    std::condition_variable changed;
    bool asked = false, go = false;
    node.on_ListSubscriptions = [&](const v1::ListSubscriptionsRequest&, v1::ListSubscriptionsReply*) {
      std::unique_lock lock(mutex);
      asked = true;
      changed.notify_all();
      changed.wait(lock, [&] { return go; });
      return Status::OK;
    };
    net::client nodes({node.address()}, {});
    webhooks told(nodes);
    CHECK(told.announce({"first", "", ""}));
    {
      std::unique_lock lock(mutex);
      REQUIRE(changed.wait_for(lock, std::chrono::seconds(10), [&] { return asked; }));
    }
    for (std::size_t i = 0; i < webhooks::events_max; ++i) CHECK(told.announce({"x", "", ""}));
    CHECK(!told.announce({"one too many", "", ""}));
    const std::lock_guard lock(mutex);
    go = true;
    changed.notify_all();
  }
}

TEST_SUITE("cli.mcp.toon") {
  TEST_CASE("a table has a line of counts, a header and a row for each memory") {
    const ordered_json payload{{"memories",
                                {{{"id", "1"},
                                  {"title", "a|b:c\\d\ne"},
                                  {"tier", "mid"},
                                  {"namespace", "ops"},
                                  {"priority", 5},
                                  {"confidence", 0.5},
                                  {"score", 1.25},
                                  {"access_count", 0},
                                  {"tags", {"x", "y"}},
                                  {"source", "cli"},
                                  {"created_at", "t"},
                                  {"updated_at", "u"},
                                  {"metadata", {{"agent_id", "ann"}}}}}},
                               {"count", 1},
                               {"mode", "keyword"},
                               {"tokens_used", 9},
                               {"budget_tokens", 10}};
    CHECK(toon(payload, true)
          == "count:1|mode:keyword|tokens_used:9|budget_tokens:10\n"
             "memories[id|title|tier|namespace|priority|score|tags|agent_id]:\n"
             "1|a\\|b\\:c\\\\d\\ne|mid|ops|5|1.25|x,y|ann\n");
    CHECK(toon(payload, false)
          == "count:1|mode:keyword|tokens_used:9|budget_tokens:10\n"
             "memories[id|title|tier|namespace|priority|confidence|score|access_count|tags|source|created_at|updated_at|"
             "metadata]:\n"
             "1|a\\|b\\:c\\\\d\\ne|mid|ops|5|0.5|1.25|0|x,y|cli|t|u|{\"agent_id\"\\:\"ann\"}\n");
  }

  TEST_CASE("results are memories, too, and what is missing is empty") {
    CHECK(toon({{"results", {{{"id", "1"}, {"metadata", ordered_json::object()}}}}, {"count", 1}}, true)
          == "count:1\nmemories[id|title|tier|namespace|priority|score|tags|agent_id]:\n1|||||||\n");
    CHECK(toon({{"memories", ordered_json::array()}, {"count", 0}}, true)
          == "count:0\nmemories[id|title|tier|namespace|priority|score|tags|agent_id]:\n");
  }
}

TEST_SUITE("cli.mcp.session") {
  TEST_CASE("a read shows the token of the write before it") {
    fake_memory node;
    accept_created(node);
    std::string shown;
    node.on_get = [&](const v1::GetRequest& request, v1::GetReply*) {
      shown = request.session();
      return Status::OK;
    };
    tests::mcp_session(node.address(), tests::tool_call("memory_store", {{"title", "old"}, {"content", "c"}})
                                           + tests::tool_call("memory_get", {{"id", "x"}}));
    CHECK(shown == "1.2.3");
  }

  TEST_CASE("a session goes on at the next node when one stops") {
    fake_memory first, second;
    for (auto* node : {&first, &second})
      node->on_get = [node](const v1::GetRequest&, v1::GetReply* reply) {
        reply->mutable_memory()->set_id(node->address());
        return Status::OK;
      };
    const auto both = first.address() + "," + second.address();
    first.stop();
    const auto answers = tests::mcp_session(both, tests::tool_call("memory_get", {{"id", "x"}}));
    CHECK(answers.at(0)["result"]["content"][0]["text"].get<std::string>().find(second.address()) != std::string::npos);
  }
}

}  // namespace quorate::cli::mcp
