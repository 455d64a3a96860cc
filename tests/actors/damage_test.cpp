// Disks whose bytes changed: found, never served, and the node ends with the reason that lets it begin anew.
#include <doctest/doctest.h>

#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

namespace {

record_key key_of(const std::string& name) { return {key_kind::memory, name}; }

bool failed_of_damage(const member& node) {
  return eventually([&] { return !node.failures().empty(); }) && node.failures().size() == 1
         && node.failures().front().code() == errc::corruption;
}

/// A cluster that has two records, and the disk of `a` damaged where one of them lies; not yet noticed.
struct damaged_cluster {
  cluster nodes;
  member& a = nodes["a"];
  damaged_cluster() {
    for (const auto* key : {"damaged", "whole"})
      REQUIRE(write(nodes["b"].api(), key, "value", {.quorum = net::write_quorum::all}).ok());
    // Else the reading of the whole disk may find it first.
    REQUIRE(eventually([this] { return a.disk.verified() == 1; }));
    a.disk.damage("damaged");
    REQUIRE(a.failures().empty());
  }
};

}  // namespace

TEST_SUITE("actors.damage") {
  TEST_CASE("a read that finds damage ends the node, which serves nothing from then on") {
    damaged_cluster c;
    auto& records = c.a.api().records();
    REQUIRE(records.get(key_of("whole")).ok());
    CHECK(records.get(key_of("damaged")).error().code() == errc::corruption);
    REQUIRE(failed_of_damage(c.a));
    // Not as if it were stopping in good order: nobody is to take this for the reason why it ends.
    for (const auto* key : {"damaged", "whole"}) CHECK(records.get(key_of(key)).error().code() == errc::disk_damaged);
    CHECK_FALSE(records.scan(key_kind::memory, "", "", 10, 1'000).ok());
    CHECK_FALSE(records.find(key_kind::memory, "x").ok());
    v1::DigestReply digest;
    CHECK_FALSE(c.a.api().describe(&digest).ok());
    CHECK(c.a.failures().size() == 1);
    // The others have all of it, and go on.
    CHECK(c.nodes["b"].disk.value_of("damaged") == "value");
    CHECK(write(c.nodes["b"].api(), "later", "value").ok());
  }

  TEST_CASE("a write that finds damage ends the node and is not acknowledged by it") {
    damaged_cluster c;
    const auto done = write(c.a.api(), "damaged", "new", {.timeout_ms = 500});
    CHECK_FALSE(done.ok());
    REQUIRE(failed_of_damage(c.a));
    CHECK_FALSE(write(c.a.api(), "whole", "new", {.timeout_ms = 300}).ok());
    CHECK(c.a.disk.value_of("whole") == "value");
    const auto linearizable = net::write_consistency::linearizable;
    CHECK(write(c.a.api(), "whole", "new", {.timeout_ms = 300, .consistency = linearizable}).outcome()
          == "disk_damaged");
    CHECK(c.a.failures().size() == 1);
    CHECK(c.nodes["b"].disk.value_of("whole") == "value");
  }

  TEST_CASE("a linearizable write that finds damage ends the node") {
    damaged_cluster c;
    const auto done =
        write(c.a.api(), "damaged", "new", {.timeout_ms = 500, .consistency = net::write_consistency::linearizable});
    CHECK_FALSE(done.ok());
    CHECK(failed_of_damage(c.a));
  }

  TEST_CASE("a write of another member that meets damage ends the node and does not count its copy") {
    damaged_cluster c;
    const auto done =
        write(c.nodes["b"].api(), "damaged", "new", {.timeout_ms = 500, .quorum = net::write_quorum::all});
    CHECK(done.outcome() == "quorum_timeout");
    CHECK(done.answer.copies == 2);
    CHECK(failed_of_damage(c.a));
  }

  TEST_CASE("damage that nobody reads is found by the scrubber") {
    cluster nodes;
    auto& a = nodes["a"];
    a.stop();
    a.disk.damage("never read");
    a.start();
    CHECK(failed_of_damage(a));
    CHECK(nodes["b"].failures().empty());
  }

  TEST_CASE("the scrubber reads again after its interval, and after its death") {
    cluster nodes({.start = false});
    auto& a = nodes["a"];
    a.options.verify_interval_ms = 20;
    a.start();
    REQUIRE(eventually([&] { return a.disk.verified() >= 3; }));
    REQUIRE(a.kill_and_see_it_back("scrubber"));
    const auto before = a.disk.verified();
    REQUIRE(eventually([&] { return a.disk.verified() >= before + 2; }));
    CHECK(a.failures().empty());
    a.disk.damage("never read");
    CHECK(failed_of_damage(a));
  }

  TEST_CASE("a damaged disk that is emptied is filled again, and its node counts again") {
    cluster nodes({.refill_wait_ms = 50});
    auto& a = nodes["a"];
    REQUIRE(write(a.api(), "key", "value", {.quorum = net::write_quorum::all}).ok());
    a.disk.damage("key");
    CHECK_FALSE(a.api().records().get(key_of("key")).ok());
    REQUIRE(failed_of_damage(a));
    a.stop();
    a.disk.wipe();
    a.start();
    REQUIRE(nodes.all_up());
    CHECK(nodes.equal());
    CHECK(a.disk.value_of("key") == "value");
    CHECK(write(a.api(), "key", "again", {.quorum = net::write_quorum::all}).ok());
  }
}
