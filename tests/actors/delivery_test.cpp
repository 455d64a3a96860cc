// Frames that come twice, late or never (hazards 10, 14, 15).
#include <doctest/doctest.h>

#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

namespace {

const std::vector<std::string> names{"a", "b", "c"};

void set_everywhere(cluster& nodes, const weather& now) {
  for (const auto& from : names)
    for (const auto& to : names)
      if (from != to) nodes.network.set(from, to, now);
}

traffic seen_everywhere(cluster& nodes) {
  traffic sum;
  for (const auto& from : names)
    for (const auto& to : names) {
      const auto one = nodes.network.seen(from, to);
      sum.duplicated += one.duplicated;
      sum.reordered += one.reordered;
      sum.lost += one.lost;
    }
  return sum;
}

/// Loads through all members in that weather; then the sky clears, and everything must be as it should.
traffic write_through(const weather& during) {
  cluster nodes;
  set_everywhere(nodes, during);
  std::vector<std::unique_ptr<load>> loads;
  for (const auto& name : names) {
    loads.push_back(std::make_unique<load>(nodes[name].api(), name, load_options{.writers = 2}));
    loads.push_back(std::make_unique<load>(nodes[name].api(), name,
                                           load_options{.writers = 2, .keys = 7, .prefix = "overwritten"}));
  }
  for (auto& one : loads) CHECK(eventually([&] { return one->history().size() >= 60; }));
  std::vector<recorded_write> history;
  for (auto& one : loads) {
    one->stop();
    for (auto& w : one->history()) history.push_back(std::move(w));
  }
  set_everywhere(nodes, {});
  // What was lost last is found missing when something follows.
  for (const auto& name : names) history.push_back(write(nodes[name].api(), "last " + name, name));

  CHECK(nodes.equal());
  for (const auto& name : names) {
    CAPTURE(name);
    CHECK(missing_in(nodes[name].disk.store(), history).size() == 0);
    CHECK(nodes[name].failures().empty());
    CHECK(nodes[name].actor("writer").restarts() == 0);
  }
  CHECK(stale_in(history).size() == 0);
  CHECK(latest_answer_ms(history) <= answer_margin_ms);
  for (const auto& w : history)
    if (w.ok()) CHECK((w.answer.copies >= 2 && w.answer.copies <= 3));
  return seen_everywhere(nodes);
}

}  // namespace

TEST_SUITE("actors.delivery") {
  TEST_CASE("frames and answers that come twice change nothing") {
    CHECK(write_through({.duplicate_every = 1}).duplicated > 100);
  }

  TEST_CASE("frames that overtake each other change nothing") {
    CHECK(write_through({.reorder_every = 3}).reordered > 20);
  }

  TEST_CASE("frames that are lost are sent again") { CHECK(write_through({.drop_every = 5}).lost > 20); }

  TEST_CASE("all of it at once changes nothing") {
    const auto seen = write_through({.duplicate_every = 2, .reorder_every = 3, .drop_every = 7});
    CHECK(seen.duplicated > 20);
    CHECK(seen.reordered > 20);
    CHECK(seen.lost > 20);
  }

  TEST_CASE("a peer that acknowledges twice is counted once") {
    cluster nodes;
    nodes.network.set("b", "a", {.duplicate_every = 1});
    nodes.network.set("a", "b", {.duplicate_every = 1});
    nodes.network.set("a", "c", {.hold_entries = true});
    nodes.network.set("b", "c", {.hold_entries = true});
    const auto done = write(nodes["a"].api(), "key", "value", {.timeout_ms = 500, .quorum = net::write_quorum::all});
    CHECK(done.outcome() == "quorum_timeout");
    CHECK(done.answer.copies == 2);
    CHECK(nodes.network.seen("b", "a").duplicated > 0);
  }

  TEST_CASE("a stream broken with frames under way is taken up where the peer stands") {
    cluster nodes({.relay_delay_ms = 600'000});
    nodes.network.set("a", "c", {.hold_entries = true});
    for (int i = 0; i < 50; ++i) CHECK(write(nodes["a"].api(), "key " + std::to_string(i), "value").ok());
    nodes.network.sever("a", "c");
    REQUIRE(nodes.see_each_other("a", "c", false));
    for (int i = 50; i < 100; ++i) CHECK(write(nodes["a"].api(), "key " + std::to_string(i), "value").ok());
    nodes.network.mend("a", "c");
    REQUIRE(nodes.see_each_other("a", "c", true));
    // The old stream's frames arrive now, after the new stream's hello.
    nodes.network.set("a", "c", {});
    CHECK(nodes.everywhere("key 99", "value"));
    CHECK(nodes.equal());
  }

  TEST_CASE("silence one way is found out by both") {
    cluster nodes;
    nodes.network.set("a", "b", {.cut = true});
    REQUIRE(nodes.see_each_other("a", "b", false));
    CHECK(write(nodes["a"].api(), "key", "value").ok());
    CHECK(nodes["c"].disk.value_of("key") == "value");
    CHECK(nodes.everywhere("key", "value"));
    nodes.network.set("a", "b", {});
    CHECK(nodes.see_each_other("a", "b", true));
  }
}
