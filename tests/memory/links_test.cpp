#include "memory/links.hpp"

#include <doctest/doctest.h>

#include "tests/memory/planned_store.hpp"

using namespace quorate;
using namespace quorate::memory;
using quorate::memory::tests::planned_store;

namespace {

v1::LinkRequest linking(const std::string& source, const std::string& target, const std::string& relation = {}) {
  v1::LinkRequest request;
  request.set_source_id(source);
  request.set_target_id(target);
  request.set_relation(relation);
  return request;
}

result<planned_write> link(planned_store& store, const v1::LinkRequest& request) {
  return store.write(plan_link(store.reader, request, store.now_ms));
}

std::vector<std::string> links_of(const planned_store& store, const std::string& id) {
  const auto links = link_reader(store.reader).of(id);
  REQUIRE(links);
  std::vector<std::string> texts;
  for (const auto& one : *links) texts.push_back(one.source_id() + ' ' + one.relation() + ' ' + one.target_id());
  return texts;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("memory.links") {
  TEST_CASE("a link is found from both ends, related_to unless said, and stays once when made twice") {
    planned_store store;
    const auto a = store.store("a");
    const auto b = store.store("b");
    const auto made = link(store, linking(a, b));
    REQUIRE(made);
    CHECK(made->created);
    CHECK(links_of(store, a) == texts{a + " related_to " + b});
    CHECK(links_of(store, b) == links_of(store, a));
    const auto first_made = link_reader(store.reader).of(a)->front().created_at();
    const auto again = link(store, linking(a, b));
    REQUIRE(again);
    CHECK_FALSE(again->created);
    CHECK(link_reader(store.reader).of(a)->front().created_at() == first_made);
    REQUIRE(link(store, linking(a, b, "contradicts")));
    REQUIRE(link(store, linking(b, a, "supersedes")));
    CHECK(links_of(store, a) == texts{a + " contradicts " + b, a + " related_to " + b, b + " supersedes " + a});
  }

  TEST_CASE("a link from another store keeps its time") {
    planned_store store;
    auto request = linking(store.store("a"), store.store("b"));
    request.set_created_at("2023-05-08T13:56:00+02:00");
    REQUIRE(link(store, request));
    CHECK(link_reader(store.reader).of(request.source_id())->front().created_at() == "2023-05-08T13:56:00+02:00");
    request.set_created_at("yesterday");
    CHECK(plan_link(store.reader, request, 0).error().field() == "created_at");
  }

  TEST_CASE("a link needs two different live ends and a known relation") {
    planned_store store;
    const auto a = store.store("a");
    const auto b = store.store("b");
    CHECK(plan_link(store.reader, linking(a, "nowhere"), 0).error().code() == errc::not_found);
    CHECK(plan_link(store.reader, linking("nowhere", a), 0).error().code() == errc::not_found);
    CHECK(plan_link(store.reader, linking(a, a), 0).error().field() == "target_id");
    CHECK(plan_link(store.reader, linking("", a), 0).error().field() == "source_id");
    const auto relation = plan_link(store.reader, linking(a, b, "likes"), 0);
    CHECK(relation.error().message() == "relation: must be one of related_to, supersedes, contradicts, derived_from");
    store.remove(b);
    CHECK(plan_link(store.reader, linking(a, b), 0).error().code() == errc::not_found);
  }

  TEST_CASE("a deleted record takes its links and the standards it stands for along") {
    planned_store store;
    const auto a = store.store("a");
    const auto b = store.store("b");
    const auto c = store.store("c");
    REQUIRE(link(store, linking(a, b)));
    REQUIRE(link(store, linking(c, a)));
    REQUIRE(link(store, linking(b, c)));
    const record_key standard{key_kind::standard, "global"};
    const record_key other{key_kind::standard, "other"};
    store.reader.records[standard] = {{1, node_id{1}}, false, a, "x"};
    store.reader.records[other] = {{1, node_id{1}}, false, b, "x"};
    v1::DeleteRequest by_name;
    by_name.mutable_name()->set_title("a");
    CHECK(keys_of_delete(store.reader, by_name)
          == std::vector{key_of("global", "a"), standard, link_key(a, b, "related_to"), link_key(c, a, "related_to")});
    store.remove(a);
    CHECK(store.reader.records.at(link_key(a, b, "related_to")).deleted);
    CHECK(store.reader.records.at(link_key(c, a, "related_to")).deleted);
    CHECK(store.reader.records.at(standard).deleted);
    CHECK_FALSE(store.reader.records.at(other).deleted);
    CHECK(links_of(store, b) == texts{b + " related_to " + c});
  }

  TEST_CASE("a link that outlived its end does not show, not even in the next life of the name") {
    planned_store store;
    const auto a = store.store("a");
    const auto b = store.store("b");
    REQUIRE(link(store, linking(a, b)));
    const auto key = link_key(a, b, "related_to");
    const auto row = store.reader.records.at(key);
    store.remove(b);
    // As if it had been made on another node at the same time.
    store.reader.records[key] = row;
    CHECK(links_of(store, a).empty());
    REQUIRE(store.store("b") == b);
    CHECK(links_of(store, a).empty());
    const auto anew = link(store, linking(a, b));
    REQUIRE(anew);
    CHECK(anew->created);
    CHECK(links_of(store, a).size() == 1);
  }

  TEST_CASE("pages hold every link once, of one record and of all, whatever their size") {
    planned_store store;
    const auto hub = store.store("hub");
    for (int i = 0; i < 4; ++i) {
      const auto other = store.store("other " + std::to_string(i));
      REQUIRE(link(store, linking(hub, other)));
      REQUIRE(link(store, linking(other, hub, "supersedes")));
    }
    for (const auto& id : {hub, std::string()})
      for (std::uint32_t limit = 1; limit <= 9; ++limit) {
        CAPTURE(limit);
        v1::ListLinksRequest request;
        request.set_id(id);
        request.set_limit(limit);
        std::vector<std::string> seen;
        for (int pages = 0; pages < 12; ++pages) {
          const auto page = link_reader(store.reader).list(request);
          REQUIRE(page);
          CHECK(page->links_size() <= static_cast<int>(limit));
          for (const auto& one : page->links()) seen.push_back(one.source_id() + one.relation() + one.target_id());
          request.set_cursor(page->next_cursor());
          if (page->next_cursor().empty()) break;
        }
        CHECK(request.cursor().empty());
        std::sort(seen.begin(), seen.end());
        CHECK(std::unique(seen.begin(), seen.end()) == seen.end());
        CHECK(seen.size() == 8);
      }
    v1::ListLinksRequest wrong;
    wrong.set_limit(1'001);
    CHECK(link_reader(store.reader).list(wrong).error().field() == "limit");
    wrong.set_limit(0);
    wrong.set_cursor("x");
    CHECK(link_reader(store.reader).list(wrong).error().field() == "cursor");
  }

  TEST_CASE("a record with more links than fit an entry is deleted all the same, and none of them shows") {
    planned_store store;
    const auto hub = store.store("hub");
    std::string last;
    for (std::size_t i = 0; i < cascade_links_max + 20; ++i) {
      last = store.store("other " + std::to_string(i));
      REQUIRE(link(store, linking(hub, last)));
    }
    v1::DeleteRequest request;
    request.set_id(hub);
    const auto plan = store.write(plan_delete(store.reader, request));
    REQUIRE(plan);
    CHECK(plan->mutations.size() == cascade_links_max + 1);
    CHECK(links_of(store, last).empty());
    CHECK(link_reader(store.reader).list({})->links().empty());
  }

  TEST_CASE("a value that is no link shows none, is made anew by a link and goes with its record") {
    planned_store store;
    const auto a = store.store("a");
    const auto b = store.store("b");
    const auto c = store.store("c");
    REQUIRE(link(store, linking(a, b)));
    REQUIRE(link(store, linking(a, c)));
    const auto key = link_key(a, b, "related_to");
    store.reader.records[key].value = "\xFF";
    CHECK(links_of(store, a).size() == 1);
    CHECK(links_of(store, b).empty());
    CHECK(link_reader(store.reader).list({})->links_size() == 1);
    REQUIRE(link(store, linking(a, b)));
    CHECK(links_of(store, b).size() == 1);
    store.reader.records[key].value = "\xFF";
    store.remove(a);
    CHECK(store.reader.records.at(key).deleted);
  }

  TEST_CASE("a link to a record whose value is none does not show") {
    planned_store store;
    const auto a = store.store("a");
    const auto b = store.store("b");
    REQUIRE(link(store, linking(a, b)));
    store.reader.records[key_of("global", "b")].value = "\xFF";
    CHECK(links_of(store, a).empty());
    CHECK(plan_link(store.reader, linking(a, b), 0).error().code() == errc::unreadable);
  }

  TEST_CASE("a failing read is passed on") {
    planned_store store;
    const auto a = store.store("a");
    const auto b = store.store("b");
    REQUIRE(link(store, linking(a, b)));
    store.reader.failure = status(errc::storage_failure, "planted");
    CHECK(link_reader(store.reader).list({}).error().code() == errc::storage_failure);
    CHECK(plan_link(store.reader, linking(a, b), 0).error().code() == errc::storage_failure);
  }
}
