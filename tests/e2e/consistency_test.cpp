// Order when asked for, and a disk that is lost, with real processes (promise P6).
#include <filesystem>

#include "tests/e2e/fixture.hpp"

namespace quorate::e2e {
namespace {

/// The content as a majority has it; the error's text when there is none.
std::string asked_of_majority(chaos::node_client& node, const std::string& title) {
  auto request = by_name(title);
  request.set_consistency(v1::READ_CONSISTENCY_QUORUM);
  v1::GetReply reply;
  const auto answer = node.get(request, &reply);
  return answer.ok() ? reply.memory().content() : text_of(answer);
}

std::string state_of(chaos::node_client& node) {
  v1::StatusReply reply;
  return node.node_status(&reply).ok() ? reply.state() : "";
}

}  // namespace

TEST_SUITE("e2e.consistency") {
  TEST_CASE("a quorum read through a node that lacks an acknowledged write sees it, and then it is there") {
    running_cluster cluster(with("--relay-delay", "60s"));
    cut(cluster, "a", "c");
    REQUIRE(text_of(store(cluster->client("a"), "seen", "new")) == "OK");
    REQUIRE(content_on(cluster->client("c"), "seen") == "");
    CHECK(asked_of_majority(cluster->client("c"), "seen") == "new");
    CHECK(shows(cluster->client("c"), "seen", "new", milliseconds(2'000)));
  }

  TEST_CASE("a linearizable write through a node that is behind is the newest everywhere") {
    running_cluster cluster(with("--relay-delay", "60s"));
    cut(cluster, "a", "c");
    v1::StoreReply first;
    REQUIRE(text_of(store(cluster->client("a"), "ordered", "first", &first)) == "OK");
    auto request = record("ordered", "second");
    request.set_consistency(v1::WRITE_CONSISTENCY_LINEARIZABLE);
    v1::StoreReply second;
    REQUIRE(text_of(cluster->client("c").store(request, &second, call_deadline)) == "OK");
    CHECK(second.version().time() > first.version().time());
    CHECK_FALSE(second.created());
    v1::DrillRequest heal;
    heal.set_heal_link("c");
    REQUIRE(text_of(cluster->client("a").drill(heal)) == "OK");
    heal.set_heal_link("a");
    REQUIRE(text_of(cluster->client("c").drill(heal)) == "OK");
    cluster.require_equal({"a", "b", "c"});
    CHECK(content_on(cluster->client("a"), "ordered") == "second");
  }

  TEST_CASE("without a majority a quorum read is refused, a local one answers") {
    running_cluster cluster;
    REQUIRE(text_of(store(cluster->client("a"), "alone", "x")) == "OK");
    REQUIRE(shows(cluster->client("c"), "alone", "x", converge_bound));
    for (const auto* name : {"a", "b"}) cluster->kill(name);
    REQUIRE(cluster->wait_peer("c", "a", false, converge_bound));
    REQUIRE(cluster->wait_peer("c", "b", false, converge_bound));
    CHECK(asked_of_majority(cluster->client("c"), "alone").starts_with("UNAVAILABLE: 1 of 2 members"));
    CHECK(content_on(cluster->client("c"), "alone") == "x");
  }

  TEST_CASE("a node that lost its disk counts again only when it holds what two others have") {
    running_cluster cluster;
    for (int i = 0; i < 20; ++i)
      REQUIRE(text_of(store(cluster->client("b"), "kept " + std::to_string(i), "x")) == "OK");
    cluster->kill("b");
    std::filesystem::remove_all(cluster->data_directory("b"));
    cluster->kill("c");
    REQUIRE(cluster->start("b").ok());
    REQUIRE(cluster->wait_peer("a", "b", true, converge_bound));
    // It has taken everything in, but its copy is no second one.
    REQUIRE(shows(cluster->client("b"), "kept 19", "x", converge_bound));
    CHECK(state_of(cluster->client("b")) == "filling");
    const auto refused = store(cluster->client("a"), "not on two", "x");
    CHECK(chaos::outcome_of(refused) == chaos::write_outcome::rejected);
    REQUIRE(cluster->start("c").ok());
    CHECK(chaos::wait_until(milliseconds(30'000), [&] { return state_of(cluster->client("b")) == "serving"; }));
    CHECK(text_of(store(cluster->client("b"), "again", "x")) == "OK");
    cluster.require_equal({"a", "b", "c"});
  }
}

}  // namespace quorate::e2e
