#include "actors/core/quorum.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>
#include <set>

using namespace quorate;
using core::quorum_outcome;

namespace {

using table = core::quorum_table<int>;
const log_id own{node_id{1}, 10};

struct fixture {
  table writes;
  table::decisions out;
  void begin(sequence_number s, std::uint32_t needed, std::int64_t deadline = 1'000) {
    writes.begin(own, s, {100 + s, node_id{1}}, needed, deadline, static_cast<int>(s));
  }
  void ack(unsigned member, sequence_number first, sequence_number last,
           std::vector<core::superseded_entry> superseded = {}) {
    writes.acked(own, member, first, last, superseded, out);
  }
};

}  // namespace

TEST_SUITE("core.quorum") {
  TEST_CASE_FIXTURE(fixture, "a write is met at W different members and answered once") {
    begin(1, 2);
    ack(0, 1, 1);
    CHECK(out.empty());
    ack(1, 1, 1);
    REQUIRE(out.size() == 1);
    CHECK(out[0].outcome == quorum_outcome::met);
    CHECK(out[0].payload == 1);
    CHECK(out[0].copies == 2);
    ack(2, 1, 1);
    writes.expire(5'000, out);
    CHECK(out.size() == 1);
    CHECK(writes.open() == 0);
  }

  TEST_CASE_FIXTURE(fixture, "one member counts once, however often it acks") {
    begin(1, 2);
    for (int i = 0; i < 5; ++i) ack(0, 1, 1);
    CHECK(out.empty());
    CHECK(writes.open() == 1);
  }

  TEST_CASE_FIXTURE(fixture, "a range acks every write in it and none outside") {
    for (sequence_number s = 1; s <= 5; ++s) begin(s, 2);
    ack(0, 1, 5);
    ack(2, 2, 4);
    REQUIRE(out.size() == 3);
    CHECK(out[0].payload == 2);
    CHECK(out[2].payload == 4);
    ack(1, 1, 1);
    ack(1, 5, 900);
    CHECK(out.size() == 5);
  }

  TEST_CASE_FIXTURE(fixture, "W copies with one superseded among them is superseded, with the version that won") {
    begin(1, 2);
    ack(0, 1, 1);
    ack(1, 1, 1, {{1, {999, node_id{2}}}});
    REQUIRE(out.size() == 1);
    CHECK(out[0].outcome == quorum_outcome::superseded);
    CHECK(out[0].superseded_by == version{999, node_id{2}});
    CHECK(out[0].copies == 2);
  }

  TEST_CASE_FIXTURE(fixture, "the first W copies decide: a later one in place does not make up for a superseded one") {
    begin(1, 2);
    ack(1, 1, 1, {{1, {999, node_id{2}}}});
    CHECK(out.empty());
    ack(0, 1, 1);
    REQUIRE(out.size() == 1);
    CHECK(out[0].outcome == quorum_outcome::superseded);
    ack(2, 1, 1);
    CHECK(out.size() == 1);
  }

  TEST_CASE_FIXTURE(fixture, "with any verdict W copies are met, superseded or not") {
    writes.begin(own, 1, {101, node_id{1}}, 2, 1'000, 1, true);
    ack(1, 1, 1, {{1, {999, node_id{2}}}});
    CHECK(out.empty());
    ack(0, 1, 1);
    REQUIRE(out.size() == 1);
    CHECK(out[0].outcome == quorum_outcome::met);
  }

  TEST_CASE_FIXTURE(fixture, "without the node's own copy no write is decided, whoever else has it") {
    begin(1, 2);
    begin(2, 2);
    ack(1, 1, 2, {{2, {999, node_id{2}}}});
    ack(2, 1, 2);
    CHECK(out.empty());
    ack(0, 1, 1);
    REQUIRE(out.size() == 1);
    CHECK(out[0].payload == 1);
    CHECK(out[0].outcome == quorum_outcome::met);
    CHECK(out[0].copies == 3);
    writes.expire(1'000, out);
    REQUIRE(out.size() == 2);
    CHECK(out[1].payload == 2);
    CHECK(out[1].outcome == quorum_outcome::timed_out);
    CHECK(out[1].copies == 2);
  }

  TEST_CASE_FIXTURE(fixture, "what its own node has overtaken is never met, however many have it in place") {
    begin(1, 2);
    writes.begin(own, 2, {102, node_id{1}}, 2, 1'000, 2, true);
    ack(1, 1, 2);
    ack(2, 1, 2);
    ack(0, 1, 2, {{1, {999, node_id{1}}}, {2, {999, node_id{1}}}});
    REQUIRE(out.size() == 1);
    CHECK(out[0].payload == 1);
    CHECK(out[0].outcome == quorum_outcome::superseded);
    writes.expire(1'000, out);
    REQUIRE(out.size() == 2);
    CHECK(out[1].outcome == quorum_outcome::timed_out);
  }

  TEST_CASE_FIXTURE(fixture, "a vector stands for a lost acknowledgement where any verdict will do, and nowhere else") {
    writes.begin(own, 1, {101, node_id{1}}, 2, 1'000, 1, true);
    begin(2, 2);
    writes.begin(own, 3, {103, node_id{1}}, 2, 1'000, 3, true);
    ack(0, 1, 3);
    writes.holds(own, 1, 2, out);
    REQUIRE(out.size() == 1);
    CHECK(out[0].payload == 1);
    CHECK(out[0].outcome == quorum_outcome::met);
    CHECK(out[0].copies == 2);
    writes.holds({node_id{1}, 11}, 1, 3, out);
    CHECK(out.size() == 1);
    writes.holds(own, 1, 3, out);
    REQUIRE(out.size() == 2);
    CHECK(out[1].payload == 3);
  }

  TEST_CASE_FIXTURE(fixture, "a later ack cannot take back a member's verdict") {
    begin(1, 3);
    ack(1, 1, 1);
    ack(1, 1, 1, {{1, {999, node_id{2}}}});
    ack(0, 1, 1);
    ack(2, 1, 1);
    REQUIRE(out.size() == 1);
    CHECK(out[0].outcome == quorum_outcome::met);
  }

  TEST_CASE_FIXTURE(fixture, "at the deadline a write is timed out and says how many copies are known") {
    begin(1, 2, 500);
    begin(2, 2, 400);
    ack(0, 1, 2);
    writes.expire(399, out);
    CHECK(out.empty());
    writes.expire(400, out);
    REQUIRE(out.size() == 1);
    CHECK(out[0].payload == 2);
    CHECK(out[0].outcome == quorum_outcome::timed_out);
    CHECK(out[0].copies == 1);
    writes.expire(500, out);
    CHECK(out.size() == 2);
    CHECK(writes.open() == 0);
  }

  TEST_CASE_FIXTURE(fixture, "acks for another log or for unknown writes count for nothing") {
    begin(7, 2);
    ack(0, 7, 7);
    writes.acked({node_id{1}, 11}, 1, 7, 7, {}, out);
    writes.acked({node_id{2}, 10}, 1, 7, 7, {}, out);
    ack(1, 1, 6);
    ack(1, 8, 20);
    CHECK(out.empty());
  }

  TEST_CASE("for any order of acks and ticks, each write is answered once and never met below its quorum") {
    CHECK(rc::check([] {
      const auto count = *rc::gen::inRange<sequence_number>(1, 20);
      table writes;
      std::map<int, std::uint32_t> needed;
      for (sequence_number s = 1; s <= count; ++s) {
        needed[static_cast<int>(s)] = *rc::gen::inRange<std::uint32_t>(1, 4);
        writes.begin(own, s, {s, node_id{1}}, needed[static_cast<int>(s)], *rc::gen::inRange<std::int64_t>(1, 100),
                     static_cast<int>(s));
      }
      std::map<int, std::set<unsigned>> in_place;
      std::map<int, std::set<unsigned>> seen;
      table::decisions out;
      std::size_t judged = 0;
      std::set<int> answered;
      auto judge = [&] {
        for (; judged < out.size(); ++judged) {
          const auto& d = out[judged];
          RC_ASSERT(answered.insert(d.payload).second);
          if (d.outcome == quorum_outcome::met) RC_ASSERT(in_place[d.payload].size() >= needed[d.payload]);
          if (d.outcome == quorum_outcome::superseded) RC_ASSERT(seen[d.payload].size() >= needed[d.payload]);
        }
      };
      for (int step = 0; step < 60; ++step) {
        if (*rc::gen::inRange(0, 5) == 0) {
          writes.expire(*rc::gen::inRange<std::int64_t>(0, 120), out);
        } else {
          auto member = *rc::gen::inRange(0u, 3u);
          auto first = *rc::gen::inRange<sequence_number>(1, count + 2);
          auto last = *rc::gen::inRange<sequence_number>(first, count + 3);
          std::vector<core::superseded_entry> superseded;
          for (auto s = first; s <= last && s <= count; ++s) {
            bool newer = *rc::gen::inRange(0, 4) == 0;
            if (newer) superseded.push_back({s, {1'000, node_id{9}}});
            auto write = static_cast<int>(s);
            if (seen[write].insert(member).second && !newer) in_place[write].insert(member);
          }
          writes.acked(own, member, first, last, superseded, out);
        }
        judge();
      }
      writes.expire(1'000, out);
      judge();
      RC_ASSERT(answered.size() == count);
      RC_ASSERT(writes.open() == 0u);
    }));
  }
}
