#include "actors/core/readiness.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace quorate::core;

namespace {

member_sight there(const std::string& name) {
  member_sight one;
  one.name = name;
  one.up = one.counts = one.complete = one.knows_us = true;
  one.silent_ms = 100;
  return one;
}

/// There, on a new disk like this node.
member_sight fresh(const std::string& name) {
  auto one = there(name);
  one.counts = one.complete = one.knows_us = false;
  return one;
}

member_sight gone(const std::string& name, std::int64_t silent_ms = -1, const std::string& trouble = {}) {
  member_sight one;
  one.name = name;
  one.silent_ms = silent_ms;
  one.trouble = trouble;
  return one;
}

node_sight node(std::vector<member_sight> others) {
  node_sight seen;
  seen.copies_needed = static_cast<std::uint32_t>((others.size() + 1) / 2 + 1);
  seen.running_ms = 42'000;
  seen.refill_wait_ms = 11'000;
  seen.clock_offset_ms_max = 2'000;
  seen.others = std::move(others);
  return seen;
}

node_sight on_new_disk(std::vector<member_sight> others) {
  auto seen = node(std::move(others));
  seen.complete = false;
  return seen;
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

using names = std::vector<std::string>;

}  // namespace

TEST_SUITE("core.readiness") {
  TEST_CASE("a node with its quorum takes writes and has nothing to say") {
    for (const auto& seen : {node({there("b"), there("c")}), node({there("b"), gone("c")}), node({})}) {
      const auto verdict = judge(seen);
      CHECK(verdict.state == "serving");
      CHECK(verdict.takes_writes);
      CHECK(verdict.why_not.sentence().empty());
      CHECK(verdict.waiting_for.empty());
    }
  }

  TEST_CASE("a new cluster says which member is missing, since when, and what helps") {
    const auto verdict =
        judge(on_new_disk({fresh("b"), gone("c", -1, "no answer from 127.0.0.1:7431 within 1000 ms")}));
    CHECK(verdict.state == "filling");
    CHECK_FALSE(verdict.takes_writes);
    CHECK(verdict.waiting_for == names{"c"});
    CHECK(says(verdict.why_not.reason, "until all members are there"));
    CHECK(says(verdict.why_not.reason, "c was never heard of in the 42 s since this node started"));
    CHECK(says(verdict.why_not.reason, "no answer from 127.0.0.1:7431"));
    CHECK(says(verdict.why_not.advice, "start c"));
    CHECK(says(verdict.why_not.advice, "--accept-loss on 2 nodes"));
    CHECK_FALSE(says(verdict.why_not.sentence(), "write through"));

    const auto both = judge(on_new_disk({gone("b", 5'000), gone("c")}));
    CHECK(both.waiting_for == names{"b", "c"});
    CHECK(says(both.why_not.reason, "b has not been heard of for 5.0 s and c was never"));
    CHECK(says(both.why_not.advice, "start b and c"));

    // In a cluster that begins with one member's directory.
    const auto joins = judge(on_new_disk({fresh("b"), [] {
                                            auto c = there("c");
                                            c.knows_us = false;
                                            return c;
                                          }()}));
    CHECK(says(joins.why_not.reason, "takes over what c holds"));
    CHECK_FALSE(says(joins.why_not.sentence(), "--accept-loss"));

    auto restored = fresh("b");
    restored.holds = true;
    auto among_empty = judge(on_new_disk({restored, fresh("c")}));
    CHECK(says(among_empty.why_not.reason, "none counts, but b holds records"));
    CHECK(says(among_empty.why_not.advice, "--adopt-peers"));
    auto seen = on_new_disk({fresh("b"), fresh("c")});
    seen.holds = true;
    CHECK(says(judge(seen).why_not.reason, "but this node holds records"));

    const auto begins = judge(on_new_disk({fresh("b"), fresh("c")}));
    CHECK(begins.waiting_for.empty());
    CHECK_FALSE(says(begins.why_not.sentence(), "--accept-loss"));
  }

  TEST_CASE("one lost disk is being filled, and writes go through the others") {
    auto seen = on_new_disk({there("b"), there("c")});
    seen.running_ms = 2'000;
    const auto early = judge(seen);
    CHECK(early.waiting_for.empty());
    CHECK(says(early.why_not.reason, "being filled from b and c"));
    CHECK(says(early.why_not.reason, "9.0 s more at least"));
    CHECK(says(early.why_not.advice, "write through b or c"));
    CHECK_FALSE(says(early.why_not.sentence(), "--accept-loss"));
    seen.running_ms = 12'000;
    CHECK_FALSE(says(judge(seen).why_not.reason, "more at least"));
  }

  TEST_CASE("two lost disks of three: what remains is said, and no other node is recommended") {
    auto b = fresh("b");
    const auto verdict = judge(on_new_disk({b, there("c")}));
    CHECK(verdict.state == "filling");
    CHECK(verdict.waiting_for == names{"b"});
    CHECK(says(verdict.why_not.reason, "filled from 2 members that hold all, of which only c is there"));
    CHECK(says(verdict.why_not.reason, "b has a new disk, too"));
    CHECK(says(verdict.why_not.advice, "--accept-loss on 1 node begins without"));
    CHECK(says(verdict.why_not.advice, "no other node"));
    CHECK_FALSE(says(verdict.why_not.sentence(), "write through"));

    SUBCASE("with one copy needed, the one that holds all takes writes") {
      auto seen = on_new_disk({b, there("c")});
      seen.copies_needed = 1;
      CHECK(says(judge(seen).why_not.advice, "write through c"));
    }
    SUBCASE("all began anew after damage") {
      auto seen = on_new_disk({fresh("b"), fresh("c")});
      seen.began_after_damage = true;
      const auto all = judge(seen);
      CHECK(all.waiting_for == names{"b", "c"});
      CHECK(says(all.why_not.reason, "none is there"));
      CHECK(says(all.why_not.advice, "--accept-loss on 2 nodes"));
    }
    SUBCASE("the one that may hold all is away") {
      const auto away = judge(on_new_disk({there("b"), gone("c", 90'000, "connection refused")}));
      CHECK(away.waiting_for == names{"c"});
      CHECK(says(away.why_not.reason, "c has not been heard of for 90 s (connection refused)"));
      CHECK(says(away.why_not.advice, "start c with the old disk"));
    }
  }

  TEST_CASE("a node that holds other entries than those that are to fill it names all of them") {
    auto b = there("b"), c = there("c");
    b.forks = {"b (epoch 7, entry 12)"};
    for (int i = 1; i <= 10; ++i) c.forks.push_back("c (epoch 9, entry " + std::to_string(i) + ")");
    const auto verdict = judge(on_new_disk({b, c}));
    CHECK(verdict.state == "filling");
    CHECK(says(verdict.why_not.reason, "; b has other entries in the log of b (epoch 7, entry 12)"));
    CHECK(says(verdict.why_not.reason,
               "; c has other entries in the logs of c (epoch 9, entry 1), c (epoch 9, entry 2)"));
    CHECK(says(verdict.why_not.reason, "c (epoch 9, entry 8) and 2 more"));
    CHECK(says(verdict.why_not.advice, "start it on an empty directory"));
    CHECK_FALSE(says(judge(on_new_disk({there("b"), there("c")})).why_not.reason, "other entries"));
  }

  TEST_CASE("three lost disks of five need one loss accepted, four two") {
    CHECK(says(judge(on_new_disk({there("b"), there("c"), fresh("d"), fresh("e")})).why_not.advice, "on 1 node "));
    CHECK(says(judge(on_new_disk({there("b"), fresh("c"), fresh("d"), fresh("e")})).why_not.advice, "on 2 nodes "));
    CHECK(says(judge(on_new_disk({there("b"), there("c"), there("d"), fresh("e")})).why_not.advice,
               "write through b, c or d"));
  }

  TEST_CASE("without a quorum it says who is away since when, who does not count, whose disk is full") {
    auto refused = gone("b", 12'300, "wrong_cluster: 'b' has the members a, b, this node has a, b, c");
    auto verdict = judge(node({refused, gone("c")}));
    CHECK(verdict.state == "no_quorum");
    CHECK(verdict.waiting_for == names{"b", "c"});
    CHECK(says(verdict.why_not.reason, "1 of 2 members needed are reachable: b has not been heard of for 12 s"));
    CHECK(says(verdict.why_not.reason, "'b' has the members a, b"));
    CHECK(says(verdict.why_not.advice, "start b or c, or mend what keeps them apart"));

    auto full = there("b");
    full.full = true;
    auto uncounted = there("c");
    uncounted.counts = false;
    verdict = judge(node({full, uncounted}));
    CHECK(verdict.state == "no_quorum");
    CHECK(says(verdict.why_not.reason, "and have space: c has a new disk and does not count yet; b has a full disk"));
    CHECK(says(verdict.why_not.advice, "free some space on b"));
  }

  TEST_CASE("a member that reaches this node and is not reached may have moved") {
    auto c = gone("c", 12'300, "connection refused");
    c.address = "10.0.0.3:7411";
    c.calls_us = true;
    const auto verdict = judge(node({there("b"), c}));
    CHECK(verdict.takes_writes);
    REQUIRE(verdict.notes.size() == 1);
    CHECK(verdict.notes.front()
          == "c reaches this node, but is not reached at 10.0.0.3:7411 (connection refused); restart this node with the "
             "present address of c in --peer");
    CHECK(moved_members(node({there("b"), c})) == verdict.notes);
    CHECK(moved_members(node({there("b"), gone("c")})).empty());
    CHECK(
        says(judge(node({gone("b"), c})).why_not.advice, "start b, or mend what keeps them apart; restart this node"));
    CHECK(judge(node({there("b"), gone("c", 12'300)})).notes == names{"c has not been heard of for 12 s"});
    CHECK(judge(node({there("b"), there("c")})).notes.empty());
  }

  TEST_CASE("a skewed clock is shown against each that was measured") {
    auto b = there("b"), c = there("c");
    b.clock_known = c.clock_known = true;
    b.offset_ms = -10'003;
    c.offset_ms = 2'400;
    auto seen = node({b, c});
    seen.clock_skewed = true;
    const auto verdict = judge(seen);
    CHECK(verdict.state == "clock_skew");
    CHECK(offsets_of(seen) == "b -10003 ms, c +2400 ms");
    CHECK(says(verdict.why_not.reason, "more than 2000 ms from most members' (b -10003 ms, c +2400 ms from it)"));
    CHECK(says(verdict.why_not.advice, "write through b or c"));
    seen.clock_skewed = false;
    seen.clock_doubted = true;
    CHECK(judge(seen).state == "clock_skew");
    CHECK(says(judge(seen).why_not.reason, "just set"));
  }

  TEST_CASE("stamps that run ahead say how long it will last") {
    auto seen = node({there("b"), there("c")});
    seen.stamps_ahead_ms = 10'012;
    const auto verdict = judge(seen);
    CHECK(verdict.state == "clock_skew");
    CHECK(says(verdict.why_not.reason, "10012 ms ahead"));
    CHECK(says(verdict.why_not.advice, "again in 8.0 s"));
    seen.stamps_ahead_ms = 2'000;
    CHECK(judge(seen).takes_writes);
    // Nobody has to take the entries of a node alone.
    seen = node({});
    seen.stamps_ahead_ms = 10'012;
    CHECK(judge(seen).takes_writes);
  }

  TEST_CASE("a full disk and a draining node send to those that take writes, if any is seen") {
    auto seen = node({there("b"), there("c")});
    seen.disk_full = true;
    CHECK(judge(seen).state == "disk_full");
    CHECK(judge(seen).why_not.advice == "write through b or c, or free some space here");
    seen = node({there("b"), gone("c")});
    seen.disk_full = true;
    CHECK_FALSE(says(judge(seen).why_not.advice, "write through"));
    seen = node({});
    seen.disk_full = true;
    CHECK(judge(seen).why_not.advice == "free some space here");
    seen.draining = true;
    CHECK(judge(seen).state == "draining");
  }

  TEST_CASE("every sentence is one line, and whoever refuses says what helps") {
    std::vector<member_sight> kinds{there("b"), fresh("b"), gone("b"), gone("b", 1'000, "refused")};
    for (const auto& b : kinds)
      for (auto c : kinds)
        for (int flags = 0; flags < 64; ++flags) {
          c.name = "c";
          auto seen = node({b, c});
          seen.draining = flags & 1;
          seen.disk_full = flags & 2;
          seen.complete = flags & 4;
          seen.clock_skewed = flags & 8;
          seen.clock_doubted = flags & 16;
          seen.stamps_ahead_ms = flags & 32 ? 9'000 : 0;
          const auto verdict = judge(seen);
          const auto text = verdict.why_not.sentence();
          CHECK(text.find('\n') == std::string::npos);
          CHECK(verdict.takes_writes == (verdict.state == "serving"));
          CHECK(verdict.takes_writes == verdict.why_not.reason.empty());
          CHECK(verdict.takes_writes == verdict.why_not.advice.empty());
          // Whoever is recommended is there and counts itself.
          for (const auto& one : seen.others)
            if (!one.complete) CHECK_FALSE(says(text, "write through " + one.name));
        }
  }

  TEST_CASE("durations are as exact as one needs them") {
    CHECK(duration_text(-5) == "0.0 s");
    CHECK(duration_text(349) == "0.3 s");
    CHECK(duration_text(9'999) == "9.9 s");
    CHECK(duration_text(12'300) == "12 s");
    CHECK(duration_text(300'000) == "5 min");
    CHECK(duration_text(11'000'000) == "3 h");
  }
}
