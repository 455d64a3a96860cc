#include "memory/archive.hpp"

#include <doctest/doctest.h>

#include "memory/counts.hpp"
#include "memory/links.hpp"
#include "memory/timestamp.hpp"
#include "tests/memory/planned_store.hpp"

using namespace quorate;
using namespace quorate::memory;
using quorate::memory::tests::planned_store;

namespace {

result<bool> always(const found_record&) { return true; }

result<planned_write> take_out(planned_store& store, const record_key& key, bool archived = true) {
  return store.write(plan_removal(store.reader, {key, reason_forgotten, archived, false}, always, store.now_ms));
}

record_key row(const std::string& id) { return {key_kind::archived, id}; }

v1::ListArchiveReply archived(const planned_store& store, const v1::ListArchiveRequest& request = {}) {
  auto reply = list_archive(store.reader, request);
  REQUIRE(reply);
  return *reply;
}

}  // namespace

TEST_SUITE("memory.archive") {
  TEST_CASE("a record that is taken out is in the archive as it was with its use, and its links are gone") {
    planned_store store;
    v1::StoreRequest request;
    request.mutable_memory()->set_title("a");
    request.mutable_memory()->set_content("c");
    request.mutable_memory()->set_metadata(R"({"k":1})");
    const auto id = store.store(request);
    const auto other = store.store("b");
    v1::LinkRequest link;
    link.set_source_id(id);
    link.set_target_id(other);
    REQUIRE(store.write(plan_link(store.reader, link, store.now_ms)));
    store.touch(id, 12);
    REQUIRE(take_out(store, key_of("global", "a")));
    CHECK_FALSE(store.is_live(id));
    CHECK(link_reader(store.reader).of(other)->empty());
    const auto list = archived(store);
    REQUIRE(list.archived_size() == 1);
    CHECK(list.archived(0).archive_reason() == "forget");
    CHECK(list.archived(0).memory().id() == id);
    CHECK(list.archived(0).memory().metadata() == R"({"k":1})");
    CHECK(list.archived(0).memory().access_count() == 12);
    CHECK(list.archived(0).memory().priority() == 6);
    CHECK(list.archived(0).memory().priority_base_count() == 0);
    CHECK(take_out(store, key_of("global", "a")).error().code() == errc::not_found);
  }

  TEST_CASE("a record that no longer is what it was taken out for is left alone, one without archive is gone") {
    planned_store store;
    const auto id = store.store("a");
    const auto key = key_of("global", "a");
    const auto never = [](const found_record&) -> result<bool> { return false; };
    CHECK(plan_removal(store.reader, {key, reason_expired, true, false}, never, 0).error().code() == errc::not_found);
    const auto failing = [](const found_record&) -> result<bool> { return status(errc::storage_failure, "x"); };
    CHECK(plan_removal(store.reader, {key, reason_expired, true, false}, failing, 0).error().code()
          == errc::storage_failure);
    REQUIRE(take_out(store, key, false));
    CHECK_FALSE(store.is_live(id));
    CHECK(archived(store).archived().empty());
  }

  TEST_CASE("a restored record is long, has its uses in it, and begins a new life") {
    planned_store store;
    const auto id = store.store("a");
    const auto other = store.store("b");
    v1::LinkRequest link;
    link.set_source_id(id);
    link.set_target_id(other);
    REQUIRE(store.write(plan_link(store.reader, link, store.now_ms)));
    const auto link_row = store.reader.records.at(link_key(id, other, "related_to"));
    store.touch(id, 13);
    REQUIRE(take_out(store, key_of("global", "a")));
    // A link that was made elsewhere in the old life.
    store.reader.records[link_key(id, other, "related_to")] = link_row;
    const auto plan = store.write(plan_restore(store.reader, id, store.now_ms));
    REQUIRE(plan);
    CHECK(plan->id == id);
    const auto back = store.shown(id);
    CHECK(back.tier() == v1::TIER_LONG);
    CHECK_FALSE(back.has_expires_at());
    CHECK(back.access_count() == 13);
    CHECK(back.priority() == 6);
    CHECK(archived(store).archived().empty());
    CHECK(link_reader(store.reader).of(id)->empty());
    store.touch(id, 7);
    CHECK(store.shown(id).access_count() == 20);
    CHECK(store.shown(id).priority() == 7);
  }

  TEST_CASE("a record comes back only from the archive, and only when its id and name are free") {
    planned_store store;
    const auto id = store.store("a");
    CHECK(plan_restore(store.reader, id, 0).error().code() == errc::not_found);
    CHECK(plan_restore(store.reader, "", 0).error().field() == "id");
    REQUIRE(take_out(store, key_of("global", "a")));
    store.store("a");
    CHECK(plan_restore(store.reader, id, 0).error().code() == errc::already_exists);
    store.remove(id);
    v1::StoreRequest taken;
    taken.set_full_record(true);
    taken.mutable_memory()->set_id(id);
    taken.mutable_memory()->set_title("another name");
    taken.mutable_memory()->set_content("c");
    store.store(taken);
    CHECK(plan_restore(store.reader, id, 0).error().code() == errc::already_exists);
    store.remove(id);
    CHECK(plan_restore(store.reader, id, 0));
  }

  TEST_CASE("the archive is listed last archived first, by namespace and in parts") {
    planned_store store;
    for (const char* title : {"a", "b", "c", "d"}) {
      store.store(title, title == std::string("b") ? "other" : "global");
      REQUIRE(take_out(store, key_of(title == std::string("b") ? "other" : "global", title)));
    }
    v1::ListArchiveRequest request;
    const auto titles = [&] {
      std::string all;
      const auto list = archived(store, request);
      for (const auto& one : list.archived()) all += one.memory().title();
      return all;
    };
    CHECK(titles() == "dcba");
    request.set_limit(2);
    CHECK(titles() == "dc");
    request.set_offset(1);
    CHECK(titles() == "cb");
    request.set_offset(9);
    CHECK(titles().empty());
    request.set_offset(0);
    request.set_limit(0);
    request.set_namespace_("global");
    CHECK(titles() == "dca");
    const auto counts = count_archive(store.reader);
    CHECK(counts->total() == 4);
    REQUIRE(counts->by_namespace_size() == 2);
    CHECK(counts->by_namespace(0).namespace_() == "global");
    CHECK(counts->by_namespace(0).count() == 3);
    request.set_limit(1'001);
    CHECK(list_archive(store.reader, request).error().field() == "limit");
    request.set_limit(1);
    request.set_offset(100'001);
    CHECK(list_archive(store.reader, request).error().field() == "offset");
    request.set_namespace_(" ");
    CHECK(list_archive(store.reader, request).error().field() == "namespace");
  }

  TEST_CASE("rows archived before an instant can be purged, and only as they were seen") {
    planned_store store;
    const auto a = store.store("a");
    REQUIRE(take_out(store, key_of("global", "a")));
    const auto between_ms = store.now_ms;
    const auto b = store.store("b");
    REQUIRE(take_out(store, key_of("global", "b")));
    CHECK(rows_to_purge(store.reader, std::nullopt)->size() == 2);
    const auto old = rows_to_purge(store.reader, between_ms);
    REQUIRE(old->size() == 1);
    CHECK(old->front().first == row(a));
    REQUIRE(store.write(plan_purge(store.reader, old->front().first, old->front().second)));
    CHECK(archived(store).archived_size() == 1);
    CHECK(plan_purge(store.reader, row(a), old->front().second).error().code() == errc::not_found);
    CHECK(plan_purge(store.reader, row(b), old->front().second).error().code() == errc::not_found);
  }

  TEST_CASE("a row that is no record of the archive is in no list, cannot be restored, and is purged by its time") {
    planned_store store;
    const auto a = store.store("a");
    REQUIRE(take_out(store, key_of("global", "a")));
    store.reader.records[row("x")] = {{hybrid_time_at(1'000), node_id{1}}, false, {}, "\xFF"};
    CHECK(list_archive(store.reader, {})->archived_size() == 1);
    CHECK(count_archive(store.reader)->total() == 1);
    CHECK(plan_restore(store.reader, "x", 0).error().code() == errc::unreadable);
    CHECK(rows_to_purge(store.reader, std::nullopt)->size() == 2);
    CHECK(rows_to_purge(store.reader, 1'000)->empty());
    const auto old = rows_to_purge(store.reader, 1'001);
    REQUIRE(old->size() == 1);
    CHECK(old->front().first == row("x"));
    CHECK(store.write(plan_purge(store.reader, old->front().first, old->front().second)).ok());
  }

  TEST_CASE("a record is restored over a value under its name that is no record") {
    planned_store store;
    const auto a = store.store("a");
    REQUIRE(take_out(store, key_of("global", "a")));
    store.reader.records[key_of("global", "a")] = {{1, node_id{1}}, false, a, "\xFF"};
    REQUIRE(store.write(plan_restore(store.reader, a, store.now_ms)).ok());
    CHECK(store.is_live(a));
  }

  TEST_CASE("counts: all live records by tier as used, unexpired ones by namespace, links that show") {
    planned_store store;
    const auto a = store.store("a");
    const auto b = store.store("b", "other");
    const auto c = store.store("c", "other");
    store.touch(a, 5);
    v1::UpdateRequest update;
    update.set_id(b);
    update.set_expires_at(format_timestamp(store.now_ms - 1));
    REQUIRE(store.write(plan_update(store.reader, update, store.now_ms)));
    update.set_id(c);
    update.set_expires_at(format_timestamp(store.now_ms + 60'000));
    REQUIRE(store.write(plan_update(store.reader, update, store.now_ms)));
    v1::LinkRequest link;
    link.set_source_id(a);
    for (const auto& target : {b, c}) {
      link.set_target_id(target);
      REQUIRE(store.write(plan_link(store.reader, link, store.now_ms)));
    }
    store.reader.records[link_key(a, "gone", "related_to")] = store.reader.records.at(link_key(a, b, "related_to"));
    v1::LinkRecord gone;
    gone.set_source_id(a);
    gone.set_target_id("gone");
    store.reader.records[link_key(a, "gone", "related_to")].value = gone.SerializeAsString();

    const auto counts = count_records(store.reader, store.now_ms);
    REQUIRE(counts);
    CHECK(counts->total() == 3);
    REQUIRE(counts->by_tier_size() == 2);
    CHECK(counts->by_tier(0).tier() == v1::TIER_MID);
    CHECK(counts->by_tier(0).count() == 2);
    CHECK(counts->by_tier(1).tier() == v1::TIER_LONG);
    CHECK(counts->by_tier(1).count() == 1);
    REQUIRE(counts->by_namespace_size() == 2);
    CHECK(counts->by_namespace(0).count() == 1);
    CHECK(counts->by_namespace(1).count() == 1);
    CHECK(counts->expiring_soon() == 1);
    CHECK(counts->links() == 2);
    CHECK(counts->stored_bytes() > 0);
    store.reader.failure = status(errc::storage_failure, "planted");
    CHECK(count_records(store.reader, 0).error().code() == errc::storage_failure);
  }
}
