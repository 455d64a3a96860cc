#include "memory/curation.hpp"

#include <doctest/doctest.h>

#include "memory/links.hpp"
#include "tests/memory/planned_store.hpp"

using namespace quorate;
using namespace quorate::memory;
using quorate::memory::tests::planned_store;

namespace {

result<planned_promotion> promote(planned_store& store, const std::string& id, const std::string& to = {}) {
  v1::PromoteRequest request;
  request.set_id(id);
  request.set_to_namespace(to);
  return store.write(plan_promote(store.reader, request, store.now_ms, store.next_stamp()));
}

result<planned_write> resolve(planned_store& store, const std::string& winner, const std::string& loser) {
  v1::ResolveRequest request;
  request.set_winner_id(winner);
  request.set_loser_id(loser);
  return store.write(plan_resolve(store.reader, request, node_id{3}, store.now_ms));
}

v1::ConsolidateRequest consolidating(const std::vector<std::string>& ids) {
  v1::ConsolidateRequest request;
  for (const auto& id : ids) request.add_ids(id);
  request.set_title("all");
  request.set_summary("what they say");
  return request;
}

result<planned_write> consolidate(planned_store& store, const v1::ConsolidateRequest& request) {
  const auto prepared = prepare(request, store.now_ms);
  if (!prepared) return prepared.error();
  return store.write(plan_consolidate(store.reader, request, *prepared, store.next_stamp()));
}

v1::StoreRequest source(const std::string& title, int priority, const std::vector<std::string>& tags,
                        const std::string& metadata) {
  v1::StoreRequest request;
  auto& record = *request.mutable_memory();
  record.set_title(title);
  record.set_content("content");
  record.set_priority(priority);
  for (const auto& tag : tags) record.add_tags(tag);
  record.set_metadata(metadata);
  return request;
}

}  // namespace

TEST_SUITE("memory.curation") {
  TEST_CASE("a promoted record is long and never expires") {
    planned_store store;
    const auto id = store.store("a");
    REQUIRE(store.stored(id).has_expires_at());
    const auto plan = promote(store, id);
    REQUIRE(plan);
    CHECK(plan->id == id);
    CHECK(plan->clone_id.empty());
    CHECK(store.stored(id).tier() == v1::TIER_LONG);
    CHECK_FALSE(store.stored(id).has_expires_at());
    CHECK(promote(store, "nowhere").error().code() == errc::not_found);
    v1::PromoteRequest prefix;
    prefix.set_id(id.substr(0, 8));
    CHECK(plan_promote(store.reader, prefix, 0, {}).error().code() == errc::not_found);
    prefix.set_allow_prefix(true);
    CHECK(plan_promote(store.reader, prefix, 0, {}));
  }

  TEST_CASE("a clone in a namespace above is a record of its own, linked to the one it comes from") {
    planned_store store;
    const auto id = store.store("a", "org/team/me");
    store.touch(id, 12);
    const auto plan = promote(store, id, "org");
    REQUIRE(plan);
    CHECK(plan->id == id);
    REQUIRE(plan->clone_id != id);
    const auto clone = store.shown(plan->clone_id);
    CHECK(clone.namespace_() == "org");
    CHECK(clone.title() == "a");
    CHECK(clone.content() == "content of a");
    CHECK(clone.access_count() == 0);
    CHECK(clone.priority() == 6);
    CHECK(clone.tier() == v1::TIER_LONG);
    CHECK(store.shown(id).access_count() == 12);
    const auto links = link_reader(store.reader).of(plan->clone_id);
    REQUIRE(links);
    REQUIRE(links->size() == 1);
    CHECK(links->front().source_id() == plan->clone_id);
    CHECK(links->front().target_id() == id);
    CHECK(links->front().relation() == "derived_from");
    // Again: the same clone.
    CHECK(promote(store, id, "org")->clone_id == plan->clone_id);
    CHECK(link_reader(store.reader).of(id)->size() == 1);
  }

  TEST_CASE("a clone goes to a namespace above only, by whole segments") {
    planned_store store;
    const auto id = store.store("a", "org/team");
    for (const char* to : {"org/team", "or", "org/team/me", "other", "org/", " "}) {
      CAPTURE(to);
      CHECK(promote(store, id, to).error().field() == "to_namespace");
    }
  }

  TEST_CASE("the winner of a contradiction supersedes the loser, which keeps little weight") {
    planned_store store;
    const auto winner = store.store("w");
    const auto loser = store.store("l");
    store.touch(loser, 25);
    REQUIRE(resolve(store, winner, loser));
    CHECK(store.shown(winner).access_count() == 1);
    CHECK(store.shown(loser).priority() == 1);
    CHECK(store.shown(loser).confidence() == 0.1);
    CHECK(store.shown(loser).access_count() == 25);
    const auto links = link_reader(store.reader).of(loser);
    REQUIRE(links->size() == 1);
    CHECK(links->front().source_id() == winner);
    CHECK(links->front().relation() == "supersedes");
    CHECK(resolve(store, winner, winner).error().field() == "loser_id");
    CHECK(resolve(store, winner, "nowhere").error().code() == errc::not_found);
    CHECK(resolve(store, "nowhere", loser).error().code() == errc::not_found);
    CHECK(resolve(store, "", loser).error().field() == "winner_id");
  }

  TEST_CASE("a consolidated record has what its sources had together, and they and their links are gone") {
    planned_store store;
    const auto a = store.store(source("a", 3, {"z", "y"}, R"({"agent_id":"one","n":1.10,"only_a":true})"));
    const auto b = store.store(source("b", 7, {"y", "x"}, R"({"agent_id":"two","n":2})"));
    const auto other = store.store("other");
    store.touch(a, 2);
    store.touch(b, 3, node_id{2});
    v1::LinkRequest link;
    link.set_source_id(a);
    link.set_target_id(b);
    REQUIRE(store.write(plan_link(store.reader, link, store.now_ms)));
    link.set_source_id(other);
    REQUIRE(store.write(plan_link(store.reader, link, store.now_ms)));

    auto request = consolidating({a, b});
    request.set_agent_id("three");
    const auto plan = consolidate(store, request);
    REQUIRE_MESSAGE(plan, plan.error().message());
    const auto made = store.shown(plan->id);
    CHECK(made.title() == "all");
    CHECK(made.content() == "what they say");
    CHECK(made.namespace_() == "global");
    CHECK(made.tier() == v1::TIER_LONG);
    CHECK_FALSE(made.has_expires_at());
    CHECK(made.source() == "consolidation");
    CHECK(made.priority() == 7);
    CHECK(made.confidence() == 1.0);
    CHECK(made.access_count() == 5);
    CHECK(std::vector<std::string>(made.tags().begin(), made.tags().end()) == std::vector<std::string>{"x", "y", "z"});
    CHECK(made.metadata()
          == R"({"n":2,"only_a":true,"derived_from":[")" + a + R"(",")" + b
                 + R"("],"agent_id":"three","consolidated_from_agents":["one","two"]})");
    CHECK_FALSE(store.is_live(a));
    CHECK_FALSE(store.is_live(b));
    CHECK(link_reader(store.reader).list({})->links().empty());
    CHECK(link_reader(store.reader).of(other)->empty());
  }

  TEST_CASE("a consolidation that cannot be whole changes nothing") {
    planned_store store;
    const auto a = store.store("a");
    const auto b = store.store("b");
    const auto before = store.reader.records;
    CHECK(consolidate(store, consolidating({a})).error().field() == "ids");
    CHECK(consolidate(store, consolidating({a, a})).error().field() == "ids");
    CHECK(consolidate(store, consolidating(std::vector<std::string>(101, a))).error().field() == "ids");
    CHECK(consolidate(store, consolidating({a, "nowhere"})).error().code() == errc::not_found);
    auto request = consolidating({a, b});
    request.set_title("a");
    CHECK(consolidate(store, request).error().code() == errc::already_exists);
    request.set_title("");
    CHECK(consolidate(store, request).error().field() == "title");
    request = consolidating({a, b});
    request.set_summary(" ");
    CHECK(consolidate(store, request).error().field() == "summary");
    request = consolidating({a, b});
    request.set_source("nobody");
    CHECK(consolidate(store, request).error().field() == "source");
    CHECK(store.reader.records == before);
  }

  TEST_CASE("sources with more tags together than a record has are not consolidated") {
    planned_store store;
    std::vector<std::string> some;
    std::vector<std::string> others;
    for (int i = 0; i < 30; ++i) {
      some.push_back("s" + std::to_string(i));
      others.push_back("o" + std::to_string(i));
    }
    const auto a = store.store(source("a", 3, some, "{}"));
    const auto b = store.store(source("b", 3, others, "{}"));
    CHECK(consolidate(store, consolidating({a, b})).error().message()
          == "ids: have 60 tags together, a record has at most 50");
    CHECK(store.is_live(a));
  }
}
