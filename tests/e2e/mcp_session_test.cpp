// An agent's whole session over MCP against three nodes, one of which is killed in the middle.
#include "tests/e2e/fixture.hpp"
#include "tests/e2e/mcp_program.hpp"

namespace quorate::e2e {
namespace {

using nlohmann::ordered_json;

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

ordered_json memory(const std::string& title, const std::string& content) {
  return {{"title", title}, {"content", content}, {"namespace", "e2e"}, {"tier", "long"}};
}

bool holds(const ordered_json& memories, const std::string& id) {
  for (const auto& each : memories)
    if (each["id"] == id) return true;
  return false;
}

}  // namespace

TEST_SUITE("e2e.mcp.session") {
  TEST_CASE("store, recall, link, consolidate, archive and restore go on while the node talked to is killed") {
    running_cluster cluster;
    // The first of the endpoints is the one that is asked, until it is killed.
    mcp_program server({"--endpoints", joined(cluster->addresses())});
    const auto hello = server.ask("initialize", {{"protocolVersion", "2025-11-25"},
                                                 {"capabilities", ordered_json::object()},
                                                 {"clientInfo", {{"name", "e2e"}, {"version", "1"}}}});
    REQUIRE(hello["result"]["protocolVersion"] == "2025-11-25");
    REQUIRE(server.ask("tools/list", ordered_json::object())["result"]["tools"].size() == 36);

    const auto coffee =
        server.call("memory_store", memory("Coffee", "Caroline takes her espresso black"))["id"].get<std::string>();
    const auto tea =
        server.call("memory_store", memory("Tea", "Caroline drinks green tea at night"))["id"].get<std::string>();
    const auto lamp =
        server.call("memory_store", memory("Lamp", "The lamp in the hall is broken"))["id"].get<std::string>();

    cluster->kill(cluster->names().front());

    const auto recalled = server.call("memory_recall", {{"context", "espresso"}, {"namespace", "e2e"}});
    REQUIRE(recalled["count"].get<int>() >= 1);
    CHECK(recalled["memories"][0]["id"] == coffee);

    CHECK(server.call("memory_link", {{"source_id", tea}, {"target_id", coffee}})["linked"] == true);
    CHECK(server.call("memory_get_links", {{"id", coffee}})["count"] == 1);

    const auto drinks = server
                            .call("memory_consolidate", {{"ids", {coffee, tea}},
                                                         {"title", "Drinks"},
                                                         {"summary", "Caroline: black espresso, green tea at night"},
                                                         {"namespace", "e2e"}})["id"]
                            .get<std::string>();
    CHECK(server.ask("tools/call", {{"name", "memory_get"}, {"arguments", {{"id", coffee}}}})["result"]["isError"]
          == true);

    CHECK(server.call("memory_forget", {{"pattern", "lamp"}, {"namespace", "e2e"}})["archived"] == 1);
    CHECK(holds(server.call("memory_archive_list", ordered_json::object())["archived"], lamp));
    CHECK(server.call("memory_archive_restore", {{"id", lamp}})["restored"] == true);

    const auto listed = server.call("memory_list", {{"namespace", "e2e"}});
    CHECK(listed["count"] == 2);
    CHECK(holds(listed["memories"], drinks));
    CHECK(holds(listed["memories"], lamp));
    server.close_input();
    CHECK(server.wait() == 0);

    const auto restarted = cluster->start(cluster->names().front());
    REQUIRE_MESSAGE(restarted.ok(), restarted.message());
    cluster.require_equal(cluster->names());
  }
}

}  // namespace quorate::e2e
