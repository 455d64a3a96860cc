#include "actors/core/membership.hpp"

#include <doctest/doctest.h>

#include "proto/hash.hpp"

using namespace quorate;
using core::directory_facts;
using core::settle_members;
using core::wanted_members;

namespace {

const storage::member_list of_three{{"a", "b", "c"}, 2, {}};

directory_facts listed(storage::member_list list, bool holds = true) {
  directory_facts held;
  held.members = std::move(list);
  held.holds_entries = holds;
  return held;
}

std::string told(const result<storage::member_list>& settled) {
  REQUIRE_FALSE(settled.ok());
  CHECK(settled.error().code() == errc::wrong_cluster);
  return settled.error().message();
}

bool says(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_SUITE("core.membership") {
  TEST_CASE("a new directory takes the list it is started with, and a majority where none is said") {
    CHECK(*settle_members({}, {"b", {"c", "a"}}) == of_three);
    CHECK(settle_members({}, {"b", {"c", "a"}, 3})->write_quorum == 3);
    CHECK(*settle_members({}, {"a", {}}) == storage::member_list{{"a"}, 1, {}});
  }

  TEST_CASE("the same list goes on, in any order, with the write quorum that the directory has") {
    auto list = of_three;
    list.write_quorum = 3;
    list.founder = "b";
    CHECK(*settle_members(listed(list), {"a", {"c", "b"}}) == list);
    CHECK(*settle_members(listed(list), {"a", {"c", "b"}, 3}) == list);
    CHECK(*settle_members(listed(list), {"a", {"c", "b"}, 0, true}) == list);
  }

  TEST_CASE("another list is refused, with both and with what to do") {
    const auto text = told(settle_members(listed(of_three), {"a", {"b", "c", "d", "e"}}));
    CHECK(says(text, "a, b, c (write quorum 2)"));
    CHECK(says(text, "a, b, c, d, e (write quorum 3)"));
    CHECK(says(text, "start it with the members it has"));
    told(settle_members(listed(of_three), {"a", {"b"}}));
    told(settle_members(listed(of_three), {"a", {}}));
    // Nor is it a way round to call it something else.
    told(settle_members(listed(of_three), {"a", {"b", "c", "d", "e"}, 0, true}));
    CHECK(says(told(settle_members(listed(of_three), {"a", {"b", "c"}, 1})), "--write-quorum 2"));
    // Two majorities meet: that may be mended.
    CHECK(settle_members(listed(of_three), {"a", {"b", "c"}, 3})->write_quorum == 3);
  }

  TEST_CASE("a directory that was used alone gets peers only when that is asked for") {
    const auto alone = listed({{"a"}, 1, {}});
    CHECK(says(told(settle_members(alone, {"a", {"b", "c"}})), "--adopt-peers"));
    CHECK(*settle_members(alone, {"a", {"b", "c"}, 0, true}) == storage::member_list{{"a", "b", "c"}, 2, "a"});
    CHECK(says(told(settle_members(listed({{"a"}, 1, {}}, false), {"a", {"b", "c"}, 0, true})), "empty"));
    told(settle_members({}, {"a", {"b", "c"}, 0, true}));
  }

  TEST_CASE("a restored directory is filled like a new one, or begins a cluster when that is asked for") {
    directory_facts restored;
    restored.holds_entries = true;
    CHECK(*settle_members(restored, {"a", {"b", "c"}}) == of_three);
    CHECK(settle_members(restored, {"a", {"b", "c"}, 0, true})->founder == "a");
    // Also when it was started before that was said. Not once it has counted.
    restored.members = of_three;
    CHECK(settle_members(restored, {"a", {"b", "c"}, 0, true})->founder == "a");
    restored.disks.complete = true;
    CHECK(settle_members(restored, {"a", {"b", "c"}, 0, true})->founder.empty());
  }

  TEST_CASE("a directory of a release that wrote no list is known by whom it counted") {
    directory_facts held;
    held.holds_entries = true;
    held.disks = {7, true, {}};
    CHECK(says(told(settle_members(held, {"a", {"b", "c"}})), "--adopt-peers"));
    CHECK(settle_members(held, {"a", {}}).ok());
    held.disks.others = {{node_id_of("b"), 1}, {node_id_of("c"), 2}};
    CHECK(*settle_members(held, {"a", {"b", "c"}}) == of_three);
    told(settle_members(held, {"a", {"b", "d"}}));
    told(settle_members(held, {"a", {"b", "c", "d", "e"}}));
    // One that has counted fewer members than it has, because they were never there, needs a word of its operator.
    CHECK(settle_members(held, {"a", {"b", "c", "d", "e"}, 0, false, true}).ok());
    auto filling = held;
    filling.disks.complete = false;
    CHECK(settle_members(filling, {"a", {"b", "c", "d", "e"}}).ok());
    // It was filled by others and counts among them: nothing to adopt.
    told(settle_members(held, {"a", {"b", "d"}, 0, true}));
  }

  TEST_CASE("two members agree on names, write quorum and founder, or say what differs") {
    const auto differs = [](const storage::member_list& theirs, bool complete = false) {
      const auto compared = core::compare_members(of_three, complete, theirs, "b");
      return compared.ok() ? std::string() : compared.message();
    };
    CHECK(differs(of_three).empty());
    CHECK(says(differs({{"a", "b"}, 2, {}}), "'b' has the members a, b, this node has a, b, c"));
    CHECK(says(differs({{"a", "b", "c"}, 3, {}}), "write quorum 3"));
    // Who does not count yet learns who founded the cluster; who counts was there first.
    CHECK(differs({{"a", "b", "c"}, 2, "c"}).empty());
    CHECK(says(differs({{"a", "b", "c"}, 2, "c"}, true), "without --adopt-peers"));
    auto own = of_three;
    own.founder = "a";
    CHECK_FALSE(core::compare_members(own, true, {{"a", "b", "c"}, 2, "c"}, "c").ok());
    CHECK(core::compare_members(own, true, of_three, "c").ok());
  }
}
