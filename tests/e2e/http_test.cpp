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

/// The answer's JSON; a failed check when the status is another.
json answer_of(httplib::Client& client, const std::string& method, const std::string& target, int status,
               const json& body = nullptr) {
  httplib::Request request;
  request.method = method;
  request.path = target;
  if (!body.is_null()) {
    request.body = body.dump();
    request.headers = {{"Content-Type", "application/json"}};
  }
  const auto got = client.send(request);
  REQUIRE_MESSAGE(got, method << " " << target);
  CHECK_MESSAGE(got->status == status, method << " " << target << ": " << got->body);
  return json::parse(got->body, nullptr, false);
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

  TEST_CASE("records are curated over HTTP") {
    running_cluster cluster(http_on_any_port);
    httplib::Client a("http://" + http_address(cluster, "a"));
    const auto store = [&](const std::string& title, const std::string& tier) {
      return answer_of(a, "POST", "/api/v1/memories", 201, {{"title", title}, {"content", title}, {"tier", tier}})["id"]
          .get<std::string>();
    };
    const auto one = store("one", "mid");
    const auto two = store("two", "mid");
    const auto at = [](const std::string& id) { return "/api/v1/memories/" + id; };

    CHECK(answer_of(a, "PUT", at(one.substr(0, 12)), 200, {{"priority", 9}})["priority"] == 9);
    answer_of(a, "PUT", at(one), 409, {{"title", "two"}});
    answer_of(a, "PUT", at(one), 400, {{"priority", 11}});
    CHECK(answer_of(a, "GET", "/api/v1/memories", 200)["memories"][0]["id"] == one);
    answer_of(a, "POST", at(two) + "/promote", 200);
    CHECK(answer_of(a, "GET", at(two), 200)["memory"]["tier"] == "long");
    answer_of(a, "POST", at("nobody") + "/promote", 404);

    answer_of(a, "POST", "/api/v1/links", 201, {{"source_id", one}, {"target_id", two}});
    answer_of(a, "POST", "/api/v1/links", 404, {{"source_id", one}, {"target_id", "nobody"}});
    CHECK(answer_of(a, "GET", "/api/v1/links/" + two, 200)["links"].size() == 1);
    CHECK(answer_of(a, "GET", at(one), 200)["links"].size() == 1);
    const auto exported = answer_of(a, "GET", "/api/v1/export", 200);
    CHECK(exported["count"] == 2);
    CHECK(exported["links"].size() == 1);

    answer_of(a, "POST", "/api/v1/forget", 400, json::object());
    CHECK(answer_of(a, "POST", "/api/v1/forget", 200, {{"tier", "long"}})["deleted"] == 1);
    CHECK(answer_of(a, "GET", "/api/v1/archive", 200)["archived"][0]["id"] == two);
    CHECK(answer_of(a, "GET", "/api/v1/archive/stats", 200)["archived_total"] == 1);
    answer_of(a, "POST", "/api/v1/archive/" + two + "/restore", 200);
    answer_of(a, "POST", "/api/v1/archive/" + two + "/restore", 404);
    CHECK(answer_of(a, "DELETE", "/api/v1/archive", 200)["purged"] == 0);
    answer_of(a, "DELETE", "/api/v1/archive?older_than_days=-1", 400);

    const json sum{{"ids", {one, two}}, {"title", "sum"}, {"summary", "one and two"}};
    CHECK(answer_of(a, "POST", "/api/v1/consolidate", 201, sum)["consolidated"] == 2);
    // Its sources are gone now.
    auto again = sum;
    again["title"] = "another";
    answer_of(a, "POST", "/api/v1/consolidate", 404, again);
    CHECK(answer_of(a, "GET", "/api/v1/stats", 200)["total"] == 1);
    CHECK(answer_of(a, "GET", "/api/v1/namespaces", 200)["namespaces"][0]["count"] == 1);
    CHECK(answer_of(a, "POST", "/api/v1/gc", 200)["expired_deleted"] == 0);
  }

  TEST_CASE("what is pushed is what a peer reads since") {
    running_cluster cluster(http_on_any_port);
    httplib::Client a("http://" + http_address(cluster, "a"));
    json record{{"id", "from-afar"},
                {"title", "pushed"},
                {"namespace", "global"},
                {"content", "newer"},
                {"created_at", "2026-01-01T00:00:00+00:00"},
                {"updated_at", "2026-01-02T00:00:00+00:00"}};
    const auto push = [&](const json& records) {
      return answer_of(a, "POST", "/api/v1/sync/push", 200, {{"sender_agent_id", "x"}, {"memories", records}});
    };
    CHECK(push(json::array({record}))["applied"] == 1);
    record["content"] = "older";
    record["updated_at"] = "2026-01-01T12:00:00+00:00";
    auto broken = record;
    broken["priority"] = 0;
    const auto mixed = push(json::array({record, broken}));
    CHECK(mixed["applied"] == 1);
    CHECK(mixed["skipped"] == 1);
    const auto since = answer_of(a, "GET", "/api/v1/sync/since?since=2026-01-01T13:00:00Z", 200);
    REQUIRE(since["count"] == 1);
    CHECK(since["memories"][0]["content"] == "newer");
    CHECK(answer_of(a, "GET", "/api/v1/sync/since?since=2026-01-02T00:00:00Z", 200)["count"] == 0);
    const auto page =
        answer_of(a, "POST", "/api/v1/memories/bulk", 200, json::array({{{"title", ""}, {"content", "c"}}}));
    CHECK(page["created"] == 0);
    CHECK(page["errors"].size() == 1);
  }

  TEST_CASE("the first node of a new cluster is healthy, reads, and is ready once all are there") {
    running_cluster cluster(http_on_any_port, false);
    const auto started = cluster->start("a");
    REQUIRE_MESSAGE(started.ok(), started.message());
    httplib::Client a("http://" + http_address(cluster, "a"));
    const auto health = a.Get("/api/v1/health");
    REQUIRE(health);
    CHECK(health->status == 200);
    const auto body = json::parse(health->body);
    CHECK(body["state"] == "filling");
    CHECK(body["reads"] == "partial");
    CHECK(body["writes"] == false);
    CHECK(body["waiting_for"] == json::array({"b", "c"}));
    const auto read = a.Get("/api/v1/memories");
    REQUIRE(read);
    CHECK(read->status == 200);
    const auto unready = a.Get("/readyz");
    REQUIRE(unready);
    CHECK(unready->status == 503);
    CHECK(json::parse(unready->body)["advice"].get<std::string>().find("start b and c") != std::string::npos);
    for (const auto* name : {"b", "c"}) {
      const auto next = cluster->start(name);
      REQUIRE_MESSAGE(next.ok(), next.message());
    }
    CHECK(chaos::wait_until(converge_bound, [&] {
      const auto ready = a.Get("/readyz");
      return ready && ready->status == 200 && json::parse(ready->body)["writes"] == true;
    }));
    CHECK(store_over_http(a, "first")->status == 201);
  }

  TEST_CASE("without its quorum a node answers 503, and says why") {
    running_cluster cluster(http_on_any_port);
    httplib::Client a("http://" + http_address(cluster, "a"));
    cluster->kill("b");
    cluster->kill("c");
    CHECK(chaos::wait_until(converge_bound, [&] {
      const auto ready = a.Get("/readyz");
      return ready && ready->status == 503 && json::parse(ready->body)["waiting_for"] == json::array({"b", "c"});
    }));
    const auto health = a.Get("/api/v1/health");
    REQUIRE(health);
    CHECK(health->status == 200);
    CHECK(json::parse(health->body)["state"] == "no_quorum");
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
