// The MCP server as clients start it: no node in reach, garbage, ends of input and output.
#include <doctest/doctest.h>

#include <random>

#include "chaos/scratch_directory.hpp"
#include "tests/e2e/mcp_program.hpp"

namespace quorate::e2e {
namespace {

using nlohmann::ordered_json;
using std::chrono::milliseconds;

// Nobody listens there.
const std::vector<std::string> no_node{"--endpoints", "127.0.0.1:1"};

constexpr const char* list_tools = R"({"jsonrpc":"2.0","id":2,"method":"tools/list"})";

}  // namespace

TEST_SUITE("e2e.mcp") {
  TEST_CASE(
      "initialize and tools/list without a node: 36 tools, nothing else on the output, and the end of input ends it") {
    mcp_program server(no_node);
    REQUIRE(server.send(
        R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{},"clientInfo":{"name":"e2e","version":"1"}}})"
        "\n"
        + std::string(list_tools) + "\n"));
    server.close_input();
    const auto first = server.line();
    const auto second = server.line();
    REQUIRE(first);
    REQUIRE(second);
    CHECK(ordered_json::parse(*first)["result"]["protocolVersion"] == "2024-11-05");
    CHECK(ordered_json::parse(*second)["result"]["tools"].size() == 36);
    CHECK(!server.line(milliseconds(5'000)));
    CHECK(server.wait() == 0);
  }

  TEST_CASE("bytes of any kind, and then it still answers") {
    mcp_program server(no_node);
    std::mt19937 random(1);
    std::string bytes;
    for (int i = 0; i < 100'000; ++i) bytes += static_cast<char>(random());
    REQUIRE(server.send(bytes + "\n" + std::string(list_tools) + "\n"));
    for (auto answer = server.line(); answer; answer = server.line()) {
      const auto parsed = ordered_json::parse(*answer);
      if (parsed.contains("result")) {
        CHECK(parsed["result"]["tools"].size() == 36);
        break;
      }
      CHECK(parsed["error"]["code"].get<int>() < 0);
    }
    REQUIRE(server.send("{\"jsonrpc\":\"2.0\",\"id\":1,"));
    server.close_input();
    CHECK(server.wait() == 0);
  }

  TEST_CASE("when nobody reads its answers any more it ends, and not by a signal") {
    mcp_program server(no_node);
    server.close_output();
    while (server.send(std::string(list_tools) + "\n")) {
    }
    const auto end = server.wait();
    REQUIRE(end);
    CHECK(*end >= 0);
  }

  TEST_CASE("embedded on a directory: what is stored is there for the next one") {
    auto scratch = chaos::scratch_directory::make();
    REQUIRE(scratch.ok());
    std::string id;
    {
      mcp_program server({"--data", scratch->path() + "/data"});
      id = server.call("memory_store", {{"title", "T"}, {"content", "C"}, {"tier", "long"}})["id"].get<std::string>();
      server.close_input();
      CHECK(server.wait() == 0);
    }
    mcp_program server({"--data", scratch->path() + "/data"});
    CHECK(server.call("memory_get", {{"id", id}})["content"] == "C");
    CHECK(server.ask("tools/call", {{"name", "memory_get"}, {"arguments", {{"id", "none"}}}})["result"]["isError"]
          == true);
    server.close_input();
    CHECK(server.wait() == 0);
  }
}

}  // namespace quorate::e2e
