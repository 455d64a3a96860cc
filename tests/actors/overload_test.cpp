// More than a node can take: it says so at once, and its memory stays bounded (hazard 33).
#include <doctest/doctest.h>

#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

namespace {

std::int64_t took_ms(const recorded_write& w) { return (w.ended_us - w.started_us) / 1000; }

}  // namespace

TEST_SUITE("actors.overload") {
  TEST_CASE("more writes than may wait are refused at once, and those that waited are answered") {
    cluster nodes({.names = {"a"}});
    auto& a = nodes["a"];
    a.disk.hold_commits();
    const auto in_hand = submit(a.api(), "in hand", "value", {.timeout_ms = 60'000});
    REQUIRE(eventually([&] { return a.disk.commit_waits(); }));
    std::vector<std::shared_ptr<pending>> waiting;
    for (std::size_t i = 0; i < limits::waiting_writes_max; ++i)
      waiting.push_back(submit(a.api(), "waiting " + std::to_string(i), "value", {.timeout_ms = 60'000}));
    CHECK_FALSE(waiting.back()->answered());
    const auto refused = submit(a.api(), "one too many", "value");
    const auto done = refused->wait();
    CHECK(done.outcome() == "overloaded");
    CHECK(outcome_of(done.answer.outcome.code()) == error_outcome::rejected);
    CHECK(took_ms(done) < 100);
    CHECK(refused->plans() == 0);
    a.disk.let_commits_go();
    for (auto& w : waiting) REQUIRE(w->wait().ok());
    CHECK(in_hand->wait().ok());
    CHECK(write(a.api(), "one too many", "value").ok());
    CHECK(a.digest().records() == limits::waiting_writes_max + 2);
  }

  TEST_CASE("waiting writes are bounded in bytes too") {
    cluster nodes({.names = {"a"}});
    auto& a = nodes["a"];
    a.disk.hold_commits();
    const auto in_hand = submit(a.api(), "in hand", "value");
    REQUIRE(eventually([&] { return a.disk.commit_waits(); }));
    const auto half = limits::waiting_write_bytes_max / 2;
    const auto first = submit(a.api(), "first", "value", {.bytes = half});
    const auto second = submit(a.api(), "second", "value", {.bytes = half + 1});
    CHECK(second->wait().outcome() == "overloaded");
    a.disk.let_commits_go();
    CHECK(first->wait().ok());
    CHECK(write(a.api(), "second", "value", {.bytes = half + 1}).ok());
  }

  TEST_CASE("to a peer that takes nothing no more than the window is sent, and it catches up when it does") {
    cluster nodes({.relay_delay_ms = 600'000});
    auto& a = nodes["a"];
    nodes.network.set("a", "c", {.hold_entries = true});
    const std::string large(100'000, 'x');
    const int writes = 200;  // 20 MB
    for (int i = 0; i < writes; ++i) REQUIRE(write(a.api(), "key " + std::to_string(i), large).ok());
    const auto under_way = [&] { return nodes.network.seen("a", "c").held_entry_bytes; };
    CHECK(throughout(std::chrono::milliseconds(500), [&] {
      return under_way() <= limits::link_window_bytes_max
             && a.peer("c").bytes_in_flight() <= limits::link_window_bytes_max;
    }));
    // It is the window that holds the rest back, not the stream.
    CHECK(under_way() + limits::frame_entries_bytes_max
          > limits::link_window_bytes_max - limits::frame_entries_bytes_max);
    CHECK(a.peer("c").up());
    CHECK(a.peer("c").bytes_in_flight() > 0);
    nodes.network.set("a", "c", {});
    CHECK(nodes.equal());
    CHECK(nodes["c"].digest().records() == writes);
    CHECK(eventually([&] { return a.peer("c").bytes_in_flight() == 0 && a.peer("c").entries_behind() == 0; }));
  }
}
