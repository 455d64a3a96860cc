#include "memory/listing.hpp"

#include <doctest/doctest.h>

#include "memory/scan.hpp"
#include "memory/timestamp.hpp"
#include "tests/memory/planned_store.hpp"

using namespace quorate;
using namespace quorate::memory;
using quorate::memory::tests::planned_store;

namespace {

bool never() { return false; }
bool at_once() { return true; }

v1::StoreRequest importing(const std::string& title, int priority, const std::string& updated_at) {
  v1::StoreRequest request;
  request.set_full_record(true);
  auto& record = *request.mutable_memory();
  record.set_title(title);
  record.set_content("content");
  record.set_priority(priority);
  record.set_created_at("2024-01-01T00:00:00Z");
  record.set_updated_at(updated_at);
  return request;
}

result<v1::ListReply> page(const planned_store& store, const v1::ListRequest& request) {
  const auto wanted = prepare(request);
  if (!wanted) return wanted.error();
  return list(store.reader, *wanted, store.now_ms, never);
}

/// Titles of all pages, put together.
std::string titles(const planned_store& store, v1::ListRequest request) {
  std::string all;
  for (int pages = 0; pages < 100; ++pages) {
    const auto reply = page(store, request);
    REQUIRE_MESSAGE(reply, reply.error().message());
    for (const auto& record : reply->memories()) {
      CHECK(record.life() == 0);
      CHECK(record.priority_base_count() == 0);
      all += record.title();
    }
    if (reply->next_cursor().empty()) return all;
    request.set_cursor(reply->next_cursor());
    request.clear_offset();
  }
  FAIL("the pages do not end");
  return all;
}

planned_store five() {
  planned_store store;
  store.store(importing("a", 3, "2024-01-01T10:00:00Z"));
  store.store(importing("b", 5, "2024-01-02T10:00:00Z"));
  // Before b, though the letters come later.
  store.store(importing("c", 5, "2024-01-02T11:00:00+03:00"));
  store.store(importing("d", 9, "2023-01-01T10:00:00Z"));
  store.store(importing("e", 5, "2024-01-02T10:00:00Z"));
  return store;
}

}  // namespace

TEST_SUITE("memory.listing") {
  TEST_CASE("each order holds over pages of any size") {
    const auto store = five();
    for (std::uint32_t limit = 1; limit <= 6; ++limit) {
      CAPTURE(limit);
      v1::ListRequest request;
      request.set_limit(limit);
      CHECK(titles(store, request) == "abcde");
      request.set_order(v1::LIST_ORDER_PRIORITY);
      CHECK(titles(store, request) == "dbeca");
      request.set_order(v1::LIST_ORDER_UPDATED);
      CHECK(titles(store, request) == "dacbe");
    }
  }

  TEST_CASE("an offset skips records of the listing, in each order") {
    const auto store = five();
    v1::ListRequest request;
    request.set_offset(2);
    request.set_limit(2);
    CHECK(titles(store, request) == "cde");
    request.set_order(v1::LIST_ORDER_PRIORITY);
    CHECK(titles(store, request) == "eca");
    request.set_offset(5);
    CHECK(titles(store, request).empty());
  }

  TEST_CASE("the order goes by the priority that shows") {
    auto store = five();
    store.touch(derived_id(key_of("global", "a")), 40);
    v1::ListRequest request;
    request.set_order(v1::LIST_ORDER_PRIORITY);
    CHECK(titles(store, request) == "dabec");
  }

  TEST_CASE("a filter keeps the records for which everything given holds") {
    planned_store store;
    auto request = importing("a", 3, "2024-01-01T10:00:00Z");
    request.mutable_memory()->add_tags("x");
    request.mutable_memory()->set_metadata(R"({"nested":{"agent_id":"two"},"agent_id":"one"})");
    store.store(request);
    request = importing("b", 7, "2024-01-02T10:00:00Z");
    request.mutable_memory()->add_tags("xy");
    request.mutable_memory()->add_tags("y");
    request.mutable_memory()->set_created_at("2024-02-01T00:00:00+02:00");
    request.mutable_memory()->set_metadata(R"({"agent_id":"two"})");
    store.store(request);
    request = importing("c", 5, "2024-01-03T10:00:00Z");
    request.mutable_memory()->set_namespace_("other");
    request.mutable_memory()->set_tier(v1::TIER_LONG);
    store.store(request);

    v1::ListRequest wanted;
    auto& filter = *wanted.mutable_filter();
    filter.set_namespace_("other");
    CHECK(titles(store, wanted) == "c");
    wanted.set_namespace_("global");
    CHECK(titles(store, wanted) == "ab");
    wanted.clear_namespace_();
    filter.Clear();
    filter.set_tier(v1::TIER_LONG);
    CHECK(titles(store, wanted) == "c");
    filter.Clear();
    filter.set_min_priority(5);
    CHECK(titles(store, wanted) == "bc");
    filter.Clear();
    filter.set_since("2024-01-31T22:00:00Z");
    CHECK(titles(store, wanted) == "b");
    filter.set_since("2024-01-31T22:00:00.001Z");
    CHECK(titles(store, wanted).empty());
    filter.Clear();
    filter.set_until("2024-01-01T00:00:00Z");
    CHECK(titles(store, wanted) == "ac");
    filter.Clear();
    filter.set_tag("x");
    CHECK(titles(store, wanted) == "a");
    filter.set_tag("y");
    CHECK(titles(store, wanted) == "b");
    filter.Clear();
    filter.set_agent_id("two");
    CHECK(titles(store, wanted) == "b");
    filter.Clear();
    wanted.set_updated_after("2024-01-02T10:00:00Z");
    CHECK(titles(store, wanted) == "c");
  }

  TEST_CASE("expired records show only when asked for, and one that is kept by its use has not expired") {
    planned_store store;
    auto request = importing("a", 5, "2024-01-01T10:00:00Z");
    request.mutable_memory()->set_expires_at("2024-02-01T00:00:00Z");
    store.store(request);
    request.mutable_memory()->set_title("b");
    const auto b = store.store(request);
    v1::ListRequest wanted;
    CHECK(titles(store, wanted).empty());
    wanted.set_with_expired(true);
    CHECK(titles(store, wanted) == "ab");
    wanted.set_with_expired(false);
    store.touch(b, 1);
    CHECK(titles(store, wanted) == "b");
  }

  TEST_CASE("without a filter one page of keys is all that is read") {
    const auto store = five();
    v1::ListRequest request;
    CHECK(prepare(request)->plain());
    request.set_namespace_("global");
    CHECK(prepare(request)->plain());
    request.mutable_filter()->set_tag("x");
    CHECK_FALSE(prepare(request)->plain());
  }

  TEST_CASE("a listing that is out of time ends its page by name, and fails in another order") {
    auto store = five();
    v1::ListRequest request;
    request.mutable_filter()->set_min_priority(1);
    const auto named = list(store.reader, *prepare(request), store.now_ms, at_once);
    REQUIRE(named);
    CHECK(named->memories_size() == 5);
    request.set_order(v1::LIST_ORDER_PRIORITY);
    CHECK(list(store.reader, *prepare(request), store.now_ms, at_once).error().code() == errc::deadline_exceeded);
    store.reader.failure = status(errc::storage_failure, "planted");
    CHECK(page(store, request).error().code() == errc::storage_failure);
  }

  TEST_CASE("what a request must not say is refused by its field") {
    const planned_store store;
    const auto field = [&](auto change) {
      v1::ListRequest request;
      change(request);
      const auto reply = page(store, request);
      REQUIRE_FALSE(reply);
      return reply.error().field();
    };
    CHECK(field([](auto& r) { r.set_limit(1'001); }) == "limit");
    CHECK(field([](auto& r) { r.set_namespace_(" "); }) == "namespace");
    CHECK(field([](auto& r) { r.mutable_filter()->set_namespace_(" "); }) == "namespace");
    CHECK(field([](auto& r) { r.mutable_filter()->set_tier(static_cast<v1::Tier>(9)); }) == "tier");
    CHECK(field([](auto& r) { r.mutable_filter()->set_since("x"); }) == "since");
    CHECK(field([](auto& r) { r.mutable_filter()->set_until("x"); }) == "until");
    CHECK(field([](auto& r) { r.mutable_filter()->set_tag(""); }) == "tag");
    CHECK(field([](auto& r) { r.mutable_filter()->set_agent_id("a b"); }) == "agent_id");
    CHECK(field([](auto& r) { r.set_order(static_cast<v1::ListOrder>(7)); }) == "order");
    CHECK(field([](auto& r) { r.set_offset(100'001); }) == "offset");
    CHECK(field([](auto& r) { r.set_updated_after("x"); }) == "updated_after");
    CHECK(field([](auto& r) {
            r.set_cursor("global");
            r.set_offset(1);
          })
          == "offset");
    CHECK(field([](auto& r) {
            r.set_order(v1::LIST_ORDER_UPDATED);
            r.set_cursor("global");
          })
          == "cursor");
  }

  TEST_CASE("the uses of many records are the same read one by one or all at once") {
    planned_store store;
    std::vector<std::string> ids;
    for (int i = 0; i < 1'100; ++i) {
      ids.push_back(store.store("t" + std::to_string(i)));
      if (i % 3 == 0) store.touch(ids.back(), i % 7 + 1, node_id{static_cast<std::uint64_t>(i % 2 + 1)});
    }
    // Stored anew: the old uses are of another life.
    store.remove(ids[1'098]);
    store.store("t1098");
    usage_reader usage(store.reader);
    for (const auto& id : ids) {
      const auto found = find_record(store.reader, id, nullptr);
      const auto record = usage.present(found->key, store.reader.records.at(found->key));
      REQUIRE(record);
      CHECK(record->SerializeAsString() == store.shown(id).SerializeAsString());
    }
  }
}
