#include "storage/memory_store.hpp"

#include <doctest/doctest.h>

#include "support.hpp"

using namespace quorate;
using namespace quorate::storage;
using namespace quorate::storage::testing;

namespace {

errc code_of_commit(memory_store& s, const write_group& group) { return s.commit(group).code(); }

write_group one_record(record_change change) {
  write_group group;
  group.records.push_back(std::move(change));
  return group;
}

}  // namespace

TEST_SUITE("storage.memory_store") {
  TEST_CASE("a power cut keeps every group whose commit was synced") {
    const auto s = make_memory_store();
    for (std::uint64_t n = 1; n <= 5; ++n) REQUIRE(s->commit(numbered_group(n)).ok());
    REQUIRE(s->begin_epoch(10, 1).ok());
    s->power_cut();
    CHECK(groups_held(*s) == 5);
    CHECK(s->summary()->epoch == (10ull << 16 | 1));
  }

  TEST_CASE("a power cut forgets groups that were not synced and nothing else") {
    const auto s = make_memory_store();
    for (std::uint64_t n = 1; n <= 3; ++n) REQUIRE(s->commit(numbered_group(n)).ok());
    s->skip_sync = true;
    for (std::uint64_t n = 4; n <= 6; ++n) REQUIRE(s->commit(numbered_group(n)).ok());
    CHECK(groups_held(*s) == 6);
    s->power_cut();
    CHECK(groups_held(*s) == 3);
    REQUIRE(s->commit(numbered_group(4)).ok());
    CHECK(groups_held(*s) == 4);
  }

  TEST_CASE("a sync makes the groups before it durable too") {
    const auto s = make_memory_store();
    s->skip_sync = true;
    REQUIRE(s->commit(numbered_group(1)).ok());
    s->skip_sync = false;
    REQUIRE(s->commit(numbered_group(2)).ok());
    s->power_cut();
    CHECK(groups_held(*s) == 2);
  }

  TEST_CASE("wiping forgets everything") {
    const auto s = make_memory_store();
    REQUIRE(s->commit(numbered_group(1)).ok());
    REQUIRE(s->begin_epoch(10, 1).ok());
    s->wipe();
    CHECK(groups_held(*s) == 0);
    CHECK(s->summary()->epoch == 0);
    CHECK(s->find(key_kind::memory, "alias 1")->empty());
  }

  TEST_CASE("after a failed write every later write fails with the first reason while reads go on") {
    const auto s = make_memory_store();
    REQUIRE(s->commit(numbered_group(1)).ok());
    int asked = 0;
    s->before_commit = [&](const write_group&) {
      return ++asked == 1 ? status(errc::storage_failure, "planted") : status(errc::storage_failure, "another");
    };
    CHECK(s->commit(numbered_group(2)).message() == "planted");
    s->before_commit = nullptr;
    CHECK(s->commit(numbered_group(2)).message() == "planted");
    CHECK(s->begin_epoch(1, 1).error().code() == errc::storage_failure);
    CHECK(s->begin_epoch(1, 1).error().message() == "planted");
    CHECK(groups_held(*s) == 1);
    s->power_cut();
    CHECK(s->commit(numbered_group(2)).ok());
  }

  TEST_CASE("the question before a commit may read the store") {
    const auto s = make_memory_store();
    bool was_there = true;
    s->before_commit = [&](const write_group& group) {
      was_there = s->get(group.records.front().key)->has_value();
      return status();
    };
    REQUIRE(s->commit(numbered_group(1)).ok());
    CHECK_FALSE(was_there);
  }

  TEST_CASE("a group that breaks the contract is refused whole") {
    const auto s = make_memory_store();
    REQUIRE(s->commit(numbered_group(1)).ok());
    auto group = numbered_group(2);

    SUBCASE("a gap in a log") { group.entries.front().sequence = 3; }
    SUBCASE("an entry again") { group.entries.front().sequence = 1; }
    SUBCASE("a gap inside the group") { group.entries.push_back(entry_of(own_log, 4, "e")); }
    SUBCASE("an entry without bytes") { group.entries.front().bytes = nullptr; }
    SUBCASE("a log that does not start at 1") {
      group.entries.push_back(entry_of({node_id{8}, 1}, 2, "e"));
      group.positions.push_back({{node_id{8}, 1}, 2});
    }
    SUBCASE("no position") { group.positions.clear(); }
    SUBCASE("a position beyond the log") { group.positions.front().sequence = 3; }
    SUBCASE("a position of another log") { group.positions.front().log.epoch += 1; }
    SUBCASE("two changes of one key") { group.records.push_back(group.records.front()); }
    SUBCASE("the clock bound goes back") { group.clock_bound = 0; }
    SUBCASE("the old alias stays") { group.records.front().alias_removed.clear(); }
    SUBCASE("the new alias is not added") { group.records.front().alias_added = false; }
    SUBCASE("an alias removed that is not there") { group.records.back().alias_removed = "none"; }
    SUBCASE("an empty alias added") { group.records.back().alias_added = true; }
    SUBCASE("a tombstone with a value") { group.records.back().record.deleted = true; }

    CHECK(code_of_commit(*s, group) == errc::internal);
    CHECK(groups_held(*s) == 1);
    CHECK(s->commit(numbered_group(2)).ok());
  }

  TEST_CASE("an alias kept by a newer version needs no index change") {
    const auto s = make_memory_store();
    REQUIRE(s->commit(one_record({key("a"), live(1, "", "id"), "", true})).ok());
    CHECK(s->commit(one_record({key("a"), live(2, "", "id"), "", false})).ok());
    CHECK(code_of_commit(*s, one_record({key("a"), live(3, "", "id"), "id", false})) == errc::internal);
    CHECK(code_of_commit(*s, one_record({key("a"), live(3, "", "id"), "", true})) == errc::internal);
    CHECK(code_of_commit(*s, one_record({key("a"), tombstone(3), "", false})) == errc::internal);
    CHECK(s->commit(one_record({key("a"), tombstone(3), "id", false})).ok());
  }
}
