// Wall clocks that are behind, ahead or set back (hazards 18 to 20).
#include <doctest/doctest.h>

#include "proto/hash.hpp"
#include "tests/support/hand_made_peer.hpp"
#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;

std::uint64_t in_ms(const member& of, std::int64_t ahead_ms) {
  return hybrid_time_at(static_cast<std::uint64_t>(of.time.wall_ms() + ahead_ms));
}

bool says_skewed(member& node) {
  return eventually([&] { return node.status().state() == "clock_skew"; });
}

}  // namespace

TEST_SUITE("actors.clock") {
  TEST_CASE("a node far behind both peers refuses to coordinate, and goes on storing") {
    cluster nodes({.start = false});
    nodes["b"].time.offset_ms = -10'000;
    for (const std::string name : {"a", "b", "c"}) nodes[name].start();
    REQUIRE(nodes.all_up());
    REQUIRE(says_skewed(nodes["b"]));
    const auto refused = submit(nodes["b"].api(), "key", "bad");
    CHECK(refused->wait().outcome() == "clock_skew");
    CHECK(refused->plans() == 0);
    const auto good = write(nodes["a"].api(), "key", "good", {.quorum = net::write_quorum::all});
    CHECK(good.outcome() == "ok");
    CHECK(nodes["b"].disk.value_of("key") == "good");
    CHECK(nodes["a"].status().state() == "serving");
    // It is the verdict that refuses, and it is taken back.
    nodes["b"].time.offset_ms = 0;
    CHECK(eventually([&] { return nodes["b"].status().state() == "serving"; }));
    CHECK(write(nodes["b"].api(), "key", "better").ok());
    CHECK(nodes.everywhere("key", "better"));
  }

  TEST_CASE("a node that cannot know yet that it is behind never acknowledges a value that does not win") {
    cluster nodes({.relay_delay_ms = 600'000, .accept_loss = true, .start = false});
    nodes["b"].time.offset_ms = -10'000;
    nodes.network.sever("b", "c");
    for (const std::string name : {"a", "b", "c"}) nodes[name].start();
    REQUIRE(nodes.see_each_other("a", "b", true));
    REQUIRE(nodes.see_each_other("a", "c", true));
    nodes.network.set("a", "b", {.hold_entries = true});
    const auto good = write(nodes["a"].api(), "key", "good");
    REQUIRE(good.ok());
    // It does coordinate: one peer's clock is no majority.
    CHECK(write(nodes["b"].api(), "fresh", "value").outcome() == "ok");
    const auto bad = write(nodes["b"].api(), "key", "bad", {.timeout_ms = 1'000});
    CHECK(bad.outcome() == "superseded");
    CHECK(bad.answer.superseded_by == good.answer.stamp);
    nodes.network.set("a", "b", {});
    nodes.network.mend("b", "c");
    CHECK(nodes.everywhere("key", "good"));
    CHECK(nodes.equal());
  }

  TEST_CASE("from its start to its verdict a node behind acknowledges nothing that loses") {
    cluster nodes({.accept_loss = true, .start = false});
    nodes["b"].time.offset_ms = -10'000;
    nodes["a"].start();
    nodes["c"].start();
    REQUIRE(nodes.all_up());
    std::vector<recorded_write> history;
    for (int i = 0; i < 5; ++i) {
      history.push_back(write(nodes["a"].api(), "key", "good " + std::to_string(i)));
      CHECK(history.back().ok());
    }
    nodes["b"].start();
    int tries = 0;
    CHECK(eventually([&] {
      history.push_back(write(nodes["b"].api(), "key", "bad " + std::to_string(++tries), {.timeout_ms = 1'000}));
      return history.back().outcome() == "clock_skew";
    }));
    CHECK(stale_in(history).size() == 0);
    CHECK(nodes.equal());
    for (auto* node : nodes.running()) CHECK(missing_in(node->disk.store(), history).size() == 0);
  }

  TEST_CASE("a peer's stamp far ahead is refused and moves nothing; the stream goes on") {
    cluster nodes({.accept_loss = true, .start = false});
    auto& a = nodes["a"];
    a.start();
    nodes["b"].start();
    REQUIRE(nodes.all_up());
    hand_made_peer c("c");
    REQUIRE(c.open(a.api(), c.hello_to("a")) == "ok");
    c.send({c.put(1, in_ms(a, hour_ms), "ahead", "value"), c.put(2, in_ms(a, 0), "behind it", "value")});
    REQUIRE(eventually([&] { return !c.refusals().empty(); }));
    CHECK(c.refusals().front().reason() == v1::LogRefusal::CLOCK);
    CHECK(c.refusals().front().have() == 0);
    CHECK(c.acks().empty());
    CHECK(a.status().entries_refused_clock() == 1);
    CHECK(a.disk.version_of("ahead") == version{});
    CHECK(a.disk.version_of("behind it") == version{});

    const auto ours = write(a.api(), "ours", "value");
    CHECK(ours.ok());
    CHECK(ours.answer.stamp.time < in_ms(a, 100));

    // The same stream carries the log of somebody else, and this one once its stamps are sane.
    auto other = c.put(1, in_ms(a, 0), "other", "value");
    other.log.origin = node_id_of("b");
    c.send({c.put(1, in_ms(a, 10 * 8'766 * hour_ms), "ahead", "value"), other});
    CHECK(eventually([&] { return a.disk.value_of("other") == "value"; }));
    c.send({c.put(1, in_ms(a, 0), "sane", "value")});
    CHECK(eventually([&] { return a.disk.value_of("sane") == "value"; }));
    c.heartbeat();
    CHECK(c.echoes() == 1);
    CHECK_FALSE(c.closed().has_value());
    CHECK(a.status().entries_refused_clock() == 2);
    c.close();
  }

  TEST_CASE("a peer's stamp within the bound is taken, one beyond it is not") {
    cluster nodes({.accept_loss = true, .start = false});
    auto& a = nodes["a"];
    a.start();
    hand_made_peer c("c");
    REQUIRE(c.open(a.api(), c.hello_to("a")) == "ok");
    c.send({c.put(1, in_ms(a, limits::clock_offset_ms_max_default - 500), "within", "value")});
    CHECK(eventually([&] { return c.acks().size() == 1; }));
    // Our own stamps are above everything that was taken.
    CHECK(write(a.api(), "within", "newer", {.quorum = net::write_quorum::one}).ok());
    CHECK(a.disk.value_of("within") == "newer");
    c.send({c.put(2, in_ms(a, limits::clock_offset_ms_max_default + 5'000), "beyond", "value")});
    CHECK(eventually([&] { return c.refusals().size() == 1; }));
    CHECK(a.disk.version_of("beyond") == version{});
    c.close();
  }

  TEST_CASE("a member ahead within the bound does not keep the others from coordinating") {
    cluster nodes({.start = false});
    nodes["c"].time.offset_ms = limits::clock_offset_ms_max_default - 500;
    for (const std::string name : {"a", "b", "c"}) nodes[name].start();
    REQUIRE(nodes.all_up());
    for (int i = 0; i < 5; ++i) {
      CHECK(write(nodes["c"].api(), "key", "through c", {.quorum = net::write_quorum::all}).outcome() == "ok");
      CHECK(write(nodes["a"].api(), "key", "through a").outcome() == "ok");
    }
    CHECK(nodes.everywhere("key", "through a"));
  }

  TEST_CASE("entries refused for their stamps are offered again after a pause, not in a storm") {
    cluster nodes({.write_quorum = 1, .accept_loss = true, .start = false});
    auto& c = nodes["c"];
    c.time.offset_ms = hour_ms;
    c.start();
    // Several frames' worth.
    const std::string large(100'000, 'x');
    for (int i = 0; i < 60; ++i) REQUIRE(write(c.api(), "ahead " + std::to_string(i), large).ok());
    // Two that agree on the time, before they hear of the third.
    for (const std::string name : {"a", "b"}) nodes.network.sever(name, "c");
    nodes["a"].start();
    nodes["b"].start();
    REQUIRE(nodes.see_each_other("a", "b", true));
    for (const std::string name : {"a", "b"}) nodes.network.mend(name, "c");
    REQUIRE(nodes.all_up());
    REQUIRE(eventually([&] { return nodes["a"].status().entries_refused_clock() != 0; }));
    const auto before = nodes.network.seen("c", "a").entry_frames;
    const std::chrono::milliseconds watched(2'000);
    CHECK(throughout(watched, [&] { return nodes["a"].peer("c").up() && nodes["c"].peer("a").up(); }));
    const auto frames = nodes.network.seen("c", "a").entry_frames - before;
    // A window of frames per pause at the most.
    const auto per_pause = limits::link_window_bytes_max / limits::frame_entries_bytes_max;
    CHECK(frames > 0);
    CHECK(frames <= per_pause * static_cast<std::uint64_t>(watched.count() / limits::refusal_retry_ms + 1));
    CHECK(nodes["a"].disk.version_of("ahead 0") == version{});
    CHECK(write(nodes["a"].api(), "ours", "value").answer.stamp.time < in_ms(nodes["a"], 1'000));
  }

  TEST_CASE("a node whose clock is set while it runs stamps nothing with it until the others agree") {
    cluster nodes;
    auto& b = nodes["b"];
    SUBCASE("both peers are there") {}
    // One peer that disagrees says nothing of a clock that nobody touched, but enough of one that was just set.
    SUBCASE("one peer is there") {
      nodes["c"].stop();
      REQUIRE(nodes.see_each_other("a", "b", true));
      REQUIRE(eventually([&] { return !b.peer("c").up(); }));
    }
    REQUIRE(write(b.api(), "key", "before").ok());
    const auto now = b.time.wall_ms();
    b.time.offset_ms = hour_ms;
    const auto refused = write(b.api(), "key", "too early");
    CHECK(refused.outcome() == "clock_skew");
    // Neither the next measurements nor a new life of the writer take that back.
    REQUIRE(b.kill_and_see_it_back("writer"));
    CHECK(throughout(std::chrono::milliseconds(600), [&] {
      const auto again = write(b.api(), "key", "still too early");
      return again.outcome() == "clock_skew" || again.outcome() == "outcome_unknown";
    }));
    b.time.offset_ms = 0;
    CHECK(eventually([&] { return write(b.api(), "key", "after").ok(); }));
    CHECK(milliseconds_of(b.disk.version_of("key").time) < static_cast<std::uint64_t>(now) + hour_ms / 2);
    CHECK(eventually([&] { return nodes["a"].disk.value_of("key") == "after"; }));
    CHECK(nodes["a"].status().entries_refused_clock() == 0);
  }

  // The simulator found it: the bound went along with a clock that nobody had found fit, and the next life of the node
  // started an hour ahead of its peers.
  TEST_CASE("what others wrote does not move the stored bound of a node whose clock was just set") {
    cluster nodes;
    auto& b = nodes["b"];
    REQUIRE(write(b.api(), "key", "before").ok());
    const auto sane = in_ms(b, 60'000);
    const auto stamp = in_ms(b, 0);
    b.time.offset_ms = hour_ms;
    SUBCASE("merged from a log") {
      REQUIRE(write(nodes["a"].api(), "theirs", "value").ok());
      REQUIRE(eventually([&] { return b.disk.value_of("theirs") == "value"; }));
    }
    SUBCASE("written back by a read") {
      nodes["c"].stop();
      hand_made_peer c("c");
      c.complete = false;
      REQUIRE(eventually([&] { return c.open(b.api(), c.hello_to("b")) == "ok"; }));
      c.write_back(1, {stamp, node_id_of("c")}, "theirs", "value");
      REQUIRE(eventually([&] { return b.disk.value_of("theirs") == "value"; }));
      c.close();
    }
    const auto held = b.disk.store().summary();
    REQUIRE(held);
    CHECK(held->clock_bound < sane);
  }

  TEST_CASE("a clock that jumped is doubted at once, and trusted at once when the jump is taken back") {
    cluster nodes;
    auto& b = nodes["b"];
    REQUIRE(write(b.api(), "key", "before", {.consistency = net::write_consistency::linearizable}).ok());
    b.time.offset_ms = 10'000;
    // It is said without a write that would find out.
    CHECK(eventually([&] {
      const auto status = b.status();
      return status.state() == "clock_skew" && !status.takes_writes()
             && status.reason().find("from most members' (a -") != std::string::npos
             && status.reason().find(", c -") != std::string::npos;
    }));
    CHECK(b.status().advice().find("write through a or c") != std::string::npos);
    const auto refused = write(b.api(), "key", "ahead", {.consistency = net::write_consistency::linearizable});
    CHECK(refused.outcome() == "clock_skew");
    CHECK(refused.answer.outcome.context() == b.status().reason() + "; " + b.status().advice());
    b.time.offset_ms = 0;
    CHECK(eventually([&] { return b.status().takes_writes(); }, std::chrono::milliseconds(2'000)));
    CHECK(write(b.api(), "key", "after", {.consistency = net::write_consistency::linearizable}).ok());
  }

  TEST_CASE("stamps ahead of clocks that were all set back: the refusal says for how long") {
    cluster nodes({.start = false});
    for (const std::string name : {"a", "b", "c"}) {
      nodes[name].options.max_clock_offset_ms = 500;
      nodes[name].start();
    }
    REQUIRE(nodes.all_up());
    auto& b = nodes["b"];
    for (auto* node : nodes.running()) node->time.offset_ms = 1'500;
    REQUIRE(eventually([&] { return write(b.api(), "key", "ahead").ok(); }));
    for (auto* node : nodes.running()) node->time.offset_ms = 0;
    CHECK(eventually([&] {
      const auto refused = write(b.api(), "key", "refused");
      return refused.answer.outcome.context().find("ms ahead of its clock") != std::string::npos
             && refused.answer.outcome.context().find("takes writes again in 0.") != std::string::npos;
    }));
    CHECK(b.status().state() == "clock_skew");
    CHECK(b.status().advice().find("takes writes again in 0.") != std::string::npos);
    CHECK(eventually([&] { return b.status().takes_writes(); }, std::chrono::milliseconds(3'000)));
    CHECK(write(b.api(), "key", "after").ok());
  }

  TEST_CASE("a clock set back across a restart does not make an overwrite lose") {
    cluster nodes({.names = {"a"}});
    auto& a = nodes["a"];
    const auto first = write(a.api(), "key", "first");
    REQUIRE(first.ok());
    a.stop();
    bool power_lost = false;
    SUBCASE("after its process died") {}
    SUBCASE("after a loss of power") { power_lost = true; }
    CAPTURE(power_lost);
    if (power_lost) a.disk.power_cut();
    a.time.offset_ms = -hour_ms;
    a.start();
    const auto second = write(a.api(), "key", "second");
    CHECK(second.ok());
    CHECK(first.answer.stamp < second.answer.stamp);
    CHECK(a.disk.value_of("key") == "second");
  }

  TEST_CASE("a member whose clock was set back across a restart never acknowledges a value that does not win") {
    cluster nodes;
    auto& a = nodes["a"];
    std::vector<recorded_write> history{write(a.api(), "key", "first")};
    REQUIRE(history.back().ok());
    a.stop();
    a.time.offset_ms = -hour_ms;
    a.start();
    for (int i = 0; i < 3; ++i) {
      history.push_back(write(a.api(), "key", "back " + std::to_string(i), {.timeout_ms = 300}));
      history.push_back(write(nodes["b"].api(), "key", "other " + std::to_string(i)));
    }
    a.time.offset_ms = 0;
    CHECK(nodes.equal());
    CHECK(stale_in(history).size() == 0);
    for (auto* node : nodes.running()) CHECK(missing_in(node->disk.store(), history).size() == 0);
  }

  TEST_CASE("a cluster whose clocks were all set back across a restart refuses at once, until they are right") {
    cluster nodes;
    const auto first = write(nodes["a"].api(), "key", "first");
    REQUIRE(first.ok());
    REQUIRE(nodes.equal());
    for (auto* node : nodes.running()) {
      node->stop();
      node->time.offset_ms = -hour_ms;
    }
    for (const std::string name : {"a", "b", "c"}) nodes[name].start();
    REQUIRE(nodes.all_up());
    for (auto* node : nodes.running()) {
      const auto refused = write(node->api(), "key", "refused");
      CHECK((refused.ok() || outcome_of(refused.answer.outcome.code()) == error_outcome::rejected));
      if (refused.ok()) CHECK(first.answer.stamp < refused.answer.stamp);
      CHECK(refused.ended_us - refused.started_us < 200'000);
    }
    for (auto* node : nodes.running()) node->time.offset_ms = 0;
    CHECK(eventually([&] { return write(nodes["b"].api(), "key", "second").ok(); }));
    CHECK(nodes.everywhere("key", "second"));
  }
}
