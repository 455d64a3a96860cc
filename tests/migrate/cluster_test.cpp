// A running cluster as either end.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "tests/e2e/fixture.hpp"
#include "tests/migrate/program.hpp"
#include "tests/migrate/reference_database.hpp"

using namespace quorate;
using namespace quorate::migrate_tests;

namespace {

/// A cluster whose nodes let expired records be: they would go to the archive between two steps.
e2e::flags that_collect_nothing() { return e2e::with("--collect-interval", "1h"); }

std::string url_of(e2e::running_cluster& cluster, const std::vector<std::string>& names) {
  std::string url = "quorate://";
  for (const auto& name : names) url += (url.ends_with('/') ? "" : ",") + cluster->address(name);
  return url;
}

}  // namespace

TEST_SUITE("migrate") {
  TEST_CASE("into a cluster while a member is killed, and out of it again") {
    const place where;
    reference::make_database(where.file("a.db"), 4'000);
    e2e::running_cluster cluster(that_collect_nothing());
    auto running = begin(where, where.sqlite("a.db"), url_of(cluster, {"a", "b"}), {"--verify", "--batch", "50"});
    REQUIRE(chaos::wait_until(e2e::converge_bound, [&] {
      const auto contents = cluster->export_all("b");
      return contents && contents->size() > 200;
    }));
    cluster->kill("a");
    const auto end = running.wait(chaos::milliseconds(120'000));
    REQUIRE(end);
    CHECK(end->exit_code == 0);
    REQUIRE(cluster->start("a"));
    cluster.require_equal({"a", "b", "c"});
    const auto again = migrate(where, where.sqlite("a.db"), url_of(cluster, {"c"}));
    require_equal(again);
    CHECK(again.json["rows_unchanged"] == again.json["rows_read"]);
    for (const std::string name : {"a", "b", "c"}) {
      const auto file = name + ".db2";
      require_equal(migrate(where, url_of(cluster, {name}), where.sqlite(file)));
      // What came to its end leaves nothing to resume.
      const auto resumed = migrate(where, url_of(cluster, {name}), where.sqlite(file), {"--verify", "--resume"});
      require_equal(resumed);
      CHECK(resumed.json["notes"].dump().find("nothing to resume") != std::string::npos);
      CHECK(differences(where.file(file), where.file("a.db")) == std::vector<std::string>());
    }
  }

  TEST_CASE("out of a cluster that is written to: everything acknowledged before is there") {
    const place where;
    e2e::running_cluster cluster(that_collect_nothing());
    std::atomic<bool> stop = false;
    std::atomic<int> acknowledged = 0;
    std::thread writer([&] {
      chaos::node_client node(cluster->address("a"));
      for (int i = 0; !stop; ++i)
        if (e2e::store(node, "live " + std::to_string(i), "c").ok()) acknowledged = i + 1;
    });
    const bool many = chaos::wait_until(e2e::converge_bound, [&] { return acknowledged > 500; });
    const int before = acknowledged;
    // Named is another node than the one written to.
    const auto moved = migrate(where, url_of(cluster, {"c"}), where.sqlite("b.db"));
    stop = true;
    writer.join();
    REQUIRE(many);
    require_equal(moved);
    for (int i = 0; i < before; i += 25)
      CHECK(reference::ask(where.file("b.db"),
                           "SELECT count(*) FROM memories WHERE title = 'live " + std::to_string(i) + "'")
            == 1);
    CHECK(reference::ask(where.file("b.db"), "SELECT count(*) FROM memories") >= before);
  }

  TEST_CASE("a cluster without a quorum is refused, and a repeat when it has one again has all rows everywhere") {
    const place where;
    reference::make_database(where.file("a.db"), 20);
    e2e::running_cluster cluster(that_collect_nothing());
    for (const std::string name : {"b", "c"}) cluster->pause(name);
    const auto alone = migrate(where, where.sqlite("a.db"), url_of(cluster, {"a"}), {"--timeout", "1s"});
    INFO(alone.output);
    CHECK(alone.code != 0);
    CHECK(alone.output.find("only 1 of 3 members answer") != std::string::npos);
    for (const std::string name : {"b", "c"}) cluster->resume(name);
    const auto again = migrate(where, where.sqlite("a.db"), url_of(cluster, {"a"}));
    require_equal(again);
    cluster.require_equal({"a", "b", "c"});
  }

  TEST_CASE("a source of which too few members answer is refused, because they may lack what was acknowledged") {
    const place where;
    e2e::running_cluster cluster;
    REQUIRE(e2e::store(cluster->client("a"), "t", "c").ok());
    cluster->kill("a");
    cluster->kill("b");
    const auto refused = migrate(where, url_of(cluster, {"c"}), where.sqlite("b.db"));
    INFO(refused.output);
    CHECK(refused.code != 0);
    CHECK(refused.output.find("only 1 of 3 members answer") != std::string::npos);
  }
}
