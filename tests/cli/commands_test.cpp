// The verbs as the user meets them: what is sent, what is printed, what the shell gets.
#include "cli/command_line.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/fake_node.hpp"

using namespace quorate;
using namespace quorate::cli;
using namespace quorate::cli::tests;
using nlohmann::json;
using nlohmann::ordered_json;

namespace {

using list = std::vector<std::string>;

/// Answers a listing of `total` records in pages of the size asked for.
void serve_records(fake_node& node, int total) {
  node.on_list = [total](const v1::ListRequest& request, v1::ListReply* reply) {
    const int first = request.cursor().empty() ? 0 : std::stoi(request.cursor());
    const int last = std::min(total, first + static_cast<int>(request.limit()));
    for (int i = first; i < last; ++i) {
      auto& record = *reply->add_memories();
      record.set_id("id" + std::to_string(i));
      record.set_tier(i % 2 == 0 ? v1::TIER_MID : v1::TIER_LONG);
      record.set_namespace_(i < 2 ? "first" : "second");
      record.set_title("title " + std::to_string(i));
      record.set_updated_at("2026-01-01T00:00:00+00:00");
      record.set_metadata("{}");
    }
    if (last < total) reply->set_next_cursor(std::to_string(last));
    return grpc::Status::OK;
  };
}

}  // namespace

TEST_SUITE("cli.store") {
  TEST_CASE("store sends what its flags say and prints id, tier, namespace and copies") {
    fake_node node;
    accept_stores(node);
    v1::StoreRequest seen;
    node.on_store = [&, answer = node.on_store](const v1::StoreRequest& request, v1::StoreReply* reply) {
      seen = request;
      return answer(request, reply);
    };
    const auto run = run_at(node, {"store",
                                   "--title",
                                   "T",
                                   "--content",
                                   "C",
                                   "--namespace",
                                   "a/b",
                                   "--tier",
                                   "long",
                                   "--tags",
                                   "x, y,",
                                   "--priority",
                                   "7",
                                   "--confidence",
                                   "0.5",
                                   "--source",
                                   "user",
                                   "--expires-at",
                                   "2030-01-01T00:00:00Z",
                                   "--ttl-seconds",
                                   "60",
                                   "--metadata",
                                   "{\"b\":1,\"a\":2}",
                                   "--agent-id",
                                   "ai:me",
                                   "--write-quorum",
                                   "all",
                                   "--consistency",
                                   "linearizable",
                                   "--on-superseded",
                                   "report"});
    CHECK(run.exit == 0);
    CHECK(run.err.empty());
    CHECK(run.out == "stored: id-T [long] (ns=a/b) copies 2/2\n");
    const auto& record = seen.memory();
    CHECK(record.title() == "T");
    CHECK(record.content() == "C");
    CHECK(record.namespace_() == "a/b");
    CHECK(record.tier() == v1::TIER_LONG);
    CHECK(std::vector<std::string>(record.tags().begin(), record.tags().end()) == list{"x", "y"});
    CHECK(record.priority() == 7);
    CHECK(record.confidence() == 0.5);
    CHECK(record.source() == "user");
    CHECK(record.expires_at() == "2030-01-01T00:00:00Z");
    CHECK(seen.ttl_seconds() == 60);
    CHECK(record.metadata() == "{\"b\":1,\"a\":2}");
    CHECK(seen.agent_id() == "ai:me");
    CHECK(seen.write_quorum() == v1::WRITE_QUORUM_ALL);
    CHECK(seen.consistency() == v1::WRITE_CONSISTENCY_LINEARIZABLE);
    CHECK(seen.on_superseded() == v1::ON_SUPERSEDED_REPORT);
    CHECK_FALSE(seen.full_record());
  }

  TEST_CASE("store leaves to the node what no flag says, apart from the source") {
    fake_node node;
    accept_stores(node);
    v1::StoreRequest seen;
    node.on_store = [&, answer = node.on_store](const v1::StoreRequest& request, v1::StoreReply* reply) {
      seen = request;
      return answer(request, reply);
    };
    const auto run = run_at(node, {"store", "--title", "T", "--content", "-"}, "from\nstdin\n");
    CHECK(run.out == "stored: id-T [mid] (ns=global) copies 2/2\n");
    v1::StoreRequest expected;
    expected.mutable_memory()->set_title("T");
    expected.mutable_memory()->set_content("from\nstdin\n");
    expected.mutable_memory()->set_source("cli");
    // Who stores it is always said.
    CHECK_FALSE(seen.agent_id().empty());
    seen.clear_agent_id();
    CHECK(seen.SerializeAsString() == expected.SerializeAsString());
  }

  TEST_CASE("the author is --agent-id, or one that the metadata name, or made of host and process") {
    fake_node node;
    accept_stores(node);
    v1::StoreRequest seen;
    node.on_store = [&, answer = node.on_store](const v1::StoreRequest& request, v1::StoreReply* reply) {
      seen = request;
      return answer(request, reply);
    };
    const list store{"store", "-T", "T", "-c", "C"};
    const auto author = [&](list more) {
      auto arguments = store;
      arguments.insert(arguments.end(), more.begin(), more.end());
      CHECK(run_at(node, arguments).exit == 0);
      return seen.agent_id();
    };
    CHECK(author({}).find(":pid-") != std::string::npos);
    CHECK(author({"--agent-id", "ai:me"}) == "ai:me");
    CHECK(author({"--metadata", "{\"agent_id\":\"ai:other\"}"}).empty());
    CHECK(author({"--metadata", "{\"agent_id\":null}"}).find(":pid-") != std::string::npos);
    CHECK(author({"--metadata", "{\"agent_id\":\"ai:other\"}", "--agent-id", "ai:me"}) == "ai:me");
  }

  TEST_CASE("the short forms and the names of ai-memory mean the same, and a scope is sent") {
    fake_node node;
    accept_stores(node);
    v1::StoreRequest seen;
    node.on_store = [&, answer = node.on_store](const v1::StoreRequest& request, v1::StoreReply* reply) {
      seen = request;
      return answer(request, reply);
    };
    const auto run = run_at(node, {"store", "-T", "T", "-c", "C", "-n", "a", "-t", "short", "-p", "9", "-S", "hook",
                                   "--ttl-secs", "60", "--scope", "team"});
    CHECK(run.exit == 0);
    CHECK(seen.memory().namespace_() == "a");
    CHECK(seen.memory().tier() == v1::TIER_SHORT);
    CHECK(seen.memory().priority() == 9);
    CHECK(seen.memory().source() == "hook");
    CHECK(seen.ttl_seconds() == 60);
    CHECK(seen.scope() == "team");
  }

  TEST_CASE("a store that waits for an approval is no failure, and says how to approve it") {
    fake_node node;
    node.on_store = [](const v1::StoreRequest&, v1::StoreReply* reply) {
      auto& notice = *reply->mutable_pending();
      notice.set_id("p1");
      notice.set_action("store");
      notice.set_reason("an approval is needed");
      notice.set_namespace_("a");
      return grpc::Status::OK;
    };
    const auto text = run_at(node, {"store", "-T", "T", "-c", "C"});
    CHECK(text.exit == 0);
    CHECK(text.out.find("quorate pending approve p1") != std::string::npos);
    const auto object = run_at(node, {"store", "-T", "T", "-c", "C", "--json"}).out;
    CHECK(keys_of(object) == list{"status", "pending_id", "reason", "action", "namespace"});
  }

  TEST_CASE("a write that was repeated says so, as text and as JSON") {
    fake_node node;
    accept_stores(node);
    node.on_store = [answer = node.on_store](const v1::StoreRequest& request, v1::StoreReply* reply) {
      reply->set_retried(true);
      return answer(request, reply);
    };
    node.on_update = [](const v1::UpdateRequest& request, v1::StoreReply* reply) {
      reply->set_id(request.id());
      reply->set_retried(true);
      return grpc::Status::OK;
    };
    node.on_delete = [](const v1::DeleteRequest& request, v1::DeleteReply* reply) {
      reply->set_id(request.id());
      reply->set_retried(true);
      return grpc::Status::OK;
    };
    const std::vector<std::pair<list, const char*>> writes{
        {{"store", "--title", "T", "--content", "C"}, "stored: id-T [mid] (ns=global) copies 2/2, retried\n"},
        {{"update", "id1", "--content", "C"}, "updated: id1 copies 0/0, retried\n"},
        {{"delete", "id1"}, "deleted: id1 copies 0/0, retried\n"}};
    for (auto [arguments, text] : writes) {
      CAPTURE(text);
      CHECK(run_at(node, arguments).out == text);
      arguments.push_back("--json");
      const auto object = run_at(node, arguments).out;
      CHECK(keys_of(object).back() == "retried");
      CHECK(json::parse(object)["retried"] == true);
    }
  }

  TEST_CASE("a consistency or a choice that does not exist is refused with the values there are") {
    struct bad {
      list arguments;
      const char* text;
    };
    std::vector<bad> lines{{{"get", "id1", "--consistency", "linearizable"},
                            "quorate: --consistency: must be local or quorum, got \"linearizable\"\n"}};
    for (const list& write :
         {list{"store", "--title", "T", "--content", "C"}, {"update", "id1", "--content", "C"}, {"delete", "id1"}}) {
      const auto with = [&](const char* flag, const char* value) {
        auto arguments = write;
        arguments.insert(arguments.end(), {flag, value});
        return arguments;
      };
      lines.push_back({with("--consistency", "quorum"),
                       "quorate: --consistency: must be default or linearizable, got \"quorum\"\n"});
      lines.push_back({with("--on-superseded", ""), "quorate: --on-superseded: must be retry or report, got \"\"\n"});
      lines.push_back({with("--write-quorum", "two"),
                       "quorate: --write-quorum: must be default, one, majority or all, got \"two\"\n"});
    }
    fake_node node;
    for (const auto& line : lines) {
      CAPTURE(line.text);
      const auto run = run_at(node, line.arguments);
      CHECK(run.exit == 2);
      CHECK(run.out.empty());
      CHECK(run.err == line.text);
    }
    for (const auto* method : {"Store", "Update", "Delete", "Get"}) CHECK(node.calls(method) == 0);
  }

  TEST_CASE("store --json is one line with id, version, copies, whether it is new and whether it was repeated") {
    fake_node node;
    accept_stores(node);
    const auto run = run_at(node, {"--json", "store", "--title", "T", "--content", "C"});
    CHECK(run.exit == 0);
    CHECK(one_line(run.out));
    CHECK(keys_of(run.out)
          == list{"id", "tier", "namespace", "title", "content", "tags", "priority", "confidence", "source",
                  "access_count", "created_at", "updated_at", "expires_at", "metadata", "version", "copies",
                  "copies_needed", "created", "retried"});
    const auto object = json::parse(run.out);
    CHECK(object["id"] == "id-T");
    CHECK(object["tier"] == "mid");
    CHECK(object["namespace"] == "global");
    CHECK(object["priority"] == 5);
    CHECK(object["version"] == "7@0000000000000abc");
    CHECK(object["copies"] == 2);
    CHECK(object["created"] == true);
    node.on_store = [answer = node.on_store](const v1::StoreRequest& request, v1::StoreReply* reply) {
      CHECK(request.find_contradictions());
      reply->add_potential_contradictions("id7");
      return answer(request, reply);
    };
    CHECK(json::parse(run_at(node, {"store", "-T", "T", "-c", "C", "--json"}).out)["potential_contradictions"]
          == json::parse("[\"id7\"]"));
  }

  TEST_CASE("a store whose fate is unknown says so, says how many copies there are, and returns 3") {
    fake_node node;
    node.on_store = [](const auto&, auto*) { return indeterminate(); };
    const auto run = run_at(node, {"store", "--title", "T", "--content", "C", "--json"});
    CHECK(run.exit == 3);
    CHECK(one_line(run.err));
    CHECK(run.err.find("unknown: may have been stored (copies 1 of 2 needed)") != std::string::npos);
    const auto error = ordered_json::parse(run.out)["error"];
    CHECK(keys_of(error.dump()) == list{"outcome", "reason", "copies", "copies_needed", "field", "message"});
    CHECK(error["outcome"] == "indeterminate");
    CHECK(error["reason"] == "quorum_timeout");
    CHECK(error["copies"] == 1);
    CHECK(error["copies_needed"] == 2);
    CHECK(node.calls("Store") == 1);
  }

  TEST_CASE("every end of a store has its exit code and one line on stderr") {
    struct ending {
      grpc::Status status;
      int exit;
      const char* text;
    };
    const std::vector<ending> endings{
        {quorum_unreachable(), 3, "rejected: certainly not stored (copies 0 of 2 needed)"},
        {write_failure(grpc::StatusCode::UNAVAILABLE, v1::WriteFailure::REJECTED, "filling"), 3,
         "certainly not stored"},
        {{grpc::StatusCode::UNAVAILABLE, "reset"}, 3, "unknown: may have been stored: reset"},
        {write_failure(grpc::StatusCode::UNAVAILABLE, v1::WriteFailure::REJECTED, "shutting_down"), 1, "shutting_down"},
        {write_failure(grpc::StatusCode::ABORTED, v1::WriteFailure::SUPERSEDED, "superseded", 2), 1,
         "superseded: stored (copies 2 of 2 needed), but a newer version was already there"},
        {invalid_field("priority", "must be 1 to 10"), 2, "priority: must be 1 to 10"},
        {{grpc::StatusCode::ALREADY_EXISTS, "the id is taken"}, 1, "already_exists: the id is taken"}};
    for (const auto& ending : endings) {
      CAPTURE(ending.text);
      fake_node node;
      node.on_store = [&](const auto&, auto*) { return ending.status; };
      const auto run = run_at(node, {"store", "--title", "T", "--content", "C"});
      CHECK(run.exit == ending.exit);
      CHECK(run.out.empty());
      CHECK(one_line(run.err));
      CHECK(run.err.find(ending.text) != std::string::npos);
    }
  }

  TEST_CASE("a store that reaches no node failed: exit code 1") {
    const auto run = run_program({"store", "--title", "T", "--content", "C", "--endpoints", dead_address()});
    CHECK(run.exit == 1);
    CHECK(run.err.find("certainly not stored: unavailable: cannot connect to 127.0.0.1:") != std::string::npos);
  }

  TEST_CASE("update sends only what was given; empty values take things away") {
    fake_node node;
    v1::UpdateRequest seen;
    node.on_update = [&](const v1::UpdateRequest& request, v1::StoreReply* reply) {
      seen = request;
      reply->set_id(request.id());
      reply->set_copies(1);
      reply->set_copies_needed(1);
      return grpc::Status::OK;
    };
    const auto run = run_at(node, {"update", "id1", "--tags", "", "--expires-at", "", "--content", "new"});
    CHECK(run.exit == 0);
    CHECK(run.out == "updated: id1 copies 1/1\n");
    v1::UpdateRequest expected;
    expected.set_id("id1");
    expected.set_allow_prefix(true);
    expected.mutable_tags();
    expected.set_expires_at("");
    expected.set_content("new");
    CHECK(seen.SerializeAsString() == expected.SerializeAsString());
    run_at(node, {"update", "id1", "--content", "new", "--write-quorum", "majority", "--consistency", "linearizable",
                  "--on-superseded", "report"});
    CHECK(seen.write_quorum() == v1::WRITE_QUORUM_MAJORITY);
    CHECK(seen.consistency() == v1::WRITE_CONSISTENCY_LINEARIZABLE);
    CHECK(seen.on_superseded() == v1::ON_SUPERSEDED_REPORT);
  }

  TEST_CASE("delete takes an id or a name, and not found is a failure") {
    fake_node node;
    v1::DeleteRequest seen;
    node.on_delete = [&](const v1::DeleteRequest& request, v1::DeleteReply* reply) {
      seen = request;
      reply->set_id("id1");
      return grpc::Status::OK;
    };
    CHECK(run_at(node, {"delete", "id1"}).out == "deleted: id1 copies 0/0\n");
    CHECK(seen.id() == "id1");
    CHECK_FALSE(seen.has_name());
    CHECK(seen.consistency() == v1::WRITE_CONSISTENCY_DEFAULT);
    CHECK(seen.on_superseded() == v1::ON_SUPERSEDED_RETRY);
    run_at(node, {"delete", "id1", "--consistency", "linearizable", "--on-superseded", "report"});
    CHECK(seen.consistency() == v1::WRITE_CONSISTENCY_LINEARIZABLE);
    CHECK(seen.on_superseded() == v1::ON_SUPERSEDED_REPORT);
    const auto run = run_at(node, {"delete", "--title", "T", "--json"});
    CHECK(keys_of(run.out) == list{"deleted", "id", "version", "copies", "copies_needed", "retried"});
    CHECK(seen.name().namespace_() == "global");
    CHECK(seen.name().title() == "T");
    node.on_delete = [](const auto&, auto*) { return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such record"); };
    CHECK(run_at(node, {"delete", "id1"}).exit == 1);
    CHECK(run_at(node, {"delete"}).exit == 2);
    CHECK(run_at(node, {"delete", "id1", "--title", "T"}).exit == 2);
  }
}

TEST_SUITE("cli.read") {
  TEST_CASE("get prints the record, as JSON with its version") {
    fake_node node;
    node.on_get = [](const v1::GetRequest& request, v1::GetReply* reply) {
      if (request.name().title() != "T") return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such record");
      auto& record = *reply->mutable_memory();
      record.set_id("id1");
      record.set_tier(v1::TIER_LONG);
      record.set_namespace_("n");
      record.set_title("T");
      record.set_content("the content");
      record.add_tags("x");
      record.set_metadata("{}");
      reply->mutable_version()->set_time(9);
      CHECK(request.with_links());
      auto& link = *reply->add_links();
      link.set_source_id("id1");
      link.set_target_id("id2");
      link.set_relation("related_to");
      return grpc::Status::OK;
    };
    const auto text = run_at(node, {"get", "--namespace", "n", "--title", "T"});
    CHECK(text.exit == 0);
    CHECK(text.out.find("id: id1\nnamespace: n\ntitle: T\ntier: long\ntags: x\n") == 0);
    CHECK(text.out.find("\n\nthe content\n") != std::string::npos);
    const auto object = json::parse(run_at(node, {"get", "--namespace", "n", "--title", "T", "--json"}).out);
    CHECK(object["memory"]["content"] == "the content");
    CHECK(object["version"] == "9@0000000000000000");
    CHECK(object["links"][0]["target_id"] == "id2");
    CHECK(text.out.find("link: id1 --related_to-> id2\n") != std::string::npos);
    const auto none = run_at(node, {"get", "id2", "--json"});
    CHECK(none.exit == 1);
    CHECK(json::parse(none.out)["error"]["reason"] == "not_found");
  }

  TEST_CASE("get reads the node's own copy unless it is told to ask a quorum") {
    fake_node node;
    v1::GetRequest seen;
    node.on_get = [&](const v1::GetRequest& request, v1::GetReply*) {
      seen = request;
      return grpc::Status::OK;
    };
    CHECK(run_at(node, {"get", "id1"}).exit == 0);
    CHECK(seen.consistency() == v1::READ_CONSISTENCY_LOCAL);
    CHECK(run_at(node, {"get", "id1", "--consistency", "quorum"}).exit == 0);
    CHECK(seen.consistency() == v1::READ_CONSISTENCY_QUORUM);
    CHECK(seen.id() == "id1");
  }

  TEST_CASE("list goes through the pages up to its limit") {
    fake_node node;
    serve_records(node, 2'500);
    CHECK(json::parse(run_at(node, {"list", "--json"}).out)["count"] == 100);
    CHECK(node.calls("List") == 1);
    const auto all = json::parse(run_at(node, {"list", "--limit", "0", "--json"}).out);
    CHECK(all["count"] == 2'500);
    CHECK(all["memories"].size() == 2'500);
    CHECK(all["memories"][2'499]["id"] == "id2499");
    CHECK(json::parse(run_at(node, {"list", "--limit", "1500", "--json"}).out)["memories"].size() == 1'500);
    CHECK(run_at(node, {"list", "--limit", "-1"}).exit == 2);
  }

  TEST_CASE("list asks for what its flags say, and leaves out the first page's beginning once") {
    fake_node node;
    serve_records(node, 1'500);
    std::vector<v1::ListRequest> seen;
    node.on_list = [&, answer = node.on_list](const v1::ListRequest& request, v1::ListReply* reply) {
      seen.push_back(request);
      return answer(request, reply);
    };
    const auto run = run_at(node, {"list",
                                   "-n",
                                   "a",
                                   "-t",
                                   "long",
                                   "--tags",
                                   "x",
                                   "--since",
                                   "2026-01-01T00:00:00Z",
                                   "--until",
                                   "2027-01-01T00:00:00Z",
                                   "--agent-id",
                                   "ai:me",
                                   "--min-priority",
                                   "3",
                                   "--offset",
                                   "5",
                                   "--order",
                                   "priority",
                                   "--limit",
                                   "0",
                                   "--json"});
    CHECK(run.exit == 0);
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].namespace_() == "a");
    CHECK(seen[0].filter().tier() == v1::TIER_LONG);
    CHECK(seen[0].filter().tag() == "x");
    CHECK(seen[0].filter().since() == "2026-01-01T00:00:00Z");
    CHECK(seen[0].filter().until() == "2027-01-01T00:00:00Z");
    CHECK(seen[0].filter().agent_id() == "ai:me");
    CHECK(seen[0].filter().min_priority() == 3);
    CHECK(seen[0].offset() == 5);
    CHECK(seen[0].order() == v1::LIST_ORDER_PRIORITY);
    CHECK(seen[1].offset() == 0);
    CHECK(seen[1].filter().tag() == "x");
    CHECK(run_at(node, {"list", "--order", "size"}).exit == 2);
    CHECK(run_at(node, {"list", "--offset", "-1"}).exit == 2);
    CHECK(run_at(node, {"list", "--tier", "huge"}).exit == 2);
  }

  TEST_CASE("list is a table by default, and an empty one is still a table or an object") {
    fake_node node;
    serve_records(node, 1);
    CHECK(run_at(node, {"list"}).out
          == "ID   TIER  NAMESPACE  TITLE    UPDATED\nid0  mid   first      title 0  2026-01-01T00:00:00+00:00\n");
    serve_records(node, 0);
    CHECK(run_at(node, {"list"}).out == "ID  TIER  NAMESPACE  TITLE  UPDATED\n");
    CHECK(run_at(node, {"list", "--json"}).out == "{\"memories\":[],\"count\":0}\n");
  }

  TEST_CASE("a listing that fails on the way prints no half object") {
    fake_node node;
    node.on_list = [](const v1::ListRequest& request, v1::ListReply* reply) {
      if (!request.cursor().empty()) return grpc::Status(grpc::StatusCode::DATA_LOSS, "damaged");
      reply->add_memories()->set_metadata("{}");
      reply->set_next_cursor("x");
      return grpc::Status::OK;
    };
    const auto run = run_at(node, {"list", "--json"});
    CHECK(run.exit == 1);
    CHECK(json::parse(run.out).contains("error"));
  }

  TEST_CASE("a node that repeats its cursor is not followed for ever") {
    fake_node node;
    node.on_list = [](const v1::ListRequest&, v1::ListReply* reply) {
      reply->set_next_cursor("again");
      return grpc::Status::OK;
    };
    CHECK(run_at(node, {"list"}).exit == 1);
  }
}

TEST_SUITE("cli.command_line") {
  TEST_CASE("version and help go to stdout and are no errors") {
    const auto version = run_program({"--version"});
    CHECK(version.exit == 0);
    CHECK(version.out.find("quorate ") == 0);
    CHECK(one_line(version.out));
    const auto help = run_program({"store", "--help"});
    CHECK(help.exit == 0);
    CHECK(help.out.find("--title") != std::string::npos);
    CHECK(help.err.empty());
  }

  TEST_CASE("a command line that breaks a rule is one line on stderr and exit code 2") {
    const std::vector<list> lines{{},
                                  {"fly"},
                                  {"store", "--title", "T"},
                                  {"store", "--title", "T", "--content", "C", "--bogus"},
                                  {"store", "--title", "T", "--content", "C", "--priority", "high"},
                                  {"store", "--title", "T", "--content", "C", "--tier", "forever"},
                                  {"store", "--title", "T", "--content", "C", "--metadata", "[1]", "--agent-id", "a"},
                                  {"get"},
                                  {"get", "a", "b"},
                                  {"list", "--timeout", "5"},
                                  {"list", "--timeout", "0s"},
                                  {"list", "--endpoints", "a:b"},
                                  {"admin"},
                                  {"admin", "fly"}};
    for (const auto& arguments : lines) {
      CAPTURE(arguments.empty() ? std::string() : arguments.back());
      const auto run = run_program(arguments);
      CHECK(run.exit == 2);
      CHECK(run.out.empty());
      CHECK(one_line(run.err));
      CHECK(run.err.find("quorate: ") == 0);
    }
  }

  TEST_CASE("values that look like flags or verbs are values") {
    fake_node node;
    accept_stores(node);
    CHECK(run_at(node, {"store", "--title", "list", "--content", "--json"}).out.find("stored: id-list") == 0);
  }

  TEST_CASE("an error of the start of a verb is an object with --json") {
    const auto run = run_program({"list", "--json", "--endpoints", "a:b"});
    CHECK(json::parse(run.out)["error"]["field"] == "--endpoints");
    CHECK(run.exit == 2);
  }

  TEST_CASE("--data works on an embedded node, with the same code over its channel") {
    fake_node node;
    accept_stores(node);
    std::string opened;
    struct borrowed final : embedded_node {
      explicit borrowed(const std::string& address)
          : channel_(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())) {}
      std::shared_ptr<grpc::Channel> channel() override { return channel_; }
      std::shared_ptr<grpc::Channel> channel_;
    };
    node_parts parts;
    parts.open_embedded = [&](const std::string& directory) -> result<std::unique_ptr<embedded_node>> {
      opened = directory;
      if (directory == "taken") return status(errc::in_use, "taken is held by another process");
      return std::make_unique<borrowed>(node.address());
    };
    const auto run = [&](list arguments) {
      std::istringstream in;
      std::ostringstream out, err;
      const int exit = run_command_line(std::move(arguments), {in, out, err}, parts);
      return program_run{exit, out.str(), err.str()};
    };
    CHECK(run({"--data", "here", "store", "--title", "T", "--content", "C"}).exit == 0);
    CHECK(opened == "here");
    CHECK(run({"store", "--data", "there", "--title", "T", "--content", "C"}).exit == 0);
    CHECK(opened == "there");
    const auto taken = run({"list", "--data", "taken"});
    CHECK(taken.exit == 2);
    CHECK(taken.err == "quorate: taken is held by another process\n");
  }
}
