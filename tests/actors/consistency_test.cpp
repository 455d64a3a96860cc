// Writes that ask the members before they are stamped, writes that are repeated, reads through a quorum.
#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

namespace {

constexpr std::int64_t at_once_ms = 200;

/// A member whose links are cut is noticed after this; a write or read that is to wait for its deadline must be over.
constexpr std::int64_t unsuspected_ms = limits::suspicion_ms / 3;

constexpr auto linearizable = net::write_consistency::linearizable;
constexpr auto retry = net::when_superseded::retry;

/// "c" lacks an acknowledged write, and its clock is behind that of the node that took it, within the bound. Nobody
/// brings the write to it.
struct behind : cluster {
  behind() : cluster({.relay_delay_ms = 600'000, .start = false}) {
    (*this)["c"].time.offset_ms = -1'000;
    for (const std::string name : {"a", "b", "c"}) (*this)[name].start();
    REQUIRE(all_up());
    network.set("a", "c", {.hold_entries = true});
    newest = write((*this)["a"].api(), "key", "newest");
    REQUIRE(newest.ok());
    REQUIRE(eventually([&] { return b().disk.value_of("key") == "newest"; }));
    REQUIRE(c().disk.version_of("key") == version{});
  }
  member& a() { return (*this)["a"]; }
  member& b() { return (*this)["b"]; }
  member& c() { return (*this)["c"]; }
  void clear_up() { network.set("a", "c", {}); }

  recorded_write newest;
};

/// Lets the disk answer at the end, and joins who waited for that.
struct late_answer {
  explicit late_answer(test_disk& of) : disk(of) {}
  ~late_answer() { come(); }
  void come() {
    disk.let_get_go();
    if (reader.joinable()) reader.join();
  }
  test_disk& disk;
  std::thread reader;
};

/// The reads through all that run.
void all_read(cluster& nodes, const std::string& key, const std::string& value) {
  for (auto* node : nodes.running()) {
    CAPTURE(node->name());
    const auto done = read(node->api(), key);
    CHECK(done.outcome() == "ok");
    CHECK(done.value() == value);
  }
}

bool is_everywhere_absent(cluster& nodes, const std::string& key) {
  for (auto* node : nodes.running())
    if (node->disk.version_of(key) != version{}) return false;
  return true;
}

}  // namespace

TEST_SUITE("actors.consistency") {
  // -- writes ----------------------------------------------------------------------------------------------------

  TEST_CASE_FIXTURE(behind, "a linearizable write ends above an acknowledged one that its node has not received") {
    const auto begun = submit(c().api(), "key", "after it", {.consistency = linearizable});
    const auto done = begun->wait();
    CHECK(done.outcome() == "ok");
    CHECK(newest.answer.stamp < done.answer.stamp);
    CHECK(done.answer.copies >= 2);
    CHECK_FALSE(done.answer.retried);
    CHECK(begun->plans() == 1);
    CHECK(c().disk.value_of("key") == "after it");
    clear_up();
    CHECK(everywhere("key", "after it"));
    CHECK(equal());
  }

  TEST_CASE_FIXTURE(behind, "a linearizable write is planned on what the members hold, not on what its node has") {
    const auto begun = submit(c().api(), "key", "", {.remove = true, .consistency = linearizable});
    const auto done = begun->wait();
    CHECK(done.outcome() == "ok");
    CHECK(begun->seen() == "newest");
    CHECK(newest.answer.stamp < done.answer.stamp);
    clear_up();
    CHECK(everywhere("key", ""));
    CHECK(equal());
    for (auto* node : running()) {
      CHECK(node->disk.version_of("key") == done.answer.stamp);
      CHECK(node->digest().tombstones() == 1);
    }
  }

  TEST_CASE_FIXTURE(behind, "that nothing had to be changed there is said of what the members hold") {
    for (const auto consistency : {net::write_consistency::by_default, linearizable}) {
      const auto kept = submit(c().api(), "key", "", {.consistency = consistency, .no_change = true});
      CHECK(kept->wait().outcome() == "ok");
      CHECK(kept->seen() == "newest");
      CHECK(c().disk.value_of("key") == "newest");
    }
    clear_up();
  }

  TEST_CASE_FIXTURE(behind, "a default write there is superseded, and says by what") {
    const auto begun = submit(c().api(), "key", "before it");
    const auto done = begun->wait();
    CHECK(done.outcome() == "superseded");
    CHECK(done.answer.stamp < newest.answer.stamp);
    CHECK(done.answer.superseded_by == newest.answer.stamp);
    CHECK_FALSE(done.answer.retried);
    CHECK(begun->plans() == 1);
    clear_up();
    CHECK(everywhere("key", "newest"));
    CHECK(equal());
  }

  TEST_CASE_FIXTURE(behind, "repeated when superseded it is acknowledged, with a higher version") {
    const auto begun = submit(c().api(), "key", "after all", {.on_superseded = retry});
    const auto done = begun->wait();
    CHECK(done.outcome() == "ok");
    CHECK(done.answer.retried);
    CHECK(newest.answer.stamp < done.answer.stamp);
    CHECK(begun->plans() == 2);
    CHECK(begun->seen() == "newest");
    clear_up();
    CHECK(everywhere("key", "after all"));
    CHECK(equal());
    for (auto* node : running()) CHECK(node->disk.version_of("key") == done.answer.stamp);
  }

  TEST_CASE("a write that nothing is in the way of is not repeated") {
    cluster nodes;
    const auto begun = submit(nodes["a"].api(), "key", "value", {.on_superseded = retry});
    const auto done = begun->wait();
    CHECK(done.outcome() == "ok");
    CHECK_FALSE(done.answer.retried);
    CHECK(begun->plans() == 1);
  }

  TEST_CASE_FIXTURE(behind, "repeated without a quorum it is superseded, which it was, and not rejected") {
    // The verdicts on the first attempt are under way when the quorum goes.
    for (const std::string from : {"a", "b"}) network.set(from, "c", {.hold = true});
    const auto begun = submit(c().api(), "key", "stored", {.timeout_ms = 2 * unsuspected_ms, .on_superseded = retry});
    const auto took_it = [&](member& node) {
      const auto now = node.digest();
      return std::any_of(now.vector().begin(), now.vector().end(),
                         [&](const auto& p) { return p.epoch() == c().status().epoch(); });
    };
    REQUIRE(eventually([&] { return took_it(a()) && took_it(b()); }));
    for (const std::string to : {"a", "b"}) network.set("c", to, {.cut = true});
    for (const std::string from : {"a", "b"}) network.set(from, "c", {});
    const auto done = begun->wait();
    CHECK(done.outcome() == "superseded");
    CHECK(done.answer.retried);
    CHECK(done.answer.superseded_by == newest.answer.stamp);
    CHECK(done.answer.stamp < newest.answer.stamp);
    CHECK(done.late_ms() <= answer_margin_ms);
    CHECK(begun->plans() == 1);
    for (const std::string to : {"a", "b"}) network.set("c", to, {});
    CHECK(everywhere("key", "newest"));
    CHECK(equal());
  }

  TEST_CASE("an acknowledgement that was lost with its stream is earned again from the member's vector") {
    cluster nodes({.relay_delay_ms = 600'000});
    auto& b = nodes["b"];
    nodes.network.set("a", "c", {.hold_entries = true});
    b.disk.hold_commits();
    const auto done = submit(nodes["a"].api(), "key", "value", {.timeout_ms = 8'000, .consistency = linearizable});
    REQUIRE(eventually([&] { return b.disk.commit_waits(); }));
    nodes.network.sever("a", "b");
    REQUIRE(nodes.see_each_other("a", "b", false));
    b.disk.let_commits_go();
    REQUIRE(eventually([&] { return b.disk.value_of("key") == "value"; }));
    CHECK(!done->answered());
    nodes.network.mend("a", "b");
    const auto end = done->wait();
    CHECK(end.outcome() == "ok");
    CHECK(end.answer.copies == 2);
  }

  TEST_CASE("a linearizable write that changes a key it did not ask about ends as conflict and is on no disk") {
    cluster nodes;
    const auto begun = submit(nodes["a"].api(), "key", "value", {.consistency = linearizable, .asked = "another key"});
    const auto done = begun->wait();
    CHECK(done.outcome() == "conflict");
    CHECK(outcome_of(done.answer.outcome.code()) == error_outcome::rejected);
    CHECK(begun->plans() == 1);
    // Whatever follows it in the same logs, it does not appear.
    CHECK(write(nodes["a"].api(), "next", "value", {.quorum = net::write_quorum::all}).ok());
    CHECK(is_everywhere_absent(nodes, "key"));
    CHECK(is_everywhere_absent(nodes, "another key"));
  }

  TEST_CASE("a linearizable write that throws when it is asked for its keys is refused, and the others go on") {
    cluster nodes;
    auto& a = nodes["a"];
    std::vector<std::shared_ptr<pending>> all;
    all.push_back(submit(a.api(), "key", "value", {.consistency = linearizable, .throws = true}));
    all.push_back(submit(a.api(), "key", "value", {.consistency = linearizable}));
    CHECK(all[0]->wait().outcome() == "internal");
    CHECK(all[1]->wait().outcome() == "ok");
  }

  TEST_CASE("a linearizable write needs a majority also where the node is content with less") {
    cluster nodes({.write_quorum = 1});
    for (const std::string to : {"b", "c"}) nodes.network.set("a", to, {.hold_entries = true});
    CHECK(write(nodes["a"].api(), "alone", "value").ok());
    const auto done = write(nodes["a"].api(), "key", "value", {.timeout_ms = 400, .consistency = linearizable});
    CHECK(done.outcome() == "quorum_timeout");
    CHECK(done.answer.copies == 1);
    CHECK(done.answer.copies_needed == 2);
  }

  // -- reads -----------------------------------------------------------------------------------------------------

  TEST_CASE_FIXTURE(behind, "a read through a node that lacks an acknowledged write sees it") {
    const auto done = read(c().api(), "key");
    CHECK(done.outcome() == "ok");
    CHECK(done.value() == "newest");
    CHECK(done.stamp() == newest.answer.stamp);
    clear_up();
    CHECK(everywhere("key", "newest"));
    CHECK(equal());
    all_read(*this, "key", "newest");
  }

  TEST_CASE("what a read answers stays, also when the only member that had it dies for good") {
    cluster nodes({.relay_delay_ms = 100});
    auto& a = nodes["a"];
    auto& b = nodes["b"];
    auto& c = nodes["c"];
    // Not acknowledged by a quorum, and on one disk only.
    for (const std::string to : {"b", "c"}) nodes.network.set("a", to, {.hold_entries = true});
    const auto only = write(a.api(), "key", "value", {.quorum = net::write_quorum::one});
    REQUIRE(only.ok());
    std::string through;
    SUBCASE("read through another member") { through = "b"; }
    SUBCASE("read through the one that has it") { through = "a"; }
    CAPTURE(through);
    // The answer of the third would do to find out that there is nothing.
    nodes.network.sever(through, "c");
    REQUIRE(nodes.see_each_other(through, "c", false));
    const auto done = read(nodes[through].api(), "key");
    REQUIRE(done.outcome() == "ok");
    CHECK(done.value() == "value");
    CHECK(done.stamp() == only.answer.stamp);
    // A majority holds it now, though not one entry of its log has left the node.
    CHECK(a.disk.version_of("key") == only.answer.stamp);
    CHECK(b.disk.version_of("key") == only.answer.stamp);
    a.stop();
    for (const std::string to : {"b", "c"}) nodes.network.set("a", to, {.cut = true});
    nodes.network.mend(through, "c");
    REQUIRE(nodes.see_each_other("b", "c", true));
    CHECK(nodes.everywhere("key", "value"));
    CHECK(c.disk.version_of("key") == only.answer.stamp);
    all_read(nodes, "key", "value");

    // The disk goes that the value was brought to.
    b.stop();
    b.disk.wipe();
    b.start();
    CHECK(nodes.everywhere("key", "value"));
    CHECK(b.disk.version_of("key") == only.answer.stamp);
    CHECK(b.filling());
    // With one disk lost and another member dead nobody can be certain; an operator has to say so.
    b.stop();
    b.options.accept_loss = true;
    b.start();
    REQUIRE(nodes.all_up());
    all_read(nodes, "key", "value");
    CHECK(nodes.equal());
  }

  TEST_CASE("reads that follow each other do not go back, whichever members answer") {
    cluster nodes({.relay_delay_ms = 600'000});
    auto& a = nodes["a"];
    REQUIRE(write(a.api(), "key", "old", {.quorum = net::write_quorum::all}).ok());
    for (const std::string to : {"b", "c"}) nodes.network.set("a", to, {.hold_entries = true});
    // May still surface or be replaced: both are right until somebody has read it.
    const auto open = write(a.api(), "key", "new", {.timeout_ms = 100});
    REQUIRE(open.outcome() == "quorum_timeout");
    nodes.network.sever("b", "c");
    REQUIRE(nodes.see_each_other("b", "c", false));
    CHECK(read(nodes["b"].api(), "key").value() == "new");
    nodes.network.sever("a", "c");
    nodes.network.mend("b", "c");
    REQUIRE(nodes.see_each_other("a", "c", false));
    REQUIRE(nodes.see_each_other("b", "c", true));
    CHECK(read(nodes["c"].api(), "key").value() == "new");
  }

  TEST_CASE("a key that was never written reads as nothing") {
    cluster nodes;
    for (auto* node : nodes.running()) {
      const auto done = read(node->api(), "key");
      CHECK(done.outcome() == "ok");
      CHECK_FALSE(done.answer.record.has_value());
    }
    CHECK(is_everywhere_absent(nodes, "key"));
  }

  TEST_CASE("a deleted key reads as its tombstone, also where the value still is") {
    cluster nodes({.relay_delay_ms = 600'000});
    REQUIRE(write(nodes["a"].api(), "key", "value", {.quorum = net::write_quorum::all}).ok());
    nodes.network.set("a", "c", {.hold_entries = true});
    const auto removed = write(nodes["a"].api(), "key", "", {.remove = true});
    REQUIRE(removed.ok());
    REQUIRE(nodes["c"].disk.value_of("key") == "value");
    const auto done = read(nodes["c"].api(), "key");
    CHECK(done.outcome() == "ok");
    REQUIRE(done.answer.record.has_value());
    CHECK(done.answer.record->deleted);
    CHECK(done.stamp() == removed.answer.stamp);
    nodes.network.set("a", "c", {});
    CHECK(nodes.everywhere("key", ""));
    CHECK(nodes.equal());
    for (auto* node : nodes.running()) CHECK(node->digest().tombstones() == 1);
  }

  TEST_CASE("a cluster of one reads and writes linearizably by itself") {
    cluster nodes({.names = {"a"}});
    auto& a = nodes["a"];
    CHECK_FALSE(read(a.api(), "key").answer.record.has_value());
    CHECK(write(a.api(), "key", "value", {.consistency = linearizable}).outcome() == "ok");
    CHECK(read(a.api(), "key").value() == "value");
  }

  // -- without a quorum ------------------------------------------------------------------------------------------

  TEST_CASE("with too few members known to be up a read or linearizable write is rejected at once") {
    cluster nodes;
    auto& a = nodes["a"];
    REQUIRE(write(a.api(), "key", "value", {.quorum = net::write_quorum::all}).ok());
    for (const std::string peer : {"b", "c"}) {
      nodes.network.sever("a", peer);
      REQUIRE(nodes.see_each_other("a", peer, false));
    }
    const auto done = read(a.api(), "key");
    CHECK(done.outcome() == "quorum_unreachable");
    CHECK_FALSE(done.answer.record.has_value());
    CHECK(done.took_ms() < at_once_ms);
    const auto begun = submit(a.api(), "key", "other", {.consistency = linearizable});
    const auto refused = begun->wait();
    CHECK(refused.outcome() == "quorum_unreachable");
    CHECK(refused.took_ms() < at_once_ms);
    CHECK(begun->plans() == 0);
    for (const std::string peer : {"b", "c"}) nodes.network.mend("a", peer);
    REQUIRE(nodes.all_up());
    all_read(nodes, "key", "value");
  }

  TEST_CASE("questions that nobody answers end as quorum_unreachable by the deadline") {
    cluster nodes;
    auto& a = nodes["a"];
    for (const std::string to : {"b", "c"}) nodes.network.set("a", to, {.cut = true});
    const auto reading = begin_read(a.api(), "key", {.timeout_ms = unsuspected_ms});
    const auto writing = submit(a.api(), "key", "value", {.timeout_ms = unsuspected_ms, .consistency = linearizable});
    const auto done = reading->wait();
    CHECK(done.outcome() == "quorum_unreachable");
    CHECK(done.late_ms() >= 0);
    CHECK(done.late_ms() <= answer_margin_ms);
    const auto refused = writing->wait();
    CHECK(refused.outcome() == "quorum_unreachable");
    CHECK(refused.late_ms() >= 0);
    CHECK(refused.late_ms() <= answer_margin_ms);
    CHECK(writing->plans() == 0);
    for (const std::string to : {"b", "c"}) nodes.network.set("a", to, {});
    REQUIRE(nodes.all_up());
    CHECK(write(a.api(), "next", "value", {.quorum = net::write_quorum::all}).ok());
    CHECK(is_everywhere_absent(nodes, "key"));
  }

  TEST_CASE("a read or linearizable write whose deadline has passed is rejected") {
    cluster nodes;
    CHECK(read(nodes["a"].api(), "key", {.timeout_ms = -1}).outcome() == "deadline_exceeded");
    const auto begun = submit(nodes["a"].api(), "key", "value", {.timeout_ms = -1, .consistency = linearizable});
    CHECK(begun->wait().outcome() == "deadline_exceeded");
    CHECK(begun->plans() == 0);
  }

  TEST_CASE("questions that are lost are asked again") {
    cluster nodes({.relay_delay_ms = 600'000});
    auto& a = nodes["a"];
    REQUIRE(write(nodes["b"].api(), "key", "value", {.quorum = net::write_quorum::all}).ok());
    for (const std::string to : {"b", "c"}) nodes.network.set("a", to, {.cut = true});
    const auto lost = nodes.network.seen("a", "b").lost;
    const auto reading = begin_read(a.api(), "key");
    const auto writing = submit(a.api(), "key", "next", {.consistency = linearizable});
    // Heartbeats are lost too: the question is within the second frame.
    REQUIRE(eventually([&] { return nodes.network.seen("a", "b").lost >= lost + 2; }));
    for (const std::string to : {"b", "c"}) nodes.network.set("a", to, {});
    CHECK(reading->wait().outcome() == "ok");
    CHECK(writing->wait().outcome() == "ok");
    CHECK(nodes.everywhere("key", "next"));
  }

  TEST_CASE("when the inquirer dies what it held is answered unknown, and the next one answers") {
    cluster nodes;
    auto& a = nodes["a"];
    REQUIRE(write(a.api(), "key", "value", {.quorum = net::write_quorum::all}).ok());
    for (const std::string from : {"b", "c"}) nodes.network.set(from, "a", {.hold = true});
    const auto reading = begin_read(a.api(), "key");
    const auto writing = submit(a.api(), "other", "value", {.consistency = linearizable});
    REQUIRE(a.kill("inquirer").ok());
    CHECK(eventually([&] { return reading->answered() && writing->answered(); }, std::chrono::milliseconds(1'000)));
    CHECK(reading->wait().outcome() == "outcome_unknown");
    CHECK(writing->wait().outcome() == "outcome_unknown");
    CHECK(writing->plans() == 0);
    for (const std::string from : {"b", "c"}) nodes.network.set(from, "a", {});
    REQUIRE(eventually([&] {
      const auto inquirer = a.actor("inquirer");
      return inquirer.restarts() == 1 && inquirer.state() == "running";
    }));
    REQUIRE(nodes.all_up());
    all_read(nodes, "key", "value");
    CHECK(write(a.api(), "key", "next", {.consistency = linearizable}).outcome() == "ok");
    CHECK(a.failures().empty());
    CHECK(is_everywhere_absent(nodes, "other"));
  }

  TEST_CASE("a filling node refuses reads and linearizable writes; the others answer without it") {
    cluster nodes;
    auto& b = nodes["b"];
    REQUIRE(write(nodes["a"].api(), "key", "value", {.quorum = net::write_quorum::all}).ok());
    b.stop();
    b.disk.wipe();
    b.start();
    REQUIRE(nodes.see_each_other("b", "a", true));
    REQUIRE(nodes.see_each_other("b", "c", true));
    REQUIRE(nodes.everywhere("key", "value"));
    REQUIRE(b.filling());
    const auto done = read(b.api(), "key");
    CHECK(done.outcome() == "filling");
    CHECK_FALSE(done.answer.record.has_value());
    CHECK(done.took_ms() < at_once_ms);
    const auto begun = submit(b.api(), "key", "other", {.consistency = linearizable});
    const auto refused = begun->wait();
    CHECK(refused.outcome() == "filling");
    CHECK(refused.took_ms() < at_once_ms);
    CHECK(begun->plans() == 0);
    CHECK(b.filling());
    for (const std::string other : {"a", "c"}) {
      CHECK(read(nodes[other].api(), "key").value() == "value");
      CHECK(write(nodes[other].api(), "key", "value", {.consistency = linearizable}).outcome() == "ok");
    }
  }

  TEST_CASE("what a filling node holds is no answer to a question") {
    cluster nodes({.relay_delay_ms = 600'000});
    auto& a = nodes["a"];
    auto& b = nodes["b"];
    // "c" has it and is not heard; "b" had it and lost it; "a" never got it.
    nodes.network.set("c", "a", {.hold_entries = true});
    REQUIRE(write(nodes["c"].api(), "key", "value").ok());
    b.stop();
    b.disk.wipe();
    nodes.network.sever("b", "c");
    b.start();
    REQUIRE(nodes.see_each_other("a", "b", true));
    REQUIRE(a.disk.version_of("key") == version{});
    REQUIRE(b.disk.version_of("key") == version{});
    nodes.network.set("a", "c", {.cut = true});
    CHECK(read(a.api(), "key", {.timeout_ms = unsuspected_ms}).outcome() == "quorum_unreachable");
    const auto begun = submit(a.api(), "key", "other", {.timeout_ms = unsuspected_ms, .consistency = linearizable});
    CHECK(begun->wait().outcome() == "quorum_unreachable");
    CHECK(begun->plans() == 0);
    nodes.network.set("a", "c", {});
    REQUIRE(nodes.see_each_other("a", "c", true));
    CHECK(read(a.api(), "key").value() == "value");
  }

  TEST_CASE("what was looked up while filling does not count, though the node is complete when it comes to be used") {
    // "c" has an acknowledged value, "a" never got it, "b" had it, lost it, and looks it up just before it is back.
    cluster nodes({.relay_delay_ms = 600'000, .refill_wait_ms = 200});
    auto& a = nodes["a"];
    auto& b = nodes["b"];
    auto& c = nodes["c"];
    nodes.network.set("c", "a", {.hold_entries = true});
    REQUIRE(write(c.api(), "key", "value").ok());
    b.stop();
    b.disk.wipe();
    nodes.network.set("c", "b", {.hold_entries = true});
    b.start();
    REQUIRE(nodes.see_each_other("a", "b", true));
    REQUIRE(nodes.see_each_other("b", "c", true));
    // By then it has asked the others what it has to hold, and only has to get it.
    REQUIRE(throughout(std::chrono::milliseconds(1'000), [&] { return b.filling(); }));
    REQUIRE(b.disk.version_of("key") == version{});
    std::shared_ptr<pending_read> reading;
    late_answer found(b.disk);
    SUBCASE("by its own reader") {
      b.disk.hold_next_get("key");
      found.reader = std::thread([&] { reading = begin_read(b.api(), "key"); });
      REQUIRE(eventually([&] { return b.disk.get_waits(); }));
      nodes.network.set("c", "b", {});
      REQUIRE(nodes.all_up());
      // The one that has it is not heard first.
      nodes.network.set("c", "b", {.hold = true});
      found.come();
    }
    SUBCASE("for another member that asks") {
      b.disk.hold_commits();
      nodes.network.set("c", "b", {});
      REQUIRE(eventually([&] { return b.disk.commit_waits(); }));
      nodes.network.set("c", "a", {.hold = true});
      b.disk.hold_next_get("key");
      reading = begin_read(a.api(), "key");
      REQUIRE(eventually([&] { return b.disk.get_waits(); }));
      b.disk.let_commits_go();
      REQUIRE(eventually([&] { return !b.filling() && a.knows_disk_of(b); }));
      found.come();
    }
    // Time enough for an answer that is wrong; a right value waits for the member that has it.
    (void)eventually([&] { return reading->answered(); }, std::chrono::milliseconds(unsuspected_ms));
    nodes.network.set("c", "a", {});
    nodes.network.set("c", "b", {});
    const auto done = reading->wait();
    CHECK((done.outcome() == "filling" || (done.ok() && done.value() == "value")));
    // Looked up again, it is there.
    CHECK(read(b.api(), "key").value() == "value");
  }
}
