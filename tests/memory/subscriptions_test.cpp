#include "memory/subscriptions.hpp"

#include "tests/memory/written_store.hpp"

using namespace quorate;
using namespace quorate::memory;
using namespace quorate::memory::tests;

namespace {

v1::SubscribeRequest subscribing(const std::string& agent_id = "alice") {
  v1::SubscribeRequest request;
  request.set_url("https://example.com/hook");
  request.set_agent_id(agent_id);
  return request;
}

std::string subscribe(written_store& store, const v1::SubscribeRequest& request) {
  auto prepared = prepare_subscription(request, store.now_ms());
  REQUIRE(prepared);
  prepared->set_id(random_id());
  const auto plan = plan_subscribe(store.reader, *prepared, store.now_ms());
  REQUIRE_MESSAGE(plan, plan.error().message());
  store.apply(*plan);
  return prepared->id();
}

std::vector<v1::Subscription> subscriptions(const written_store& store) {
  auto listed = list_subscriptions(store.reader);
  REQUIRE(listed);
  return *listed;
}

status count(written_store& store, const std::string& id, bool delivered, node_id node) {
  v1::RecordDispatchRequest request;
  request.set_id(id);
  request.set_delivered(delivered);
  const auto plan = plan_record_dispatch(store.reader, request, node, store.now_ms());
  if (!plan) return plan.error();
  store.apply(*plan);
  return {};
}

}  // namespace

TEST_SUITE("memory.subscriptions") {
  TEST_CASE("a registered agent subscribes; of the secret only its hash is kept") {
    written_store store;
    store.register_agent("alice");
    auto request = subscribing();
    request.set_secret("abc");
    request.set_events(" memory_store , x.y ");
    request.set_namespace_filter("team/a");
    request.set_agent_filter("bob");
    const auto id = subscribe(store, request);
    const auto all = subscriptions(store);
    REQUIRE(all.size() == 1);
    CHECK(all[0].id() == id);
    CHECK(all[0].url() == "https://example.com/hook");
    CHECK(all[0].events() == "memory_store,x.y");
    CHECK(all[0].secret_hash() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(all[0].namespace_filter() == "team/a");
    CHECK(all[0].agent_filter() == "bob");
    CHECK(all[0].created_by() == "alice");
    CHECK_FALSE(all[0].created_at().empty());
    CHECK(all[0].dispatch_count() == 0);
    CHECK(all[0].last_dispatched_at().empty());
    for (const auto& [key, stored] : store.reader.records) CHECK(stored.value.find("\"abc\"") == std::string::npos);
  }

  TEST_CASE("without events it is all of them, without a secret there is no hash") {
    written_store store;
    store.register_agent("alice");
    subscribe(store, subscribing());
    CHECK(subscriptions(store)[0].events() == "*");
    CHECK(subscriptions(store)[0].secret_hash().empty());
  }

  TEST_CASE("who is not registered may not subscribe") {
    written_store store;
    auto prepared = prepare_subscription(subscribing("stranger"), store.now_ms());
    REQUIRE(prepared);
    prepared->set_id(random_id());
    CHECK(plan_subscribe(store.reader, *prepared, store.now_ms()).error().code() == errc::not_permitted);
  }

  TEST_CASE("what breaks a rule is refused by its field") {
    const auto field_of = [](const v1::SubscribeRequest& request) {
      const auto prepared = prepare_subscription(request, 0);
      return prepared ? "accepted" : prepared.error().field();
    };
    CHECK(field_of(subscribing()) == "accepted");
    CHECK(field_of(subscribing("")) == "agent_id");
    auto request = subscribing();
    request.set_url("https://10.0.0.1");
    CHECK(field_of(request) == "url");
    for (const auto* events : {"a,,b", ",", "Memory", "a b", "**"}) {
      request = subscribing();
      request.set_events(events);
      CAPTURE(events);
      CHECK(field_of(request) == "events");
    }
    request = subscribing();
    request.set_events(std::string(513, 'a'));
    CHECK(field_of(request) == "events");
    request = subscribing();
    request.set_namespace_filter("/x");
    CHECK(field_of(request) == "namespace_filter");
    request = subscribing();
    request.set_agent_filter("a b");
    CHECK(field_of(request) == "agent_filter");
  }

  TEST_CASE("a subscription is removed once; another time there is nothing to change") {
    written_store store;
    store.register_agent("alice");
    const auto id = subscribe(store, subscribing());
    const auto plan = plan_unsubscribe(store.reader, id);
    REQUIRE(plan);
    store.apply(*plan);
    CHECK(subscriptions(store).empty());
    const auto again = plan_unsubscribe(store.reader, id);
    REQUIRE(again);
    CHECK(again->mutations.empty());
    CHECK(plan_unsubscribe(store.reader, "").error().field() == "id");
  }

  TEST_CASE("deliveries told to different nodes add up, made and failed apart") {
    written_store store;
    store.register_agent("alice");
    const auto id = subscribe(store, subscribing());
    const auto other = subscribe(store, subscribing());
    for (int i = 0; i < 3; ++i) CHECK(count(store, id, true, node_id{1}).ok());
    for (int i = 0; i < 2; ++i) CHECK(count(store, id, true, node_id{2}).ok());
    CHECK(count(store, id, false, node_id{2}).ok());
    const auto all = subscriptions(store);
    REQUIRE(all.size() == 2);
    CHECK(all[0].id() == id);  // the older one
    CHECK(all[0].dispatch_count() == 5);
    CHECK(all[0].failure_count() == 1);
    CHECK_FALSE(all[0].last_dispatched_at().empty());
    CHECK(all[1].id() == other);
    CHECK(all[1].dispatch_count() == 0);
    CHECK(all[1].failure_count() == 0);
  }

  TEST_CASE("a delivery for a subscription that is gone is not counted and brings nothing back") {
    written_store store;
    store.register_agent("alice");
    const auto id = subscribe(store, subscribing());
    store.apply(*plan_unsubscribe(store.reader, id));
    CHECK(count(store, id, true, node_id{1}).code() == errc::not_found);
    CHECK(count(store, "unknown", true, node_id{1}).code() == errc::not_found);
    CHECK(subscriptions(store).empty());
  }
}
