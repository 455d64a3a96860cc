#include <algorithm>

#include "tests/e2e/fixture.hpp"

namespace quorate::e2e {
namespace {

constexpr milliseconds quorum_timeout(500);

flags short_timeout() { return with("--quorum-timeout", "500ms"); }

}  // namespace

TEST_SUITE("e2e.quorum") {
  TEST_CASE("with one of three nodes dead every write is acknowledged") {
    running_cluster cluster(short_timeout());
    cluster->kill("c");
    for (int i = 0; i < 20; ++i) {
      v1::StoreReply reply;
      REQUIRE(text_of(store(cluster->client("a"), "with two " + std::to_string(i), "x", &reply)) == "OK");
      CHECK(reply.copies() == 2);
    }
  }

  TEST_CASE("a write for all members is not acknowledged while one is dead") {
    running_cluster cluster(short_timeout());
    cluster->kill("c");
    REQUIRE(cluster->wait_peer("a", "c", false, converge_bound));
    auto request = record("for all", "x");
    request.set_write_quorum(v1::WRITE_QUORUM_ALL);
    v1::StoreReply reply;
    const auto answer = cluster->client("a").store(request, &reply, call_deadline);
    CHECK(answer.error_code() == grpc::UNAVAILABLE);
    CHECK(chaos::outcome_of(answer) == chaos::write_outcome::rejected);
    request.set_write_quorum(v1::WRITE_QUORUM_MAJORITY);
    CHECK(text_of(cluster->client("a").store(request, &reply, call_deadline)) == "OK");
  }

  TEST_CASE("without a reachable quorum a write is rejected at once, and is on no node later") {
    running_cluster cluster(short_timeout());
    cluster->kill("b");
    cluster->kill("c");
    REQUIRE(cluster->wait_peer("a", "b", false, converge_bound));
    REQUIRE(cluster->wait_peer("a", "c", false, converge_bound));
    std::vector<double> took;
    for (int i = 0; i < 11; ++i) {
      v1::StoreReply reply;
      const auto start = steady_clock::now();
      const auto answer = store(cluster->client("a"), "rejected " + std::to_string(i), "x", &reply);
      took.push_back(chaos::milliseconds_since(start));
      CHECK(answer.error_code() == grpc::UNAVAILABLE);
      const auto failure = chaos::write_failure_of(answer);
      REQUIRE_MESSAGE(failure.has_value(), chaos::text_of(answer));
      CHECK(failure->outcome() == v1::WriteFailure::REJECTED);
      CHECK(failure->reason() == "quorum_unreachable");
      CHECK(failure->copies_needed() == 2);
    }
    std::sort(took.begin(), took.end());
    CHECK(took[took.size() / 2] < 50);
    CHECK(took.back() < 500);

    v1::StatusReply seen;
    REQUIRE(text_of(cluster->client("a").node_status(&seen)) == "OK");
    CHECK(seen.state() == "no_quorum");

    for (const auto* name : {"b", "c"}) {
      const auto started = cluster->start(name);
      REQUIRE_MESSAGE(started.ok(), started.message());
    }
    REQUIRE(cluster->wait_connected(converge_bound).ok());
    REQUIRE(text_of(store(cluster->client("a"), "afterwards", "x")) == "OK");
    cluster.require_equal({"a", "b", "c"});
    for (const auto* name : {"a", "b", "c"}) {
      const auto contents = cluster->export_all(name);
      REQUIRE(contents.ok());
      CHECK(contents->size() == 1);
    }
  }

  TEST_CASE("a node left alone goes on knocking at its dead peers, stays up, and takes writes when they are back") {
    running_cluster cluster(short_timeout());
    cluster->kill("b");
    cluster->kill("c");
    REQUIRE(cluster->wait_peer("a", "b", false, converge_bound));
    REQUIRE(cluster->wait_peer("a", "c", false, converge_bound));
    CHECK(!chaos::wait_until(milliseconds(3'000), [&] { return !cluster->running("a"); }));
    for (const auto* name : {"b", "c"}) {
      const auto started = cluster->start(name);
      REQUIRE_MESSAGE(started.ok(), started.message());
    }
    REQUIRE(cluster->wait_connected(converge_bound).ok());
    CHECK(text_of(store(cluster->client("a"), "together again", "x")) == "OK");
  }

  TEST_CASE(
      "when the others fall silent unnoticed the answer comes at the deadline, says one copy, and the write surfaces") {
    running_cluster cluster(short_timeout());
    REQUIRE(text_of(store(cluster->client("a"), "before", "x")) == "OK");
    cluster.require_equal({"a", "b", "c"});
    cluster->pause("b");
    cluster->pause("c");
    const auto start = steady_clock::now();
    const auto answer = store(cluster->client("a"), "in doubt", "x");
    const auto took = chaos::milliseconds_since(start);
    cluster->resume("b");
    cluster->resume("c");
    CHECK(answer.error_code() == grpc::UNAVAILABLE);
    const auto failure = chaos::write_failure_of(answer);
    REQUIRE_MESSAGE(failure.has_value(), chaos::text_of(answer));
    CHECK(failure->outcome() == v1::WriteFailure::INDETERMINATE);
    CHECK(failure->reason() == "quorum_timeout");
    CHECK(failure->copies() == 1);
    CHECK(took >= quorum_timeout.count() * 0.9);
    CHECK(took < static_cast<double>(quorum_timeout.count()) + 250);
    for (const auto* name : {"a", "b", "c"}) CHECK(shows(cluster->client(name), "in doubt", "x", converge_bound));
    cluster.require_equal({"a", "b", "c"});
  }

  TEST_CASE("a caller's shorter deadline is met with our own answer") {
    running_cluster cluster(with("--quorum-timeout", "5s"));
    cluster->pause("b");
    cluster->pause("c");
    v1::StoreReply reply;
    const auto start = steady_clock::now();
    const auto answer = cluster->client("a").store(record("hasty", "x"), &reply, milliseconds(400));
    CHECK(chaos::milliseconds_since(start) < 400 + 250);
    cluster->resume("b");
    cluster->resume("c");
    CHECK(chaos::outcome_of(answer) == chaos::write_outcome::indeterminate);
    CHECK(chaos::write_failure_of(answer).has_value());
  }
}

}  // namespace quorate::e2e
