// Writes through a node: how many copies, which answer, and when.
#include <doctest/doctest.h>

#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

namespace {

constexpr std::int64_t at_once_ms = 200;

std::int64_t took_ms(const recorded_write& w) { return (w.ended_us - w.started_us) / 1000; }

}  // namespace

namespace {

/// A group waits for the disk, with a write in it and another that found something in its way.
struct group_in_hand : cluster {
  group_in_hand() : cluster({.names = {"a"}}) {
    a().disk.hold_commits();
    const auto before = submit(a().api(), "before", "value");
    REQUIRE(eventually([&] { return a().disk.commit_waits(); }));
    first = submit(a().api(), "key", "value", {.timeout_ms = 10'000});
    second = submit(a().api(), "key", "", {.timeout_ms = 10'000, .give_up = true});
    while (!before->answered()) {
      REQUIRE(eventually([&] { return a().disk.commit_waits(); }));
      a().disk.let_one_commit_go();
      eventually([&] { return before->answered(); }, std::chrono::milliseconds(200));
    }
    REQUIRE(eventually([&] { return a().disk.commit_waits() && second->plans() == 1; }));
  }
  member& a() { return (*this)["a"]; }

  std::shared_ptr<pending> first;
  std::shared_ptr<pending> second;
};

}  // namespace

TEST_SUITE("actors.write") {
  TEST_CASE("a write through any node is answered with a quorum of copies and reaches every node") {
    cluster nodes;
    for (const std::string name : {"a", "b", "c"}) {
      CAPTURE(name);
      const auto done = write(nodes[name].api(), "key of " + name, "value of " + name);
      CHECK(done.outcome() == "ok");
      CHECK(done.answer.copies >= 2);
      CHECK(done.answer.copies_needed == 2);
      CHECK(nodes.everywhere("key of " + name, "value of " + name));
      for (auto* node : nodes.running()) CHECK(node->disk.version_of("key of " + name) == done.answer.stamp);
    }
    CHECK(nodes.equal());
    CHECK(nodes["a"].digest().records() == 3);
    CHECK(write(nodes["c"].api(), "key of a", "", {.remove = true}).ok());
    CHECK(nodes.everywhere("key of a", ""));
    CHECK(nodes.equal());
    CHECK(nodes["a"].digest().tombstones() == 1);
  }

  TEST_CASE("a write that finds nothing to change is answered, makes no entry and holds up nobody") {
    cluster nodes;
    REQUIRE(write(nodes["a"].api(), "before", "value").ok());
    for (const auto consistency : {net::write_consistency::by_default, net::write_consistency::linearizable}) {
      const auto done = write(nodes["a"].api(), "key", "value", {.consistency = consistency, .no_change = true});
      CHECK(done.outcome() == "ok");
      CHECK(done.answer.stamp == version{});
      CHECK(done.answer.copies == 2);
      CHECK(done.answer.position.sequence == 0);
    }
    const auto after = write(nodes["a"].api(), "after", "value", {.quorum = net::write_quorum::all});
    CHECK(after.outcome() == "ok");
    CHECK(after.answer.position.sequence == 2);
    CHECK(nodes.everywhere("key", ""));
    CHECK(nodes.equal());
  }

  TEST_CASE("that nothing had to be changed is answered with as many copies as a write") {
    cluster nodes({.relay_delay_ms = 600'000});
    for (const std::string other : {"b", "c"}) nodes.network.set("a", other, {.hold_entries = true});
    REQUIRE(write(nodes["a"].api(), "key", "value", {.timeout_ms = 300}).outcome() == "quorum_timeout");
    const auto kept = write(nodes["a"].api(), "key", "", {.no_change = true});
    CHECK(kept.outcome() == "ok");
    CHECK(kept.answer.copies == 2);
    CHECK(kept.answer.copies_needed == 2);
    // The peers were asked, and one at least was given what it lacked.
    CHECK((nodes["b"].disk.value_of("key") == "value" || nodes["c"].disk.value_of("key") == "value"));
    const auto by_all = write(nodes["a"].api(), "key", "", {.quorum = net::write_quorum::all, .no_change = true});
    CHECK(by_all.outcome() == "ok");
    CHECK(by_all.answer.copies == 3);
    for (auto* node : nodes.running()) CHECK(node->disk.value_of("key") == "value");

    REQUIRE(write(nodes["a"].api(), "other", "value", {.timeout_ms = 300}).outcome() == "quorum_timeout");
    for (const std::string other : {"b", "c"}) nodes.network.set("a", other, {.cut = true});
    const auto alone = write(nodes["a"].api(), "other", "", {.timeout_ms = 200, .no_change = true});
    CHECK(alone.outcome() == "quorum_unreachable");
    CHECK(nodes["b"].disk.value_of("other") == "");
    CHECK(nodes["c"].disk.value_of("other") == "");
  }

  TEST_CASE_FIXTURE(group_in_hand, "what a write finds in its way is told once it is on disk") {
    CHECK(throughout(std::chrono::milliseconds(100), [&] { return !second->answered(); }));
    a().disk.let_commits_go();
    CHECK(second->wait().outcome() == "not_found");
    CHECK(first->wait().ok());
  }

  TEST_CASE_FIXTURE(group_in_hand, "and at once, as unknown, when the one dies that watches the deadlines") {
    REQUIRE(a().kill("fanout").ok());
    CHECK(eventually([&] { return first->answered() && second->answered(); }));
    a().disk.let_commits_go();
    CHECK(first->wait().outcome() == "outcome_unknown");
    CHECK(second->wait().outcome() == "outcome_unknown");
  }

  TEST_CASE("a node without peers answers with its own copy") {
    cluster nodes({.names = {"a"}});
    const auto done = write(nodes["a"].api(), "key", "value");
    CHECK(done.outcome() == "ok");
    CHECK(done.answer.copies == 1);
    CHECK(nodes["a"].disk.value_of("key") == "value");
  }

  TEST_CASE("with one peer known to be down a write is acknowledged, and the others bring it there") {
    cluster nodes;
    nodes.network.sever("a", "c");
    REQUIRE(nodes.see_each_other("a", "c", false));
    const auto done = write(nodes["a"].api(), "key", "value");
    CHECK(done.outcome() == "ok");
    CHECK(done.answer.copies == 2);
    CHECK(nodes.everywhere("key", "value"));
  }

  TEST_CASE("with too few members known to be up a write is rejected at once and is on no disk") {
    cluster nodes;
    for (const std::string peer : {"b", "c"}) {
      nodes.network.sever("a", peer);
      REQUIRE(nodes.see_each_other("a", peer, false));
    }
    CHECK(nodes["a"].status().state() == "no_quorum");
    const auto begun = submit(nodes["a"].api(), "key", "value");
    const auto done = begun->wait();
    CHECK(done.outcome() == "quorum_unreachable");
    CHECK(done.answer.copies == 0);
    CHECK(done.answer.copies_needed == 2);
    CHECK(took_ms(done) < at_once_ms);
    CHECK(begun->plans() == 0);
    // The others form a quorum; whatever follows there, the rejected write does not appear.
    CHECK(write(nodes["b"].api(), "other", "value").ok());
    for (const std::string peer : {"b", "c"}) {
      nodes.network.mend("a", peer);
      REQUIRE(nodes.see_each_other("a", peer, true));
    }
    CHECK(nodes.everywhere("other", "value"));
    for (auto* node : nodes.running()) CHECK(node->disk.version_of("key") == version{});
    CHECK(write(nodes["a"].api(), "key", "value").ok());
  }

  TEST_CASE("a write that reaches nobody by its deadline is indeterminate, and appears everywhere once it can") {
    cluster nodes;
    nodes.network.set("a", "b", {.hold_entries = true});
    nodes.network.set("a", "c", {.hold_entries = true});
    const auto done = write(nodes["a"].api(), "key", "value", {.timeout_ms = 400});
    CHECK(done.outcome() == "quorum_timeout");
    CHECK(done.answer.copies == 1);
    CHECK(done.answer.copies_needed == 2);
    CHECK(done.late_ms() >= 0);
    CHECK(done.late_ms() <= answer_margin_ms);
    CHECK(nodes["a"].disk.value_of("key") == "value");
    CHECK(nodes["b"].disk.value_of("key") == "");
    CHECK(nodes.network.seen("a", "b").held > 0);
    CHECK(eventually([&] { return nodes["a"].status().writes_pending() == 0; }));
    nodes.network.set("a", "b", {});
    nodes.network.set("a", "c", {});
    CHECK(nodes.everywhere("key", "value"));
    CHECK(nodes.equal());
  }

  TEST_CASE("an indeterminate write that arrives late does not replace what was acknowledged after it") {
    cluster nodes({.relay_delay_ms = 600'000});
    nodes.network.set("a", "b", {.hold_entries = true});
    nodes.network.set("a", "c", {.hold_entries = true});
    CHECK(write(nodes["a"].api(), "key", "first", {.timeout_ms = 100}).outcome() == "quorum_timeout");
    // The origin of the first version has a newer one then, and the others never see the first as newest.
    nodes.network.set("b", "a", {.hold_entries = true});
    CHECK(write(nodes["b"].api(), "key", "second").ok());
    CHECK(nodes["a"].disk.value_of("key") == "first");
    for (const std::string to : {"b", "c"}) nodes.network.set("a", to, {});
    nodes.network.set("b", "a", {});
    CHECK(nodes.everywhere("key", "second"));
    CHECK(nodes.equal());
  }

  TEST_CASE("a request chooses how many copies it waits for") {
    cluster nodes;
    const auto all = write(nodes["a"].api(), "all", "value", {.quorum = net::write_quorum::all});
    CHECK(all.outcome() == "ok");
    CHECK(all.answer.copies == 3);
    for (auto* node : nodes.running()) CHECK(node->disk.value_of("all") == "value");

    nodes.network.sever("a", "c");
    REQUIRE(nodes.see_each_other("a", "c", false));
    const auto too_many = write(nodes["a"].api(), "one down", "value", {.quorum = net::write_quorum::all});
    CHECK(too_many.outcome() == "quorum_unreachable");
    CHECK(too_many.answer.copies_needed == 3);
    CHECK(took_ms(too_many) < at_once_ms);
    for (auto* node : nodes.running()) CHECK(node->disk.version_of("one down") == version{});

    nodes.network.sever("a", "b");
    REQUIRE(nodes.see_each_other("a", "b", false));
    const auto one = write(nodes["a"].api(), "one", "value", {.quorum = net::write_quorum::one});
    CHECK(one.outcome() == "ok");
    CHECK(one.answer.copies == 1);
    const auto majority = write(nodes["a"].api(), "one", "value", {.quorum = net::write_quorum::majority});
    CHECK(majority.outcome() == "quorum_unreachable");
  }

  TEST_CASE("the node's own quorum holds for requests that name none") {
    cluster nodes({.write_quorum = 3});
    CHECK(write(nodes["a"].api(), "key", "value").answer.copies == 3);
    nodes.network.set("a", "c", {.hold_entries = true});
    nodes.network.set("b", "c", {.hold_entries = true});
    const auto done = write(nodes["a"].api(), "held", "value", {.timeout_ms = 300});
    CHECK(done.outcome() == "quorum_timeout");
    CHECK(done.answer.copies == 2);
  }

  TEST_CASE("a write whose deadline has passed is rejected before anything is done for it") {
    cluster nodes;
    const auto begun = submit(nodes["a"].api(), "key", "value", {.timeout_ms = -1});
    CHECK(begun->wait().outcome() == "deadline_exceeded");
    CHECK(begun->plans() == 0);
    CHECK(nodes["a"].disk.version_of("key") == version{});
  }
}
