#include "tests/e2e/fixture.hpp"

namespace quorate::e2e {

TEST_SUITE("e2e.replication") {
  TEST_CASE("what is stored on one node is read on the second and listed on the third") {
    running_cluster cluster;
    v1::StoreReply stored;
    REQUIRE(text_of(store(cluster->client("a"), "greeting", "hello", &stored)) == "OK");
    CHECK(stored.copies() >= 2);
    CHECK(stored.copies_needed() == 2);
    CHECK(stored.created());
    CHECK(!stored.id().empty());
    CHECK(shows(cluster->client("c"), "greeting", "hello", converge_bound));

    v1::GetReply read;
    v1::GetRequest by_id;
    by_id.set_id(stored.id());
    REQUIRE(text_of(cluster->client("c").get(by_id, &read)) == "OK");
    CHECK(read.memory().title() == "greeting");
    CHECK(read.version().time() == stored.version().time());

    REQUIRE(shows(cluster->client("b"), "greeting", "hello", converge_bound));
    v1::ListReply listed;
    REQUIRE(text_of(cluster->client("b").list({}, &listed)) == "OK");
    REQUIRE(listed.memories_size() == 1);
    CHECK(listed.memories(0).id() == stored.id());
    cluster.require_equal({"a", "b", "c"});
  }

  TEST_CASE("overwrites, updates and deletions through different nodes end equal everywhere") {
    running_cluster cluster;
    v1::StoreReply stored;
    REQUIRE(text_of(store(cluster->client("a"), "kept", "one", &stored)) == "OK");
    REQUIRE(text_of(store(cluster->client("a"), "gone", "one")) == "OK");
    cluster.require_equal({"a", "b", "c"});

    v1::StoreReply overwritten;
    REQUIRE(text_of(store(cluster->client("b"), "kept", "two", &overwritten)) == "OK");
    CHECK(overwritten.id() == stored.id());
    CHECK(!overwritten.created());
    cluster.require_equal({"a", "b", "c"});

    v1::UpdateRequest update;
    update.set_id(stored.id());
    update.set_title("kept under a new name");
    REQUIRE(text_of(cluster->client("c").update(update, &overwritten)) == "OK");
    v1::DeleteRequest deletion;
    deletion.mutable_name()->set_namespace_("e2e");
    deletion.mutable_name()->set_title("gone");
    v1::DeleteReply deleted;
    REQUIRE(text_of(cluster->client("b").remove(deletion, &deleted, call_deadline)) == "OK");
    cluster.require_equal({"a", "b", "c"});
    for (const auto* name : {"a", "b", "c"}) {
      CAPTURE(name);
      CHECK(content_on(cluster->client(name), "kept under a new name") == "two");
      CHECK(content_on(cluster->client(name), "kept") == "");
      CHECK(content_on(cluster->client(name), "gone") == "");
    }
  }

  TEST_CASE("a survivor relays what a dead node had no time to send") {
    // With the long delay only the rule for dead origins can bring it over; the short one is what nodes run with.
    std::string relay_delay;
    SUBCASE("before the relay delay, because the origin is down") { relay_delay = "60s"; }
    SUBCASE("with the usual delay") { relay_delay = "500ms"; }
    constexpr int count = 50;
    running_cluster cluster(with("--relay-delay", relay_delay));
    cut(cluster, "a", "c");

    for (int i = 0; i < count; ++i) {
      v1::StoreReply reply;
      REQUIRE(text_of(store(cluster->client("a"), "relayed " + std::to_string(i), "x", &reply)) == "OK");
      CHECK(reply.copies() == 2);
    }
    if (relay_delay == "60s") CHECK(content_on(cluster->client("c"), "relayed 0") == "");
    cluster->kill("a");
    const auto killed = steady_clock::now();
    for (int i = 0; i < count; ++i)
      CHECK(shows(cluster->client("c"), "relayed " + std::to_string(i), "x", milliseconds(2'000)));
    CHECK(chaos::milliseconds_since(killed) < 2'000);
    cluster.require_equal({"b", "c"});
  }

  TEST_CASE("a node that was away while others wrote has everything soon after it is back") {
    running_cluster cluster;
    cluster->kill("c");
    for (int i = 0; i < 300; ++i)
      REQUIRE(text_of(store(cluster->client(i % 2 ? "a" : "b"), "missed " + std::to_string(i), "x")) == "OK");
    const auto started = cluster->start("c");
    REQUIRE_MESSAGE(started.ok(), started.message());
    cluster.require_equal({"a", "b", "c"});
    CHECK(content_on(cluster->client("c"), "missed 299") == "x");
  }
}

}  // namespace quorate::e2e
