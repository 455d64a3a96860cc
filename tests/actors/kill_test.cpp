// Actors that die: callers get their answers, nothing acknowledged is lost, the supervisor knows when to give up
// (hazards 30 to 32).
#include <doctest/doctest.h>

#include <optional>

#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

namespace {

constexpr std::uint64_t deaths_each = 8;  // below limits::restarts_max

/// Loads through every member: overwrites of few keys, and fresh keys.
struct loads {
  loads(cluster& nodes, net::write_consistency consistency) {
    for (const std::string name : {"a", "b", "c"}) {
      all.push_back(
          std::make_unique<load>(nodes[name].api(), name, load_options{.writers = 2, .consistency = consistency}));
      all.push_back(std::make_unique<load>(
          nodes[name].api(), name,
          load_options{.writers = 1, .keys = 5, .prefix = "overwritten", .consistency = consistency}));
    }
  }
  std::size_t acknowledged(std::size_t member) const {
    return all[2 * member]->acknowledged() + all[2 * member + 1]->acknowledged();
  }
  std::vector<recorded_write> stop() {
    std::vector<recorded_write> history;
    for (auto& one : all) {
      one->stop();
      for (auto& w : one->history()) history.push_back(std::move(w));
    }
    return history;
  }
  std::vector<std::unique_ptr<load>> all;
};

void kill_under_load(const std::string& victim,
                     net::write_consistency consistency = net::write_consistency::by_default) {
  CAPTURE(victim);
  cluster nodes;
  auto& a = nodes["a"];
  loads writers(nodes, consistency);
  for (std::uint64_t death = 1; death <= deaths_each; ++death) {
    CAPTURE(death);
    const auto done = writers.acknowledged(0) + writers.acknowledged(1);
    REQUIRE(eventually([&] { return writers.acknowledged(0) + writers.acknowledged(1) >= done + 20; }));
    REQUIRE(a.kill_and_see_it_back(victim));
  }
  const auto done = writers.acknowledged(0);
  CHECK(eventually([&] { return writers.acknowledged(0) >= done + 20; }));
  const auto history = writers.stop();

  CHECK(latest_answer_ms(history) <= answer_margin_ms);
  CHECK(a.actor(victim).last_reason().find("killed by a drill") != std::string::npos);
  CHECK(nodes.equal());
  for (auto* node : nodes.running()) {
    CAPTURE(node->name());
    CHECK(missing_in(node->disk.store(), history).size() == 0);
    CHECK(node->failures().empty());
    CHECK(eventually([&] { return node->status().writes_pending() == 0; }));
  }
  CHECK(stale_in(history).size() == 0);
}

}  // namespace

TEST_SUITE("actors.kill") {
  TEST_CASE("fanout dies under load: every write is answered in time and none acknowledged is lost") {
    kill_under_load("fanout");
  }
  TEST_CASE("a link dies under load: every write is answered in time and none acknowledged is lost") {
    kill_under_load("link.b");
  }
  TEST_CASE("the log reader dies under load: every write is answered in time and none acknowledged is lost") {
    kill_under_load("log_reader");
  }
  TEST_CASE("the reconciler dies under load: every write is answered in time and none acknowledged is lost") {
    kill_under_load("reconciler");
  }
  TEST_CASE("the writer dies under load: every write is answered in time and none acknowledged is lost") {
    kill_under_load("writer");
  }

  TEST_CASE("the inquirer dies under load: every write is answered in time and none acknowledged is lost") {
    kill_under_load("inquirer", net::write_consistency::linearizable);
  }
  TEST_CASE(
      "a link dies under a load of writes that ask: every one is answered in time and none acknowledged is lost") {
    kill_under_load("link.b", net::write_consistency::linearizable);
  }

  TEST_CASE("the writer's death is a blip: the next write through its node is acknowledged") {
    cluster nodes;
    auto& a = nodes["a"];
    CHECK(write(a.api(), "before", "value").ok());
    const auto epoch = a.status().epoch();
    REQUIRE(a.kill("writer").ok());
    REQUIRE(eventually([&] { return a.actor("writer").restarts() == 1 && a.status().epoch() != epoch; }));
    CHECK(a.status().epoch() > epoch);
    CHECK(write(a.api(), "after", "value", {.timeout_ms = 1'000}).outcome() == "ok");
    CHECK(nodes.everywhere("after", "value"));
  }

  TEST_CASE("writes that wait while there is no writer are taken by the next one") {
    cluster nodes({.names = {"a"}});
    auto& a = nodes["a"];
    a.disk.hold_commits();
    const auto in_hand = submit(a.api(), "in hand", "value");
    REQUIRE(eventually([&] { return a.disk.commit_waits(); }));
    REQUIRE(a.kill("writer").ok());
    std::vector<std::shared_ptr<pending>> waiting;
    for (int i = 0; i < 20; ++i) waiting.push_back(submit(a.api(), "waiting " + std::to_string(i), "value"));
    a.disk.let_commits_go();
    for (auto& w : waiting) CHECK(w->wait().outcome() == "ok");
    CHECK(in_hand->wait().outcome() == "ok");
    CHECK(a.actor("writer").restarts() == 1);
  }

  TEST_CASE("when fanout dies the writes it holds are answered unknown, and they spread all the same") {
    cluster nodes;
    nodes.network.set("a", "b", {.hold_entries = true});
    nodes.network.set("a", "c", {.hold_entries = true});
    const auto held = submit(nodes["a"].api(), "key", "value", {.timeout_ms = 30'000});
    REQUIRE(eventually(
        [&] { return nodes.network.seen("a", "b").held != 0 && nodes["a"].status().writes_pending() == 1; }));
    REQUIRE(nodes["a"].kill("fanout").ok());
    CHECK(eventually([&] { return held->answered(); }, std::chrono::milliseconds(1'000)));
    CHECK(held->wait().outcome() == "outcome_unknown");
    for (const std::string to : {"b", "c"}) nodes.network.set("a", to, {});
    CHECK(nodes.everywhere("key", "value"));
  }

  TEST_CASE("an actor that dies more often than the intensity allows ends the node, once") {
    cluster nodes({.names = {"a", "b"}});
    auto& a = nodes["a"];
    const auto die_too_often = [&](const std::string& victim) {
      for (int death = 1; death <= limits::restarts_max; ++death) REQUIRE(a.kill_and_see_it_back(victim));
      const auto deaths = a.actor(victim).restarts();
      CHECK(deaths == static_cast<std::uint64_t>(limits::restarts_max));
      CHECK(a.failures().size() == (victim == "reconciler" ? 0 : 1));
      REQUIRE(eventually([&] {
        CHECK(a.kill(victim).ok());
        return a.actor(victim).restarts() > deaths;
      }));
    };
    die_too_often("reconciler");
    REQUIRE(eventually([&] { return !a.failures().empty(); }));
    CHECK(a.failures().front().message().find("reconciler") != std::string::npos);
    CHECK(a.actor("reconciler").state() == "restarting");
    // A second child beyond its intensity is no second end.
    die_too_often("log_reader");
    CHECK(throughout(std::chrono::milliseconds(100), [&] { return a.failures().size() == 1; }));
  }

  TEST_CASE("a link goes on reading from disk after its order died with the log reader and its stream") {
    cluster nodes({.write_quorum = 1, .relay_delay_ms = 600'000, .accept_loss = true, .start = false});
    auto& a = nodes["a"];
    nodes.network.sever("b", "c");
    a.start();
    REQUIRE(write(a.api(), "key", "value").ok());
    // In the log of an earlier life it is on disk only.
    a.stop();
    a.start();
    a.disk.hold_reads();
    nodes["b"].start();
    REQUIRE(eventually([&] { return a.disk.reads_waiting() == 1; }));
    // Behind the read for b wait the reader's death and then the order for c, which dies with it.
    REQUIRE(a.kill("log_reader").ok());
    const auto waiting = a.actor("log_reader").mailbox();
    nodes["c"].start();
    REQUIRE(eventually([&] { return a.actor("log_reader").mailbox() > waiting; }));
    nodes.network.sever("a", "c");
    REQUIRE(eventually([&] { return !a.peer("c").up(); }));
    a.disk.let_reads_go();
    REQUIRE(eventually([&] { return a.actor("log_reader").restarts() == 1; }));
    nodes.network.mend("a", "c");
    CHECK(eventually([&] { return nodes["c"].disk.value_of("key") == "value"; }, std::chrono::milliseconds(6'000)));
    CHECK(eventually([&] { return nodes["b"].disk.value_of("key") == "value"; }));
  }

  TEST_CASE("an entry that kills the writer twice is set aside, and the others flow") {
    cluster nodes;
    auto& a = nodes["a"];
    a.disk.make_poisonous("poison");
    CHECK(write(nodes["b"].api(), "poison", "value").ok());
    REQUIRE(eventually([&] { return a.status().entries_poisoned() == 1; }));
    CHECK(write(nodes["c"].api(), "key", "value").ok());
    CHECK(nodes.everywhere("key", "value"));
    // It is offered again and again, but kills nobody any more.
    CHECK(throughout(std::chrono::milliseconds(1'000), [&] { return a.actor("writer").restarts() == 2; }));
    CHECK(a.disk.poisoned_reads() == 2);
    CHECK(a.failures().empty());
    CHECK(a.disk.value_of("poison") == "");
    // An operator has looked, the defect is gone, the node is started again.
    a.disk.make_poisonous("");
    a.stop();
    a.start();
    CHECK(nodes.everywhere("poison", "value"));
    CHECK(nodes.equal());
  }
}
