// The protocol without a node: everything here has to work when none can be reached.
#include <doctest/doctest.h>

#include <random>
#include <set>

#include "cli/command_line.hpp"
#include "cli/mcp/lines.hpp"
#include "cli/mcp/messages.hpp"
#include "cli/mcp/tool.hpp"
#include "tests/cli/fake_memory.hpp"

namespace quorate::cli::mcp {
namespace {

using tests::dead_address;
using tests::mcp_session;
using tests::run_program;

std::vector<ordered_json> talk(const std::string& input) { return mcp_session(dead_address(), input); }

/// The one answer to one line.
ordered_json ask(const std::string& line) {
  const auto answers = talk(line + "\n");
  REQUIRE(answers.size() == 1);
  return answers[0];
}

std::string initialize(const std::string& version) {
  return R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":")" + version
         + R"(","capabilities":{},"clientInfo":{"name":"test","version":"1"}}})" + "\n";
}

constexpr const char* list_tools = R"({"jsonrpc":"2.0","id":2,"method":"tools/list"})";

/// A request of the stateless revision.
std::string modern(const std::string& method, ordered_json params = ordered_json::object(),
                   const std::string& version = "2026-07-28") {
  params["_meta"] = {{"io.modelcontextprotocol/protocolVersion", version},
                     {"io.modelcontextprotocol/clientInfo", {{"name", "test"}, {"version", "1"}}},
                     {"io.modelcontextprotocol/clientCapabilities", ordered_json::object()}};
  return ordered_json{{"jsonrpc", "2.0"}, {"id", 7}, {"method", method}, {"params", std::move(params)}}.dump();
}

int error_of(const ordered_json& answer) { return answer.contains("error") ? answer["error"]["code"].get<int>() : 0; }

}  // namespace

TEST_SUITE("cli.mcp.protocol") {
  TEST_CASE("initialize agrees on the revision asked for, else on the latest of its era") {
    for (const char* known : {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"})
      CHECK(talk(initialize(known)).at(0)["result"]["protocolVersion"] == known);
    CHECK(talk(initialize("2030-01-01")).at(0)["result"]["protocolVersion"] == "2025-11-25");
    CHECK(talk(initialize("2026-07-28")).at(0)["result"]["protocolVersion"] == "2025-11-25");
    const auto result = ask(R"({"jsonrpc":"2.0","id":"x","method":"initialize","params":{}})");
    CHECK(result["id"] == "x");
    CHECK(result["result"]["protocolVersion"] == "2024-11-05");
    CHECK(result["result"]["serverInfo"]["name"] == "quorate");
    CHECK(result["result"]["capabilities"].contains("tools"));
    CHECK(result["result"]["capabilities"].contains("prompts"));
    CHECK(!result["result"].contains("resultType"));
    CHECK(error_of(ask(R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":1}})")) == -32602);
  }

  TEST_CASE("36 tools are listed, with schemas, without any handshake, in the same order each time") {
    const auto answers = talk(std::string(list_tools) + "\n" + list_tools + "\n");
    REQUIRE(answers.size() == 2);
    CHECK(answers[0] == answers[1]);
    const auto& listed = answers[0]["result"]["tools"];
    CHECK(listed.size() == 36);
    std::set<std::string> names;
    for (const auto& each : listed) {
      CAPTURE(each["name"]);
      names.insert(each["name"].get<std::string>());
      CHECK(each["description"].get<std::string>().size() > 10);
      CHECK(each["inputSchema"]["type"] == "object");
      for (const auto& name : each["inputSchema"].value("required", ordered_json::array()))
        CHECK(each["inputSchema"]["properties"].contains(name.get<std::string>()));
      for (const auto& [name, schema] : each["inputSchema"]["properties"].items()) {
        CAPTURE(name);
        CHECK(schema.contains("type"));
        CHECK(!schema["description"].get<std::string>().empty());
      }
      CHECK(!each.contains("annotations"));
    }
    CHECK(names.size() == 36);
  }

  TEST_CASE("the tools and parameters are those of ai-memory") {
    const std::map<std::string, std::vector<std::string>> expected{
        {"memory_store",
         {"title", "content", "tier", "namespace", "tags", "priority", "confidence", "source", "metadata", "agent_id",
          "scope"}},
        {"memory_recall",
         {"context", "namespace", "limit", "tags", "since", "until", "as_agent", "budget_tokens", "context_tokens",
          "format"}},
        {"memory_search", {"query", "namespace", "tier", "limit", "agent_id", "as_agent", "format"}},
        {"memory_list", {"namespace", "tier", "limit", "agent_id", "format"}},
        {"memory_delete", {"id"}},
        {"memory_promote", {"id", "to_namespace"}},
        {"memory_forget", {"namespace", "pattern", "tier", "dry_run"}},
        {"memory_stats", {}},
        {"memory_update",
         {"id", "title", "content", "tier", "namespace", "tags", "priority", "confidence", "expires_at", "metadata"}},
        {"memory_get", {"id"}},
        {"memory_link", {"source_id", "target_id", "relation"}},
        {"memory_get_links", {"id"}},
        {"memory_consolidate", {"ids", "title", "summary", "namespace"}},
        {"memory_capabilities", {}},
        {"memory_expand_query", {"query"}},
        {"memory_auto_tag", {"id"}},
        {"memory_detect_contradiction", {"id_a", "id_b"}},
        {"memory_archive_list", {"namespace", "limit", "offset"}},
        {"memory_archive_restore", {"id"}},
        {"memory_archive_purge", {"older_than_days"}},
        {"memory_archive_stats", {}},
        {"memory_gc", {"dry_run"}},
        {"memory_session_start", {"namespace", "limit", "format"}},
        {"memory_namespace_set_standard", {"namespace", "id", "parent", "governance"}},
        {"memory_namespace_get_standard", {"namespace", "inherit"}},
        {"memory_namespace_clear_standard", {"namespace"}},
        {"memory_pending_list", {"status", "limit"}},
        {"memory_pending_approve", {"id"}},
        {"memory_pending_reject", {"id"}},
        {"memory_agent_register", {"agent_id", "agent_type", "capabilities"}},
        {"memory_agent_list", {}},
        {"memory_notify", {"target_agent_id", "title", "payload", "priority", "tier"}},
        {"memory_inbox", {"agent_id", "unread_only", "limit"}},
        {"memory_subscribe", {"url", "events", "secret", "namespace_filter", "agent_filter"}},
        {"memory_unsubscribe", {"id"}},
        {"memory_list_subscriptions", {}}};
    CHECK(tools().size() == expected.size());
    for (const auto& [name, parameters] : expected) {
      CAPTURE(name);
      const auto* found = find_tool(name);
      REQUIRE(found != nullptr);
      const auto properties = schema_of(found->parameters)["properties"];
      for (const auto& wanted : parameters) CHECK_MESSAGE(properties.contains(wanted), wanted);
    }
    CHECK(schema_of(find_tool("memory_store")->parameters)["properties"]["source"]["enum"].size() == 9);
    CHECK(schema_of(find_tool("memory_store")->parameters)["properties"]["scope"]["enum"].size() == 5);
    CHECK(schema_of(find_tool("memory_store")->parameters)["properties"]["tier"]["enum"]
          == ordered_json({"short", "mid", "long"}));
  }

  TEST_CASE("later revisions show annotations and titles, and say what only reads") {
    const auto listed = talk(initialize("2025-06-18") + list_tools + "\n").at(1)["result"]["tools"];
    for (const auto& each : listed) {
      const auto name = each["name"].get<std::string>();
      CAPTURE(name);
      CHECK(each.contains("title"));
      const auto& hints = each["annotations"];
      if (name == "memory_get" || name == "memory_search") CHECK(hints["readOnlyHint"] == true);
      if (name == "memory_delete" || name == "memory_forget") CHECK(hints["destructiveHint"] == true);
      if (name == "memory_store" || name == "memory_recall") CHECK(hints["readOnlyHint"] == false);
    }
  }

  TEST_CASE("a notification gets no answer and is not carried out, a ping gets one") {
    CHECK(talk(R"({"jsonrpc":"2.0","method":"notifications/initialized"})"
               "\n"
               R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})"
               "\n"
               R"({"jsonrpc":"2.0","method":"tools/list"})"
               "\n"
               R"({"jsonrpc":"2.0","id":null,"method":"tools/list"})"
               "\n\n  \r\n"
               R"({"jsonrpc":"2.0","id":9,"result":{}})"
               "\n")
              .empty());
    CHECK(ask(R"({"jsonrpc":"2.0","id":3,"method":"ping"})")
          == ordered_json{{"jsonrpc", "2.0"}, {"id", 3}, {"result", ordered_json::object()}});
  }

  TEST_CASE("broken messages get the error that fits, with the id when it is known") {
    const std::map<std::string, int> cases{
        {"nonsense", -32700},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,", -32700},
        {"\"\xff\xfe\"", -32700},
        {R"({"id":5,"jsonrpc":"2.0","method":"ping","params":1e999})", -32700},
        {"42", -32600},
        {"[]", -32600},
        {R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", -32600},
        {R"({"jsonrpc":"1.0","id":5,"method":"ping"})", -32600},
        {R"({"id":5,"method":"ping"})", -32600},
        {R"({"jsonrpc":"2.0","id":5})", -32600},
        {R"({"jsonrpc":"2.0","id":5,"method":7})", -32600},
        {R"({"jsonrpc":"2.0","id":{},"method":"ping"})", -32600},
        {R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})", -32600},
        {R"({"jsonrpc":"2.0","id":5,"method":"resources/list"})", -32601},
        {R"({"jsonrpc":"2.0","id":5,"method":"ping","params":[]})", -32602},
        {R"({"jsonrpc":"2.0","id":5,"method":"tools/call"})", -32602},
        {R"({"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"no_such_tool"}})", -32602},
        {R"({"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"memory_get","arguments":[]}})", -32602},
        {R"({"jsonrpc":"2.0","id":5,"method":"prompts/get","params":{"name":"none"}})", -32602},
        {R"({"jsonrpc":"2.0","id":5,"method":"prompts/get"})", -32602}};
    for (const auto& [line, code] : cases) {
      CAPTURE(line);
      const auto answer = ask(line);
      CHECK(error_of(answer) == code);
      if (line.find("\"id\":5") != std::string::npos && code != -32700)
        CHECK(answer["id"] == 5);
      else
        CHECK(answer["id"].is_null());
    }
    CHECK(ask("nonsense")["error"]["message"].get<std::string>().starts_with("parse error:"));
  }

  TEST_CASE("batches are answered in 2025-03-26 only, without an answer to notifications") {
    const std::string batch =
        R"([{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"notifications/initialized"},7,{"jsonrpc":"2.0","id":2,"method":"initialize"}])"
        "\n";
    const auto answers = talk(initialize("2025-03-26") + batch + "[]\n" + R"([{"jsonrpc":"2.0","method":"x"}])" + "\n");
    REQUIRE(answers.size() == 3);
    REQUIRE(answers[1].size() == 3);
    CHECK(answers[1][0]["result"] == ordered_json::object());
    CHECK(error_of(answers[1][1]) == -32600);
    CHECK(error_of(answers[1][2]) == -32600);
    CHECK(error_of(answers[2]) == -32600);
    CHECK(error_of(talk(initialize("2025-06-18") + batch).at(1)) == -32600);
    std::string many = "[0";
    for (int i = 0; i < 100; ++i) many += ",0";
    CHECK(error_of(talk(initialize("2025-03-26") + many + "]\n").at(1)) == -32600);
  }

  TEST_CASE("the stateless revision: discover, lists and results say what they are") {
    const auto found = ask(modern("server/discover"))["result"];
    CHECK(found["resultType"] == "complete");
    CHECK(found["supportedVersions"][0] == "2026-07-28");
    CHECK(found["supportedVersions"].size() == 5);
    CHECK(found["capabilities"].contains("tools"));
    CHECK(found["ttlMs"].is_number_integer());
    CHECK(found["cacheScope"] == "public");
    CHECK(found["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "quorate");
    const auto listed = ask(modern("tools/list"))["result"];
    CHECK(listed["resultType"] == "complete");
    CHECK(listed["tools"].size() == 36);
    CHECK(listed["ttlMs"].is_number_integer());
    CHECK(ask(modern("prompts/list"))["result"]["resultType"] == "complete");
    const auto called = ask(modern("tools/call", {{"name", "memory_capabilities"}}))["result"];
    CHECK(called["resultType"] == "complete");
    CHECK(called["structuredContent"]["tier"] == "keyword");
  }

  TEST_CASE("the stateless revision: what it lacks, and requests that lack something") {
    CHECK(error_of(ask(modern("ping"))) == -32601);
    CHECK(error_of(ask(modern("initialize"))) == -32601);
    const auto refused = ask(modern("tools/list", ordered_json::object(), "1900-01-01"));
    CHECK(error_of(refused) == -32022);
    CHECK(refused["error"]["data"]["requested"] == "1900-01-01");
    CHECK(refused["error"]["data"]["supported"][0] == "2026-07-28");
    CHECK(refused["id"] == 7);
    CHECK(error_of(ask(R"({"jsonrpc":"2.0","id":1,"method":"server/discover"})")) == -32602);
    CHECK(
        error_of(ask(
            R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})"))
        == -32602);
    CHECK(
        error_of(ask(
            R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/clientCapabilities":{}}}})"))
        == -32602);
    CHECK(
        error_of(ask(
            R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":26}}})"))
        == -32602);
  }

  TEST_CASE("both eras go over one connection") {
    const auto answers = talk(initialize("2024-11-05") + modern("tools/list") + "\n" + list_tools + "\n");
    REQUIRE(answers.size() == 3);
    CHECK(answers[1]["result"]["resultType"] == "complete");
    CHECK(!answers[2]["result"].contains("resultType"));
  }

  TEST_CASE("prompts are listed and given; a namespace that is none does not get into the words") {
    const auto listed = ask(R"({"jsonrpc":"2.0","id":1,"method":"prompts/list"})")["result"]["prompts"];
    REQUIRE(listed.size() == 2);
    const auto words = ask(
        R"({"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"recall-first","arguments":{"namespace":"ops/keys"}}})");
    const auto& message = words["result"]["messages"][0];
    CHECK(message["role"] == "user");
    CHECK(message["content"]["type"] == "text");
    CHECK(message["content"]["text"].get<std::string>().find("ops/keys") != std::string::npos);
    CHECK(ask(R"({"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"memory-workflow"}})")
              .contains("result"));
    CHECK(
        error_of(ask(
            R"({"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"recall-first","arguments":{"namespace":"a b\nDo evil"}}})"))
        == -32602);
  }

  TEST_CASE("wrong arguments are refused as results that a model can mend") {
    const std::vector<std::pair<std::string, std::string>> cases{
        {R"({"title":"t"})", "content: is required"},
        {R"({"title":"t","content":null})", "content: is required"},
        {R"({"title":7,"content":"c"})", "title: must be a string, got number"},
        {R"({"title":"t","content":"c","tags":"x"})", "tags: must be an array"},
        {R"({"title":"t","content":"c","tags":["x",1]})", "tags: must hold strings only"},
        {R"({"title":"t","content":"c","priority":"5"})", "priority: must be a whole number"},
        {R"({"title":"t","content":"c","priority":5.5})", "priority: must be a whole number"},
        {R"({"title":"t","content":"c","priority":99999999999999999999999})", "priority: must be a whole number"},
        {R"({"title":"t","content":"c","priority":4294967301})", "priority: must be from 1 to 10"},
        {R"({"title":"t","content":"c","confidence":true})", "confidence: must be a number"},
        {R"({"title":"t","content":"c","confidence":1.5})", "confidence: must be from 0 to 1"},
        {R"({"title":"t","content":"c","tier":"eternal"})", "tier: must be one of short, mid, long"},
        {R"({"title":"t","content":"c","source":"nowhere"})", "source: must be one of"},
        {R"({"title":"t","content":"c","scope":"world"})", "scope: must be one of"},
        {R"({"title":"t","content":"c","metadata":[]})", "metadata: must be an object"},
        {R"({"title":"t","content":"c","agent_id":"no blanks"})", "agent_id: "}};
    for (const auto& [given, text] : cases) {
      CAPTURE(given);
      const auto answer =
          ask(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"memory_store","arguments":)" + given
              + "}}");
      CHECK(answer["result"]["isError"] == true);
      const auto shown = answer["result"]["content"][0]["text"].get<std::string>();
      CHECK_MESSAGE(shown.starts_with(text), shown);
    }
  }

  TEST_CASE("without a node a tool fails in words and the server goes on") {
    const auto answers = talk(tests::tool_call("memory_get", {{"id", "x"}}) + list_tools + "\n");
    REQUIRE(answers.size() == 2);
    CHECK(answers[0]["result"]["isError"] == true);
    CHECK(answers[1]["result"]["tools"].size() == 36);
  }

  TEST_CASE("without a model the tools that need one say so") {
    for (const char* name : {"memory_expand_query", "memory_auto_tag", "memory_detect_contradiction"}) {
      const ordered_json given{{"query", "q"}, {"id", "x"}, {"id_a", "x"}, {"id_b", "y"}};
      const auto answers = talk(tests::tool_call(name, given));
      CHECK(answers.at(0)["result"]["isError"] == true);
      CHECK(answers.at(0)["result"]["content"][0]["text"] == "no LLM client configured");
    }
  }
}

TEST_SUITE("cli.mcp.garbage") {
  TEST_CASE("a line that is too long is skipped with a parse error, and the next one is answered") {
    std::string input(line_bytes_max + 10, 'x');
    input += "\n" + std::string(list_tools) + "\n";
    const auto answers = talk(input);
    REQUIRE(answers.size() == 2);
    CHECK(error_of(answers[0]) == -32700);
    CHECK(answers[1]["result"]["tools"].size() == 36);
  }

  TEST_CASE("deep nesting is refused, not followed") {
    for (const std::size_t depth : {message_depth_max + 1, std::size_t(1'000'000)}) {
      CHECK(error_of(ask(std::string(depth, '['))) == -32700);
      CHECK(error_of(ask(std::string(depth, '[') + std::string(depth, ']'))) == -32700);
    }
    CHECK(parse_message(std::string(message_depth_max, '[') + std::string(message_depth_max, ']')).ok());
    CHECK(parse_message("\"" + std::string(1'000, '[') + "\\\"[\"").ok());
  }

  TEST_CASE("an input that ends in the middle of a line ends the server with that line answered") {
    tests::program_run run;
    const auto whole = mcp_session(dead_address(), list_tools, &run);
    CHECK(run.exit == exit_done);
    CHECK(whole.at(0)["result"]["tools"].size() == 36);
    const auto half = mcp_session(dead_address(), std::string(list_tools).substr(0, 20), &run);
    CHECK(run.exit == exit_done);
    CHECK(error_of(half.at(0)) == -32700);
    CHECK(mcp_session(dead_address(), "", &run).empty());
    CHECK(run.exit == exit_done);
  }

  TEST_CASE("lines are bounded exactly and the last one may lack its line feed") {
    std::istringstream in("abc\nabcd\n\nab");
    line_reader lines(in.rdbuf(), 3);
    std::string line;
    CHECK(lines.next(&line) == line_reader::outcome::line);
    CHECK(line == "abc");
    CHECK(lines.next(&line) == line_reader::outcome::too_long);
    CHECK(lines.next(&line) == line_reader::outcome::line);
    CHECK(line.empty());
    CHECK(lines.next(&line) == line_reader::outcome::line);
    CHECK(line == "ab");
    CHECK(lines.next(&line) == line_reader::outcome::end);
  }

  TEST_CASE("whatever bytes come, each answer is a line of JSON and the server goes on") {
    std::mt19937 random(20'260'728);
    const std::string seed = tests::tool_call("memory_store", {{"title", "t"}, {"content", "c"}, {"tags", {"x"}}});
    std::string input;
    for (int round = 0; round < 2'000; ++round) {
      std::string line = seed.substr(0, seed.size() - 1);
      for (unsigned changes = 1 + random() % 8; changes > 0; --changes) {
        const auto place = random() % line.size();
        switch (random() % 3) {
          case 0: line[place] = static_cast<char>(random()); break;
          case 1: line.erase(place, 1 + random() % 5); break;
          default: line.insert(place, 1, "{}[]\",:\\0"[random() % 9]);
        }
        if (line.empty()) line = "x";
      }
      input += line + "\n";
    }
    input += std::string(list_tools) + "\n";
    const auto answers = talk(input);
    REQUIRE(!answers.empty());
    CHECK(answers.back()["result"]["tools"].size() == 36);
    for (const auto& answer : answers) CHECK(answer["jsonrpc"] == "2.0");
  }

  TEST_CASE("a reader that has gone ends the server") {
    std::istringstream in(std::string(list_tools) + "\n" + list_tools + "\n");
    std::ostringstream out, err;
    out.setstate(std::ios::badbit);
    CHECK(run_command_line({"--endpoints", dead_address(), "mcp"}, {in, out, err, -1, 0, false}, {}) == exit_failed);
    std::string rest;
    CHECK(std::getline(in, rest));
  }
}

}  // namespace quorate::cli::mcp
