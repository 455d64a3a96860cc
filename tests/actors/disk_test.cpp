// Disks that fail, hang or lose power (hazards 1, 2, 11, 34).
#include <doctest/doctest.h>

#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

namespace {

/// Writes through every member, then loses power on all of them at once. How many acknowledged writes are gone.
std::size_t lost_by_power_cut(bool skip_sync) {
  cluster nodes;
  for (auto* node : nodes.running()) node->disk.store().skip_sync = skip_sync;
  std::vector<recorded_write> history;
  for (int i = 0; i < 30; ++i)
    for (auto* node : nodes.running()) {
      const auto n = std::to_string(i);
      history.push_back(write(node->api(), node->name() + n, "value"));
      CHECK(history.back().ok());
    }
  for (const std::string name : {"a", "b", "c"}) nodes[name].stop();
  for (const std::string name : {"a", "b", "c"}) {
    nodes[name].disk.power_cut();
    nodes[name].start();
  }
  REQUIRE(nodes.all_up());
  CHECK(nodes.equal());
  return missing_in(nodes["a"].disk.store(), history).size();
}

}  // namespace

TEST_SUITE("actors.disk") {
  TEST_CASE("losing power everywhere at once loses no acknowledged write") { CHECK(lost_by_power_cut(false) == 0); }

  TEST_CASE("the loss is noticed when no disk syncs") { CHECK(lost_by_power_cut(true) > 0); }

  TEST_CASE("a node whose commit fails ends, and acknowledges nothing from then on") {
    cluster nodes;
    auto& a = nodes["a"];
    CHECK(write(a.api(), "before", "value", {.quorum = net::write_quorum::all}).ok());
    a.disk.fail_commits();
    const auto in_hand = write(a.api(), "in hand", "value", {.timeout_ms = 500, .quorum = net::write_quorum::all});
    CHECK_FALSE(in_hand.ok());
    CHECK(outcome_of(in_hand.answer.outcome.code()) == error_outcome::unknown);
    CHECK(in_hand.late_ms() <= answer_margin_ms);
    REQUIRE(eventually([&] { return !a.failures().empty(); }));
    CHECK(a.failures().front().code() == errc::storage_failure);
    for (const auto quorum : {net::write_quorum::one, net::write_quorum::majority, net::write_quorum::all}) {
      const auto later = write(a.api(), "later", "value", {.timeout_ms = 300, .quorum = quorum});
      CHECK_FALSE(later.ok());
      CHECK(later.late_ms() <= answer_margin_ms);
    }
    for (auto* node : nodes.running()) CHECK(node->disk.version_of("later") == version{});
    CHECK(a.failures().size() == 1);
    // The others go on, and count no copy of the failed disk.
    const auto other = write(nodes["b"].api(), "other", "value");
    CHECK(other.ok());
    CHECK(nodes["c"].disk.value_of("other") == "value");
    CHECK(write(nodes["b"].api(), "all", "value", {.timeout_ms = 300, .quorum = net::write_quorum::all}).outcome()
          == "quorum_timeout");
    a.stop();
    a.disk.power_cut();
    a.start();
    CHECK(nodes.everywhere("other", "value"));
    CHECK(nodes.equal());
  }

  TEST_CASE("a write whose own commit fails is not acknowledged, whoever else has it") {
    cluster nodes;
    auto& a = nodes["a"];
    a.disk.fail_commits();
    const auto done = write(a.api(), "key", "value", {.timeout_ms = 500});
    CHECK(done.outcome() != "ok");
    CHECK(a.disk.value_of("key") == "");
    REQUIRE(eventually([&] { return a.failures().size() == 1; }));
  }

  TEST_CASE("a copy on a disk that failed is not counted") {
    cluster nodes;
    nodes["b"].disk.fail_commits();
    nodes.network.set("a", "c", {.hold_entries = true});
    const auto done = write(nodes["a"].api(), "key", "value", {.timeout_ms = 500});
    CHECK(done.outcome() == "quorum_timeout");
    CHECK(done.answer.copies == 1);
    CHECK(nodes["b"].failures().size() == 1);
  }

  TEST_CASE("while the disk hangs every write is answered by its deadline and the peers see the node as up") {
    cluster nodes;
    auto& a = nodes["a"];
    // The clock's bound is on disk now, so the next sync is that of a group.
    REQUIRE(write(a.api(), "before", "value", {.quorum = net::write_quorum::all}).ok());
    a.disk.hold_commits();
    const auto in_hand = submit(a.api(), "in hand", "value", {.timeout_ms = 600, .quorum = net::write_quorum::all});
    REQUIRE(eventually([&] { return a.disk.commit_waits(); }));
    std::vector<std::shared_ptr<pending>> waiting;
    for (int i = 0; i < 10; ++i)
      waiting.push_back(submit(a.api(), "waiting " + std::to_string(i), "value", {.timeout_ms = 300 + 30 * i}));
    CHECK(a.status().writes_pending() >= 10);

    // Longer than it takes to be suspected.
    CHECK(throughout(std::chrono::milliseconds(limits::suspicion_ms + 700), [&] {
      const auto asked_us = a.time.steady_us();
      const bool up = nodes["b"].peer("a").up() && nodes["c"].peer("a").up() && a.status().name() == "a";
      return up && a.time.steady_us() - asked_us < 100'000;
    }));
    for (auto& w : waiting) {
      REQUIRE(w->answered());
      const auto done = w->wait();
      CHECK(done.outcome() == "deadline_exceeded");
      CHECK(done.late_ms() <= answer_margin_ms);
      CHECK(w->plans() == 0);
    }
    REQUIRE(in_hand->answered());
    const auto done = in_hand->wait();
    CHECK(done.outcome() == "quorum_timeout");
    CHECK(done.answer.copies == 2);
    CHECK(done.late_ms() <= answer_margin_ms);
    CHECK(a.disk.value_of("in hand") == "");
    // A majority of the others counts without the local disk.
    CHECK(write(nodes["b"].api(), "through b", "value").answer.copies == 2);

    a.disk.let_commits_go();
    CHECK(nodes.everywhere("in hand", "value"));
    CHECK(nodes.everywhere("through b", "value"));
    CHECK(nodes.equal());
    for (auto* node : nodes.running()) CHECK(node->disk.version_of("waiting 0") == version{});
  }

  TEST_CASE("a write is answered by its deadline also when the disk hangs before it is begun") {
    cluster nodes;
    auto& a = nodes["a"];
    // The first write after a pause waits for the clock's bound to be synced.
    a.disk.hold_commits();
    const auto first = submit(a.api(), "key", "value", {.timeout_ms = 300});
    REQUIRE(eventually([&] { return a.disk.commit_waits(); }));
    CHECK(eventually([&] { return first->answered(); }, std::chrono::milliseconds(300 + answer_margin_ms)));
    a.disk.let_commits_go();
    CHECK(first->wait().late_ms() <= answer_margin_ms);
  }
}
