// One table of requests, asked over gRPC, over HTTP, as MCP tools and on the command line: the answers are the same.
#include <httplib.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "memory/key.hpp"
#include "memory/reply_json.hpp"
#include "net/client.hpp"
#include "tests/e2e/fixture.hpp"
#include "tests/e2e/mcp_program.hpp"

namespace quorate::e2e {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr milliseconds run_bound(30'000);

/// One request in four languages. `at` says where in an answer of that language the common part is ("" = all of it).
struct row {
  std::string what;
  std::function<ordered_json(net::client&)> grpc;
  std::string http;  ///< target of a GET
  std::string http_at;
  std::string tool;
  ordered_json arguments;
  std::string tool_at;
  std::vector<std::string> command;
  std::string command_at;
};

/// What differs from one use of a record to the next.
void drop_uses(json& value) {
  if (value.is_object())
    for (const char* name : {"access_count", "last_accessed_at", "score"}) value.erase(name);
  if (value.is_structured())
    for (auto& inner : value) drop_uses(inner);
}

json part(const ordered_json& answer, const std::string& at) {
  const auto plain = json::parse(answer.dump());
  const json::json_pointer place(at);
  REQUIRE_MESSAGE((at.empty() || plain.contains(place)), at << " is not in " << answer.dump());
  auto value = at.empty() ? plain : plain.at(place);
  drop_uses(value);
  return value;
}

std::string id_of(const std::string& title) { return memory::derived_id(memory::key_of("tables", title)); }

template <class List>
ordered_json array_of(const List& list) {
  auto array = ordered_json::array();
  for (const auto& element : list) array.push_back(memory::json_of(element));
  return array;
}

template <class Request, class Reply>
Reply must(net::client& client, const Request& request) {
  Reply reply;
  const auto called = client.call(request, &reply);
  REQUIRE_MESSAGE(called.ok(), called.reason << ": " << called.message);
  return reply;
}

std::vector<row> table() {
  return {
      {"get",
       [](net::client& client) {
         v1::GetRequest request;
         v1::GetReply reply;
         request.set_id(id_of("first"));
         REQUIRE(client.get(request, &reply).ok());
         return memory::json_of(reply.memory());
       },
       "/api/v1/memories/" + id_of("first"),
       "/memory",
       "memory_get",
       {{"id", id_of("first")}},
       "",
       {"get", id_of("first")},
       "/memory"},
      {"list",
       [](net::client& client) {
         v1::ListRequest request;
         v1::ListReply reply;
         request.set_namespace_("tables");
         request.set_order(v1::LIST_ORDER_PRIORITY);
         REQUIRE(client.list(request, &reply).ok());
         return array_of(reply.memories());
       },
       "/api/v1/memories?namespace=tables",
       "/memories",
       "memory_list",
       {{"namespace", "tables"}, {"format", "json"}},
       "/memories",
       {"list", "--namespace", "tables", "--order", "priority"},
       "/memories"},
      {"search",
       [](net::client& client) {
         v1::SearchRequest request;
         request.set_query("walnut");
         return array_of(must<v1::SearchRequest, v1::SearchReply>(client, request).memories());
       },
       "/api/v1/search?q=walnut",
       "/results",
       "memory_search",
       {{"query", "walnut"}, {"format", "json"}},
       "/results",
       {"search", "walnut"},
       "/results"},
      {"recall",
       [](net::client& client) {
         v1::RecallRequest request;
         request.set_context("who keeps the walnut table");
         return array_of(must<v1::RecallRequest, v1::RecallReply>(client, request).found());
       },
       "/api/v1/recall?context=who%20keeps%20the%20walnut%20table",
       "/memories",
       "memory_recall",
       {{"context", "who keeps the walnut table"}, {"format", "json"}},
       "/memories",
       {"recall", "who keeps the walnut table"},
       "/memories"},
      {"links",
       [](net::client& client) {
         v1::ListLinksRequest request;
         request.set_id(id_of("first"));
         return array_of(must<v1::ListLinksRequest, v1::ListLinksReply>(client, request).links());
       },
       "/api/v1/links/" + id_of("first"),
       "/links",
       "memory_get_links",
       {{"id", id_of("first")}},
       "/links",
       {"links", id_of("first")},
       "/links"},
      {"stats",
       [](net::client& client) { return memory::json_of(must<v1::StatsRequest, v1::StatsReply>(client, {})); },
       "/api/v1/stats",
       "",
       "memory_stats",
       ordered_json::object(),
       "",
       {"stats"},
       ""},
      {"archive",
       [](net::client& client) {
         return array_of(must<v1::ListArchiveRequest, v1::ListArchiveReply>(client, {}).archived());
       },
       "/api/v1/archive",
       "/archived",
       "memory_archive_list",
       ordered_json::object(),
       "/archived",
       {"archive", "list"},
       "/archived"},
      {"archive stats",
       [](net::client& client) {
         return memory::json_of(must<v1::ArchiveStatsRequest, v1::ArchiveStatsReply>(client, {}));
       },
       "/api/v1/archive/stats",
       "",
       "memory_archive_stats",
       ordered_json::object(),
       "",
       {"archive", "stats"},
       ""},
      {"agents",
       [](net::client& client) {
         return array_of(must<v1::ListAgentsRequest, v1::ListAgentsReply>(client, {}).agents());
       },
       "/api/v1/agents",
       "/agents",
       "memory_agent_list",
       ordered_json::object(),
       "/agents",
       {"agents", "list"},
       "/agents"},
      {"pending",
       [](net::client& client) {
         return array_of(must<v1::ListPendingRequest, v1::ListPendingReply>(client, {}).pending());
       },
       "/api/v1/pending",
       "/pending",
       "memory_pending_list",
       ordered_json::object(),
       "/pending",
       {"pending", "list"},
       "/pending"},
  };
}

ordered_json run(const std::string& directory, const std::string& address, std::vector<std::string> arguments) {
  const auto output = directory + "/answer";
  std::ofstream(output).close();
  arguments.insert(arguments.begin(), {QUORATE_PROGRAM, "--json", "--endpoints", address});
  auto child = chaos::process::start({arguments, {}, output});
  REQUIRE_MESSAGE(child.ok(), child.error().message());
  const auto end = child->wait(run_bound);
  std::ifstream file(output);
  std::stringstream text;
  text << file.rdbuf();
  REQUIRE_MESSAGE((end && text_of(*end) == "exit code 0"), text.str());
  auto answer = ordered_json::parse(text.str(), nullptr, false);
  REQUIRE_MESSAGE(!answer.is_discarded(), text.str());
  return answer;
}

/// Something of everything that the table asks for.
void fill(net::client& client) {
  for (const char* title : {"first", "second", "third"}) {
    v1::StoreRequest request;
    request.mutable_memory()->set_namespace_("tables");
    request.mutable_memory()->set_title(title);
    request.mutable_memory()->set_content(std::string("the walnut table of the ") + title + " keeper");
    request.mutable_memory()->add_tags("wood");
    request.set_agent_id("ai:tester");
    v1::StoreReply reply;
    REQUIRE(client.store(request, &reply).ok());
  }
  v1::LinkRequest link;
  link.set_source_id(id_of("first"));
  link.set_target_id(id_of("second"));
  must<v1::LinkRequest, v1::LinkReply>(client, link);
  v1::StoreRequest forgotten;
  forgotten.mutable_memory()->set_namespace_("gone");
  forgotten.mutable_memory()->set_title("old");
  forgotten.mutable_memory()->set_content("to be forgotten");
  v1::StoreReply reply;
  REQUIRE(client.store(forgotten, &reply).ok());
  v1::ForgetRequest forget;
  forget.set_namespace_("gone");
  CHECK(must<v1::ForgetRequest, v1::ForgetReply>(client, forget).archived() == 1);
  v1::RegisterAgentRequest agent;
  agent.set_agent_id("ai:tester");
  agent.set_agent_type("human");
  must<v1::RegisterAgentRequest, v1::RegisterAgentReply>(client, agent);
  v1::SetStandardRequest standard;
  standard.set_namespace_("tables");
  standard.set_id(id_of("third"));
  standard.set_governance(R"({"write":"any","promote":"any","delete":"approve","approver":"human"})");
  must<v1::SetStandardRequest, v1::SetStandardReply>(client, standard);
  v1::DeleteRequest removal;
  removal.set_id(id_of("second"));
  removal.set_agent_id("ai:tester");
  v1::DeleteReply put_off;
  REQUIRE(client.remove(removal, &put_off).ok());
  CHECK(put_off.has_pending());
}

}  // namespace

TEST_SUITE("e2e.surfaces") {
  TEST_CASE("gRPC, HTTP, MCP and the command line answer the same request alike") {
    running_cluster cluster(with("--http", "127.0.0.1:0"));
    net::client client({cluster->address("a")}, {});
    fill(client);
    cluster.require_equal({"a", "b", "c"});
    std::string address;
    for (const auto& line : cluster->log_tail("a", 1'000))
      if (const auto at = line.find("serves HTTP on "); at != std::string::npos) address = line.substr(at + 15);
    httplib::Client http("http://" + address);
    mcp_program tools({"--endpoints", cluster->address("a")});
    tools.ask("initialize", {{"clientInfo", {{"name", "table"}}}});
    for (const auto& asked : table()) {
      INFO(asked.what);
      const auto expected = part(asked.grpc(client), "");
      CHECK_MESSAGE(!expected.empty(), asked.what << " found nothing, which compares well with anything");
      const auto over_http = http.Get(asked.http.c_str());
      REQUIRE(over_http);
      CHECK(over_http->status == 200);
      CHECK(part(ordered_json::parse(over_http->body, nullptr, false), asked.http_at) == expected);
      auto by_tool = part(tools.call(asked.tool, asked.arguments), asked.tool_at);
      if (asked.what == "get") by_tool.erase("links");  // beside the record's own keys there
      CHECK(by_tool == expected);
      CHECK(part(run(cluster->directory(), cluster->address("a"), asked.command), asked.command_at) == expected);
    }
  }
}

}  // namespace quorate::e2e
