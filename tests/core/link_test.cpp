#include "actors/core/link.hpp"

#include <doctest/doctest.h>

#include "proto/limits.hpp"

using namespace quorate;

using core::read_order;
using core::send_order;

namespace {

const log_id live{node_id{1}, 10};
const log_id other{node_id{2}, 20};

std::vector<encoded_entry> entries(const log_id& log, sequence_number first, sequence_number last,
                                   std::size_t bytes = 100) {
  std::vector<encoded_entry> result;
  for (auto s = first; s <= last; ++s) result.push_back({log, s, std::make_shared<const std::string>(bytes, 'x')});
  return result;
}

struct fixture {
  core::link machine;
  std::int64_t now = 1'000;

  /// First and last sequence of what is sent now, or {0, 0}.
  std::pair<sequence_number, sequence_number> sent() {
    auto order = machine.next(now);
    if (auto* send = std::get_if<send_order>(&order))
      return {send->entries.front().sequence, send->entries.back().sequence};
    return {0, 0};
  }
  std::optional<read_order> asked() {
    auto order = machine.next(now);
    if (auto* read = std::get_if<read_order>(&order)) return *read;
    return std::nullopt;
  }
  using range = std::pair<sequence_number, sequence_number>;
};

}  // namespace

TEST_SUITE("core.link") {
  TEST_CASE_FIXTURE(fixture, "live entries go out at once and together") {
    machine.on_open({});
    machine.on_published(entries(live, 1, 3));
    machine.on_published(entries(live, 4, 5));
    CHECK(sent() == range{1, 5});
    CHECK(sent() == range{0, 0});
    CHECK(machine.bytes_in_flight() == 500);
    machine.on_held({live, 5});
    CHECK(machine.bytes_in_flight() == 0);
  }

  TEST_CASE_FIXTURE(fixture, "nothing is sent before the peer has said what it has") {
    machine.on_published(entries(live, 1, 3));
    CHECK(sent() == range{0, 0});
    machine.on_open({{live, 2}});
    CHECK(sent() == range{3, 3});
  }

  TEST_CASE_FIXTURE(fixture, "a new stream goes on after what the peer holds, from disk where memory has let go") {
    machine.on_open({});
    machine.on_published(entries(live, 1, 4));
    CHECK(sent() == range{1, 4});
    machine.on_closed();
    CHECK(sent() == range{0, 0});
    machine.on_published(entries(live, 5, 6));
    machine.on_open({{live, 2}});
    auto read = asked();
    REQUIRE(read);
    CHECK(read->log == live);
    CHECK(read->first == 3);
    machine.on_read(live, entries(live, 3, 4), now);
    CHECK(sent() == range{3, 4});
    CHECK(sent() == range{5, 6});
  }

  TEST_CASE_FIXTURE(fixture, "memory for a peer that does not keep up is bounded") {
    machine.on_open({});
    const std::size_t big = 100'000;
    for (sequence_number s = 1; s <= 100; ++s) machine.on_published(entries(live, s, s, big));
    CHECK(machine.recent_bytes() <= limits::link_backlog_bytes_max);
    auto read = asked();
    REQUIRE(read);
    CHECK(read->first == 1);
  }

  TEST_CASE_FIXTURE(fixture, "the window bounds what is not acknowledged, and opens again with the acks") {
    machine.on_open({});
    const std::size_t big = 500'000;
    sequence_number last = 0;
    for (sequence_number s = 1; s <= 40; ++s) {
      machine.on_published(entries(live, s, s, big));
      if (auto now_sent = sent(); now_sent.second != 0) last = now_sent.second;
    }
    CHECK(machine.bytes_in_flight() <= limits::link_window_bytes_max);
    CHECK(last < 40);
    machine.on_held({live, last});
    CHECK(machine.bytes_in_flight() == 0);
    auto order = machine.next(now);
    CHECK_FALSE(std::holds_alternative<std::monostate>(order));
  }

  TEST_CASE_FIXTURE(fixture, "a gap the peer reports is filled from there") {
    machine.on_open({});
    machine.on_published(entries(live, 1, 4));
    CHECK(sent() == range{1, 4});
    machine.on_refused(live, 1, now);
    CHECK(machine.bytes_in_flight() == 0);
    auto read = asked();
    REQUIRE(read);
    CHECK(read->first == 2);
  }

  TEST_CASE_FIXTURE(fixture, "frames under way behind a refused one change nothing when they are refused too") {
    machine.on_open({});
    for (sequence_number s = 1; s <= 3; ++s) {
      machine.on_published(entries(live, s, s));
      CHECK(sent() == range{s, s});
    }
    machine.on_refused(live, 0, now + 250);
    CHECK(machine.bytes_in_flight() == 200);
    machine.on_refused(live, 0, now);
    machine.on_refused(live, 0, now);
    CHECK(machine.bytes_in_flight() == 0);
    CHECK_FALSE(asked());  // still held: the gap answers did not cut the pause short
    now += 250;
    auto read = asked();
    REQUIRE(read);
    CHECK(read->first == 1);
  }

  TEST_CASE_FIXTURE(fixture, "a read that was under way when the stream ended does not block the next stream") {
    machine.on_open({});
    machine.on_relay({other, 2});
    REQUIRE(asked());
    machine.on_closed();
    machine.on_open({});
    machine.on_relay({other, 2});
    CHECK(asked());
  }

  TEST_CASE_FIXTURE(fixture, "a refused log waits for its time while others go on") {
    machine.on_open({});
    machine.on_published(entries(live, 1, 1));
    CHECK(sent() == range{1, 1});
    machine.on_refused(live, 0, now + 250);
    machine.on_relay({other, 2});
    auto read = asked();
    REQUIRE(read);
    CHECK(read->log == other);
    machine.on_read(other, entries(other, 1, 2), now);
    CHECK(sent() == range{1, 2});
    now += 250;
    read = asked();
    REQUIRE(read);
    CHECK(read->log == live);
  }

  TEST_CASE_FIXTURE(fixture, "a relay sends what the peer lacks, once, and nothing it has got meanwhile") {
    machine.on_open({{other, 3}});
    machine.on_relay({other, 6});
    auto read = asked();
    REQUIRE(read);
    CHECK(read->first == 4);
    machine.on_held({other, 5});
    machine.on_read(other, entries(other, 4, 6), now);
    CHECK(sent() == range{6, 6});
    machine.on_relay({other, 6});
    CHECK(sent() == range{0, 0});
    machine.on_held({other, 6});
    CHECK(machine.bytes_in_flight() == 0);
    CHECK(machine.peer_vector().at(other) == 6);
  }

  TEST_CASE_FIXTURE(fixture, "a read that finds nothing is asked again a little later, not at once") {
    machine.on_open({});
    machine.on_relay({other, 2});
    REQUIRE(asked());
    machine.on_read(other, {}, now);
    CHECK_FALSE(asked());
    now += limits::reconnect_ms_min;
    CHECK(asked());
  }

  TEST_CASE_FIXTURE(fixture, "a link made anew learns from the disk what was published before it lived") {
    machine.on_open({{live, 2}});
    machine.on_committed({live, 5});
    auto read = asked();
    REQUIRE(read);
    CHECK(read->first == 3);
  }

  TEST_CASE_FIXTURE(fixture, "a new life of the writer starts a new log") {
    machine.on_open({});
    machine.on_published(entries(live, 1, 2));
    const log_id next_life{node_id{1}, 11};
    machine.on_published(entries(next_life, 1, 1));
    auto order = machine.next(now);
    auto* send = std::get_if<send_order>(&order);
    REQUIRE(send);
    CHECK(send->entries.front().log == next_life);
  }

  TEST_CASE_FIXTURE(fixture, "a peer that lost its disk is believed when it says it has less") {
    machine.on_open({{live, 9}});
    machine.on_committed({live, 9});
    CHECK_FALSE(asked());
    machine.on_closed();
    machine.on_open({});
    auto read = asked();
    REQUIRE(read);
    CHECK(read->first == 1);
  }
}
