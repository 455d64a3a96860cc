// What a store and an update make of a record that was used: they judge and change it as readers see it.
#include <doctest/doctest.h>

#include "memory/operations.hpp"
#include "memory/timestamp.hpp"
#include "tests/memory/planned_store.hpp"

using namespace quorate;
using namespace quorate::memory;
using quorate::memory::tests::planned_store;

namespace {

v1::StoreRequest storing(const std::string& title, int priority) {
  v1::StoreRequest request;
  request.mutable_memory()->set_title(title);
  request.mutable_memory()->set_content("content");
  request.mutable_memory()->set_priority(priority);
  return request;
}

v1::StoreRequest merging(const std::string& title, const std::string& updated_at) {
  auto request = storing(title, 5);
  request.set_full_record(true);
  request.set_merge_by_time(true);
  request.mutable_memory()->set_content("theirs");
  request.mutable_memory()->set_source("import");
  request.mutable_memory()->set_created_at("2020-01-01T00:00:00Z");
  request.mutable_memory()->set_updated_at(updated_at);
  return request;
}

}  // namespace

TEST_SUITE("memory.use") {
  TEST_CASE("a priority that is given is the one that shows, and uses count on from there") {
    planned_store store;
    const auto id = store.store(storing("a", 4));
    store.touch(id, 15);
    CHECK(store.shown(id).priority() == 5);
    v1::UpdateRequest update;
    update.set_id(id);
    update.set_priority(2);
    const auto plan = store.write(plan_update(store.reader, update, store.now_ms));
    REQUIRE(plan);
    CHECK(plan->shown->priority() == 2);
    CHECK(plan->shown->access_count() == 15);
    CHECK(plan->shown->priority_base_count() == 0);
    CHECK(store.shown(id).priority() == 2);
    store.touch(id, 5);
    CHECK(store.shown(id).priority() == 3);
  }

  TEST_CASE("an upsert takes the higher of its priority and the one that shows") {
    planned_store store;
    const auto id = store.store(storing("a", 4));
    store.touch(id, 20);
    CHECK(store.shown(id).priority() == 6);
    store.store(storing("a", 5));
    CHECK(store.shown(id).priority() == 6);
    store.store(storing("a", 8));
    CHECK(store.shown(id).priority() == 8);
    store.touch(id, 10);
    CHECK(store.shown(id).priority() == 9);
  }

  TEST_CASE("a record that is long by its use stays long through an upsert and an update, and takes no expiry") {
    planned_store store;
    const auto a = store.store("a");
    const auto b = store.store("b");
    store.touch(a, 5);
    store.touch(b, 5);
    CHECK(store.stored(a).tier() == v1::TIER_MID);
    store.store("a");
    CHECK(store.shown(a).tier() == v1::TIER_LONG);
    CHECK_FALSE(store.shown(a).has_expires_at());
    v1::UpdateRequest update;
    update.set_id(b);
    update.set_expires_at("2030-01-01T00:00:00Z");
    CHECK(plan_update(store.reader, update, store.now_ms).error().field() == "expires_at");
    update.clear_expires_at();
    update.set_content("x");
    REQUIRE(store.write(plan_update(store.reader, update, store.now_ms)));
    CHECK(store.stored(b).tier() == v1::TIER_LONG);
  }

  TEST_CASE("an expiry that is changed is the one that shows, until the record is used again") {
    planned_store store;
    const auto id = store.store("a");
    store.touch(id, 1);
    v1::UpdateRequest update;
    update.set_id(id);
    update.set_expires_at(format_timestamp(store.now_ms + 60'000));
    const auto plan = store.write(plan_update(store.reader, update, store.now_ms));
    REQUIRE(plan);
    CHECK(plan->shown->expires_at() == update.expires_at());
    CHECK(plan->shown->expiry_set_ms() == 0);
    CHECK(store.shown(id).expires_at() == update.expires_at());
    // Stored anew with less time than the use gave it.
    store.touch(id, 1);
    CHECK(store.shown(id).expires_at() > update.expires_at());
    v1::StoreRequest request = storing("a", 5);
    request.set_ttl_seconds(30);
    const auto expires_at = format_timestamp(store.now_ms + 30'000);
    store.store(request);
    CHECK(store.shown(id).expires_at() == expires_at);
    store.touch(id, 1);
    CHECK(store.shown(id).expires_at() > expires_at);
    CHECK(store.shown(id).access_count() == 3);
  }

  TEST_CASE("the uses that an imported record came with do not raise the priority it came with") {
    planned_store store;
    auto request = storing("a", 5);
    request.set_full_record(true);
    request.mutable_memory()->set_access_count(37);
    const auto id = store.store(request);
    CHECK(store.shown(id).priority() == 5);
    store.touch(id, 3);
    CHECK(store.shown(id).priority() == 6);
    CHECK(store.shown(id).access_count() == 40);
  }

  TEST_CASE("by time: the later text wins, by the instant and not by the letters") {
    planned_store store;
    const auto id = store.store(storing("a", 5));
    v1::UpdateRequest update;
    update.set_id(id);
    update.set_metadata(R"({"k":1})");
    REQUIRE(store.write(plan_update(store.reader, update, store.now_ms)));
    const auto before = store.shown(id);
    store.store(merging("a", "2020-01-01T00:00:00Z"));
    CHECK(store.shown(id).content() == "content");
    CHECK(store.shown(id).source() == "api");
    CHECK(store.shown(id).metadata() == R"({"k":1})");
    CHECK(store.shown(id).updated_at() == before.updated_at());
    // 23:59 at +14:00 is before the record's own time, though its letters come later.
    const std::string day = before.updated_at().substr(0, 10);
    store.store(merging("a", day + "T00:00:01+14:00"));
    CHECK(store.shown(id).content() == "content");
    store.store(merging("a", "2999-01-01T00:00:00Z"));
    CHECK(store.shown(id).content() == "theirs");
    CHECK(store.shown(id).source() == "import");
    CHECK(store.shown(id).metadata() == "{}");
    CHECK(store.shown(id).id() == id);
    CHECK(store.shown(id).created_at() == before.created_at());
  }

  TEST_CASE(
      "by time: counts, priority and tier are the higher whichever is later, and doing it again changes nothing") {
    planned_store store;
    const auto id = store.store(storing("a", 5));
    store.touch(id, 3);
    auto theirs = merging("a", "2020-01-01T00:00:00Z");
    theirs.mutable_memory()->set_access_count(23);
    theirs.mutable_memory()->set_priority(7);
    theirs.mutable_memory()->set_tier(v1::TIER_LONG);
    for (int i = 0; i < 2; ++i) {
      store.store(theirs);
      CHECK(store.shown(id).access_count() == 23);
      CHECK(store.shown(id).priority() == 7);
      CHECK(store.shown(id).tier() == v1::TIER_LONG);
      CHECK_FALSE(store.shown(id).has_expires_at());
    }
    theirs.mutable_memory()->set_access_count(1);
    store.store(theirs);
    CHECK(store.shown(id).access_count() == 23);
    theirs.set_full_record(false);
    CHECK(prepare(std::move(theirs), store.now_ms).error().field() == "merge_by_time");
  }

  TEST_CASE("author and scope of a request stand in the metadata, over what is there inline") {
    planned_store store;
    auto request = storing("a", 5);
    request.mutable_memory()->set_metadata(R"({"agent_id":"inline","k":[1,{"agent_id":"deep"}]})");
    request.set_agent_id("ai:me@host");
    request.set_scope("team");
    const auto id = store.store(request);
    CHECK(store.stored(id).metadata() == R"({"agent_id":"ai:me@host","k":[1,{"agent_id":"deep"}],"scope":"team"})");
    auto wrong = storing("a", 5);
    wrong.set_agent_id("with space");
    CHECK(prepare(std::move(wrong), 0).error().field() == "agent_id");
    wrong = storing("a", 5);
    wrong.set_scope("everyone");
    CHECK(prepare(std::move(wrong), 0).error().field() == "scope");
    // The size is that of what is stored.
    wrong = storing("a", 5);
    wrong.mutable_memory()->set_metadata("{\"k\":\"" + std::string(65'528, 'x') + "\"}");
    auto fits = wrong;
    CHECK(prepare(std::move(fits), 0));
    wrong.set_agent_id("x");
    CHECK(prepare(std::move(wrong), 0).error().field() == "metadata");
  }

  TEST_CASE("the beginning of an id names the one record it fits, for updates and deletions too") {
    planned_store store;
    auto request = storing("a", 5);
    request.set_full_record(true);
    request.mutable_memory()->set_id("abc-1");
    store.store(request);
    request.mutable_memory()->set_title("b");
    request.mutable_memory()->set_id("abd-2");
    store.store(request);
    request.mutable_memory()->set_title("c");
    request.mutable_memory()->set_id("abd");
    store.store(request);
    CHECK(*full_id(store.reader, "abc", true) == "abc-1");
    CHECK(*full_id(store.reader, "abd", true) == "abd");
    CHECK(full_id(store.reader, "ab", true).error().message().starts_with("id: ambiguous ID prefix"));
    CHECK(full_id(store.reader, "x", true).error().code() == errc::not_found);
    CHECK(*full_id(store.reader, "abc", false) == "abc");
    v1::UpdateRequest update;
    update.set_id("abc");
    update.set_content("changed");
    CHECK(plan_update(store.reader, update, 0).error().code() == errc::not_found);
    update.set_allow_prefix(true);
    REQUIRE(store.write(plan_update(store.reader, update, store.now_ms)));
    CHECK(store.shown("abc-1").content() == "changed");
    v1::DeleteRequest removal;
    removal.set_id("abc");
    CHECK(plan_delete(store.reader, removal).error().code() == errc::not_found);
    removal.set_allow_prefix(true);
    CHECK(keys_of_delete(store.reader, removal) == std::vector{key_of("global", "a")});
    REQUIRE(store.write(plan_delete(store.reader, removal)));
    CHECK_FALSE(store.is_live("abc-1"));
  }
}
