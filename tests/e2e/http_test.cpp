#include <httplib.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/e2e/fixture.hpp"

namespace quorate::e2e {
namespace {

using nlohmann::json;

const flags http_on_any_port = with("--http", "127.0.0.1:0");

/// Where a node says that it serves HTTP.
std::string http_address(running_cluster& cluster, const std::string& name) {
  const std::string lead = "quorate: node " + name + " serves HTTP on ";
  std::string address;
  CHECK(chaos::wait_until(converge_bound, [&] {
    for (const auto& line : cluster->log_tail(name, 1'000))
      if (line.starts_with(lead)) address = line.substr(lead.size());
    return !address.empty();
  }));
  return address;
}

httplib::Result store_over_http(httplib::Client& client, const std::string& title) {
  const json record{{"title", title}, {"content", "over HTTP"}, {"namespace", "e2e"}};
  return client.Post("/api/v1/memories", record.dump(), "application/json");
}

}  // namespace

TEST_SUITE("e2e.http") {
  TEST_CASE("a record stored over HTTP is on every node, and can be read, listed and deleted over HTTP") {
    running_cluster cluster(http_on_any_port);
    httplib::Client a("http://" + http_address(cluster, "a"));
    httplib::Client b("http://" + http_address(cluster, "b"));
    const auto health = a.Get("/api/v1/health");
    REQUIRE(health);
    CHECK(health->status == 200);
    const auto stored = store_over_http(a, "one");
    REQUIRE(stored);
    CHECK_MESSAGE(stored->status == 201, stored->body);
    CHECK(json::parse(stored->body)["quorum_acks"].get<int>() >= 2);
    const auto id = json::parse(stored->body)["id"].get<std::string>();
    cluster.require_equal({"a", "b", "c"});
    const auto read = b.Get("/api/v1/memories/" + id);
    REQUIRE(read);
    CHECK_MESSAGE(read->status == 200, read->body);
    CHECK(json::parse(read->body)["memory"]["content"] == "over HTTP");
    const auto listed = b.Get("/api/v1/memories?namespace=e2e");
    REQUIRE(listed);
    CHECK(json::parse(listed->body)["count"] == 1);
    const auto removed = b.Delete("/api/v1/memories/" + id);
    REQUIRE(removed);
    CHECK_MESSAGE(removed->status == 200, removed->body);
    const auto gone = b.Get("/api/v1/memories/" + id);
    REQUIRE(gone);
    CHECK(gone->status == 404);
  }

  TEST_CASE("without its quorum a node answers 503, and its health says why") {
    running_cluster cluster(http_on_any_port);
    httplib::Client a("http://" + http_address(cluster, "a"));
    cluster->kill("b");
    cluster->kill("c");
    CHECK(chaos::wait_until(converge_bound, [&] {
      const auto health = a.Get("/api/v1/health");
      return health && health->status == 503 && json::parse(health->body)["state"] == "no_quorum";
    }));
    const auto refused = store_over_http(a, "nowhere");
    REQUIRE(refused);
    CHECK(refused->status == 503);
    CHECK(refused->get_header_value("Retry-After") == "2");
    const auto body = json::parse(refused->body);
    CHECK(body["error"] == "quorum_not_met");
    CHECK(body["needed"] == 2);
    CHECK(body["outcome"] == "rejected");
    CHECK(body["reason"] == "unreachable");
  }

  TEST_CASE("a node with open HTTP connections stops in time") {
    running_cluster cluster(http_on_any_port);
    httplib::Client a("http://" + http_address(cluster, "a"));
    a.set_keep_alive(true);
    REQUIRE(store_over_http(a, "one"));
    const auto end = cluster->terminate("a", milliseconds(5'000));
    REQUIRE_MESSAGE(end.ok(), end.error().message());
    CHECK(text_of(*end) == "exit code 0");
  }

  TEST_CASE("a port that is taken is one line that names the flag, and exit code 2") {
    running_cluster cluster(http_on_any_port);
    const auto taken = http_address(cluster, "a");
    cluster->kill("b");
    auto command = cluster->command_line("b");
    for (auto& word : command)
      if (word == "127.0.0.1:0") word = taken;
    auto child = chaos::process::start({command, {}, cluster->directory() + "/attempt"});
    REQUIRE(child.ok());
    const auto end = child->wait(converge_bound);
    REQUIRE(end.has_value());
    CHECK(text_of(*end) == "exit code 2");
    std::ifstream output(cluster->directory() + "/attempt");
    int naming = 0;
    for (std::string line; std::getline(output, line);) naming += line.find("--http") != std::string::npos ? 1 : 0;
    CHECK(naming == 1);
  }
}

}  // namespace quorate::e2e
