// Members on new disks: when they count, and what does not count until then.
#include <doctest/doctest.h>

#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

namespace {

constexpr std::int64_t short_wait_ms = 200;

/// Long enough for a member that only waited for time to have become complete: the wait, what it takes to ask for the
/// vectors again, and a round of the reconciler.
constexpr std::chrono::milliseconds past_the_wait{short_wait_ms + 2 * limits::heartbeat_ms + 2 * limits::reconcile_ms
                                                  + 200};

/// Its process ends, and it comes back on an empty disk.
void lose_disk(member& node) {
  node.stop();
  node.disk.wipe();
  node.start();
}

std::vector<recorded_write> write_everywhere(member& through, const std::string& prefix, int count) {
  std::vector<recorded_write> history;
  for (int i = 0; i < count; ++i) {
    history.push_back(write(through.api(), prefix + std::to_string(i), prefix, {.quorum = net::write_quorum::all}));
    REQUIRE(history.back().outcome() == "ok");
  }
  return history;
}

}  // namespace

TEST_SUITE("actors.disk_loss") {
  TEST_CASE("a new cluster is complete without waiting") {
    cluster nodes({.start = false});
    for (const std::string name : {"a", "b", "c"}) nodes[name].start();
    CHECK(nodes.all_up(std::chrono::milliseconds(limits::refill_wait_ms / 3)));
    for (auto* node : nodes.running()) {
      CHECK(node->status().state() == "serving");
      CHECK(write(node->api(), "key", "value", {.quorum = net::write_quorum::all}).outcome() == "ok");
    }
  }

  TEST_CASE("a new cluster waits for its last member, and then no longer") {
    cluster nodes({.refill_wait_ms = short_wait_ms, .start = false});
    nodes["a"].start();
    nodes["b"].start();
    REQUIRE(nodes.see_each_other("a", "b", true));
    // The one that is missing might know one of them by another disk.
    CHECK(throughout(past_the_wait, [&] { return nodes["a"].filling() && nodes["b"].filling(); }));
    const auto refused = write(nodes["a"].api(), "key", "value");
    CHECK(refused.outcome() == "filling");
    const auto said = refused.answer.outcome.context();
    CHECK(said.find("c was never heard of") != std::string::npos);
    CHECK(said.find("start c") != std::string::npos);
    CHECK(said.find("--accept-loss") != std::string::npos);
    CHECK(said.find("write through") == std::string::npos);
    const auto status = nodes["a"].status();
    CHECK_FALSE(status.takes_writes());
    CHECK_FALSE(status.complete());
    REQUIRE(status.waiting_for_size() == 1);
    CHECK(status.waiting_for(0) == "c");
    nodes["c"].start();
    CHECK(nodes.all_up());
    CHECK(write(nodes["a"].api(), "key", "value", {.quorum = net::write_quorum::all}).outcome() == "ok");
  }

  TEST_CASE("a member that lost its disk refuses writes, whatever their quorum") {
    cluster nodes;
    auto& b = nodes["b"];
    write_everywhere(nodes["a"], "before ", 3);
    lose_disk(b);
    REQUIRE(nodes.see_each_other("b", "a", true));
    REQUIRE(nodes.see_each_other("b", "c", true));
    CHECK(nodes.equal());
    CHECK(b.status().state() == "filling");
    for (const auto quorum : {net::write_quorum::one, net::write_quorum::majority, net::write_quorum::all}) {
      const auto begun = submit(b.api(), "key", "value", {.quorum = quorum});
      const auto refused = begun->wait();
      CHECK(refused.outcome() == "filling");
      // Where the others can take it, it says so.
      CHECK(refused.answer.outcome.context().find("being filled from a and c") != std::string::npos);
      const bool others_can = quorum != net::write_quorum::all;
      CHECK((refused.answer.outcome.context().find("write through a or c") != std::string::npos) == others_can);
      CHECK(outcome_of(refused.answer.outcome.code()) == error_outcome::rejected);
      CHECK(begun->plans() == 0);
    }
    // The others go on, and bring it what they take.
    CHECK(write(nodes["a"].api(), "key", "value").ok());
    CHECK(nodes.everywhere("key", "value"));
    CHECK(b.filling());
  }

  TEST_CASE("two lost disks: nobody is recommended, and what remains is said") {
    cluster nodes({.refill_wait_ms = short_wait_ms});
    write_everywhere(nodes["a"], "before ", 3);
    for (const auto* name : {"b", "c"}) {
      nodes[name].stop();
      nodes[name].disk.wipe();
    }
    for (const auto* name : {"b", "c"}) nodes[name].start();
    REQUIRE(nodes.see_each_other("a", "b", true));
    REQUIRE(nodes.see_each_other("a", "c", true));
    REQUIRE(nodes.see_each_other("b", "c", true));
    CHECK(throughout(past_the_wait, [&] { return nodes["b"].filling() && nodes["c"].filling(); }));
    for (const std::string name : {"b", "c"}) {
      const auto said = write(nodes[name].api(), "key", "value").answer.outcome.context();
      CHECK(said.find("only a is there") != std::string::npos);
      CHECK(said.find("--accept-loss on 1 node") != std::string::npos);
      CHECK(said.find("write through") == std::string::npos);
    }
    const auto refused = write(nodes["a"].api(), "key", "value");
    CHECK(refused.outcome() == "quorum_unreachable");
    CHECK(refused.answer.outcome.context().find("b and c have new disks and do not count yet") != std::string::npos);
    // That it says so is right.
    nodes["b"].stop();
    nodes["b"].options.accept_loss = true;
    nodes["b"].start();
    CHECK(eventually([&] { return nodes["c"].status().takes_writes() && nodes["a"].status().takes_writes(); }));
  }

  TEST_CASE("with another member down, what a filling one acknowledges makes no quorum") {
    cluster nodes({.relay_delay_ms = 600'000});
    auto& a = nodes["a"];
    auto& b = nodes["b"];
    write_everywhere(a, "before ", 3);
    lose_disk(b);
    REQUIRE(nodes.see_each_other("a", "b", true));
    SUBCASE("known to be down: rejected at once") {
      nodes["c"].stop();
      REQUIRE(eventually([&] { return !a.peer("c").up(); }));
      CHECK(a.status().state() == "no_quorum");
      CHECK(a.status().waiting_for_size() == 2);
      CHECK(a.status().reason().find("c has not been heard of for") != std::string::npos);
      CHECK(a.status().reason().find("b has a new disk and does not count yet") != std::string::npos);
      const auto begun = submit(a.api(), "key", "value");
      CHECK(begun->wait().outcome() == "quorum_unreachable");
      CHECK(begun->plans() == 0);
      // What needs no quorum is taken, and reaches the filling one.
      CHECK(write(a.api(), "one", "value", {.quorum = net::write_quorum::one}).ok());
      CHECK(nodes.everywhere("one", "value"));
    }
    SUBCASE("not known yet: indeterminate") {
      nodes.network.set("a", "c", {.hold_entries = true});
      const auto done = write(a.api(), "key", "value", {.timeout_ms = 500});
      CHECK(done.outcome() == "quorum_timeout");
      CHECK(done.answer.copies == 1);
      CHECK(b.disk.value_of("key") == "value");
      CHECK(eventually([&] { return a.peer("b").entries_behind() == 0; }));
    }
    CHECK(b.filling());
  }

  TEST_CASE("a member that lost its disk counts again after the wait, once it holds what two others hold") {
    cluster nodes({.refill_wait_ms = short_wait_ms});
    auto& b = nodes["b"];
    auto history = write_everywhere(nodes["a"], "through a ", 20);
    for (auto& w : write_everywhere(b, "through b ", 20)) history.push_back(std::move(w));
    for (const std::string from : {"a", "c"}) nodes.network.set(from, "b", {.hold_entries = true});
    lose_disk(b);
    REQUIRE(nodes.see_each_other("b", "a", true));
    REQUIRE(nodes.see_each_other("b", "c", true));
    CHECK(throughout(past_the_wait, [&] { return b.filling(); }));
    REQUIRE(missing_in(b.disk.store(), history).size() == history.size());
    for (const std::string from : {"a", "c"}) nodes.network.set(from, "b", {});
    REQUIRE(eventually([&] { return !b.filling(); }));
    CHECK(missing_in(b.disk.store(), history).size() == 0);
    CHECK(nodes.all_up());
    CHECK(write(b.api(), "after", "value", {.quorum = net::write_quorum::all}).outcome() == "ok");
    CHECK(nodes.equal());
  }

  TEST_CASE("it waits also when it holds everything before: what the old disk promised may not be decided yet") {
    cluster nodes({.refill_wait_ms = 1'500});
    auto& b = nodes["b"];
    write_everywhere(nodes["a"], "key ", 5);
    lose_disk(b);
    CHECK(nodes.equal());
    REQUIRE(eventually([&] { return !b.filling(); }));
    CHECK(b.status().uptime_ms() >= b.options.refill_wait_ms);
  }

  TEST_CASE("what one other holds is not enough") {
    cluster nodes({.refill_wait_ms = short_wait_ms});
    auto& a = nodes["a"];
    auto& b = nodes["b"];
    write_everywhere(a, "key ", 5);
    nodes["c"].stop();
    lose_disk(b);
    REQUIRE(nodes.see_each_other("a", "b", true));
    CHECK(nodes.equal());
    CHECK(throughout(past_the_wait, [&] { return b.filling(); }));
    CHECK(write(a.api(), "refused", "value").outcome() == "quorum_unreachable");
    nodes["c"].start();
    CHECK(nodes.all_up());
    CHECK(write(b.api(), "after", "value", {.quorum = net::write_quorum::all}).outcome() == "ok");
  }

  TEST_CASE("what a filling one holds is not enough either") {
    cluster nodes({.refill_wait_ms = short_wait_ms});
    write_everywhere(nodes["a"], "key ", 5);
    for (const std::string name : {"b", "c"}) {
      nodes[name].stop();
      nodes[name].disk.wipe();
    }
    for (const std::string name : {"b", "c"}) nodes[name].start();
    REQUIRE(nodes.see_each_other("a", "b", true));
    REQUIRE(nodes.see_each_other("a", "c", true));
    REQUIRE(nodes.see_each_other("b", "c", true));
    CHECK(nodes.equal());
    CHECK(throughout(past_the_wait, [&] { return nodes["b"].filling() && nodes["c"].filling(); }));
    CHECK(write(nodes["a"].api(), "refused", "value").outcome() == "quorum_unreachable");
  }

  TEST_CASE("a member that was complete is so at once when it is started again") {
    cluster nodes;
    auto& a = nodes["a"];
    write_everywhere(a, "key ", 5);
    a.stop();
    SUBCASE("after its process died") {}
    SUBCASE("after a loss of power") { a.disk.power_cut(); }
    for (const std::string other : {"b", "c"}) nodes.network.sever("a", other);
    a.start();
    CHECK(a.status().state() == "no_quorum");
    CHECK(write(a.api(), "alone", "value", {.quorum = net::write_quorum::one}).outcome() == "ok");
    nodes.network.mend("a", "b");
    REQUIRE(nodes.see_each_other("a", "b", true));
    CHECK(write(a.api(), "key 0", "later").outcome() == "ok");
  }

  TEST_CASE("a member that is filling goes on doing so in its next life, and in that of its actors") {
    cluster nodes({.refill_wait_ms = short_wait_ms});
    auto& b = nodes["b"];
    write_everywhere(nodes["a"], "key ", 5);
    nodes["c"].stop();
    lose_disk(b);
    for (const std::string victim : {"writer", "reconciler", "link.a"}) {
      REQUIRE(b.kill_and_see_it_back(victim));
      CHECK(b.filling());
    }
    b.stop();
    b.start();
    REQUIRE(nodes.see_each_other("a", "b", true));
    CHECK(throughout(past_the_wait, [&] { return b.filling(); }));
    CHECK(write(b.api(), "refused", "value", {.quorum = net::write_quorum::one}).outcome() == "filling");
    nodes["c"].start();
    CHECK(nodes.all_up());
  }

  TEST_CASE("the others remember a disk over their own restarts, so that a new one is not taken for the first") {
    cluster nodes;
    auto& b = nodes["b"];
    write_everywhere(nodes["a"], "key ", 5);
    for (auto* node : nodes.running()) node->stop();
    for (const std::string name : {"a", "c"}) nodes[name].disk.power_cut();
    b.disk.wipe();
    for (const std::string name : {"a", "b", "c"}) nodes[name].start();
    REQUIRE(nodes.see_each_other("b", "a", true));
    REQUIRE(nodes.see_each_other("b", "c", true));
    CHECK(nodes.equal());
    // Everybody is there, as when a cluster is new.
    CHECK(throughout(past_the_wait, [&] { return b.filling(); }));
  }

  TEST_CASE("the others remember the old disk of a member until it counts on the new one") {
    cluster nodes({.refill_wait_ms = 1'000});
    auto& a = nodes["a"];
    auto& b = nodes["b"];
    for (auto* one : nodes.running())
      for (auto* other : nodes.running())
        if (one != other) CHECK(one->knows_disk_of(*other));
    lose_disk(b);
    REQUIRE(nodes.see_each_other("a", "b", true));
    CHECK(b.knows_disk_of(a));
    CHECK_FALSE(a.knows_disk_of(b));
    CHECK(eventually([&] { return a.knows_disk_of(b); }));
    CHECK_FALSE(b.filling());
  }

  TEST_CASE("an acknowledgement from a disk that the origin has not yet written down does not count") {
    cluster nodes({.relay_delay_ms = 600'000});
    auto& a = nodes["a"];
    auto& b = nodes["b"];
    write_everywhere(a, "key ", 5);
    b.stop();
    b.disk.wipe();
    b.options.accept_loss = true;
    nodes.network.set("a", "c", {.hold_entries = true});
    REQUIRE(eventually([&] { return !a.peer("b").up(); }));
    // While its disk hangs it learns of the new one, but cannot write that down.
    a.disk.hold_commits();
    const auto begun = submit(a.api(), "key", "value", {.timeout_ms = 3'000});
    REQUIRE(eventually([&] { return a.disk.commit_waits(); }));
    b.start();
    REQUIRE(eventually([&] { return a.peer("b").up() && b.disk.value_of("key") == "value"; }));
    CHECK_FALSE(b.filling());
    a.disk.let_commits_go();
    const auto done = begun->wait();
    CHECK(done.outcome() == "quorum_timeout");
    CHECK(done.answer.copies == 1);
    REQUIRE(nodes.see_each_other("a", "b", true));
    CHECK(write(a.api(), "key", "next").outcome() == "ok");
  }

  TEST_CASE("an operator may have an empty disk taken for complete") {
    cluster nodes;
    auto& a = nodes["a"];
    write_everywhere(a, "key ", 5);
    a.stop();
    a.disk.wipe();
    a.options.accept_loss = true;
    for (const std::string other : {"b", "c"}) nodes.network.sever("a", other);
    a.start();
    CHECK(a.status().state() == "no_quorum");
    CHECK(write(a.api(), "alone", "value", {.quorum = net::write_quorum::one}).outcome() == "ok");
    // With one other it is a quorum again; the third stays away.
    nodes["c"].stop();
    nodes.network.mend("a", "b");
    REQUIRE(nodes.all_up());
    CHECK(write(nodes["b"].api(), "through b", "value").outcome() == "ok");
    CHECK(write(a.api(), "through a", "value").outcome() == "ok");
    CHECK(nodes.equal());
    // Said once: the disk is complete from then on.
    a.stop();
    a.options.accept_loss = false;
    a.start();
    CHECK_FALSE(a.filling());
  }
}
