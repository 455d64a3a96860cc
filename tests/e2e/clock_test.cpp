#include <algorithm>
#include <filesystem>
#include <iostream>

#include "tests/e2e/fixture.hpp"

namespace quorate::e2e {
namespace {

constexpr auto library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
constexpr int keys = 120;

/// The node's wall clock is off; its monotonic clock is left alone, or timers would be tested instead.
std::vector<std::string> clock_off_by(const std::string& offset) {
  return {std::string("LD_PRELOAD=") + library, "FAKETIME=" + offset, "FAKETIME_DONT_FAKE_MONOTONIC=1"};
}

std::string title_of(int key) { return "overwritten " + std::to_string(key); }

struct tally {
  int acknowledged = 0;
  int superseded = 0;
  int refused = 0;
};

/// Stores every key on a and at once overwrites it on b. What an OK says must hold on every node in the end.
tally overwrite_behind_our_back(running_cluster& cluster) {
  tally seen;
  std::vector<std::string> expected;
  for (int key = 0; key < keys; ++key) {
    REQUIRE(text_of(store(cluster->client("a"), title_of(key), "first")) == "OK");
    const auto answer = store(cluster->client("b"), title_of(key), "second");
    CAPTURE(chaos::text_of(answer));
    expected.push_back(answer.ok() ? "second" : "first");
    if (answer.ok()) {
      ++seen.acknowledged;
      continue;
    }
    const auto failure = chaos::write_failure_of(answer);
    REQUIRE(failure.has_value());
    const bool superseded = failure->outcome() == v1::WriteFailure::SUPERSEDED;
    const bool refused = failure->outcome() == v1::WriteFailure::REJECTED && failure->reason() == "clock_skew";
    REQUIRE((superseded || refused));
    (superseded ? seen.superseded : seen.refused) += 1;
  }
  cluster.require_equal({"a", "b", "c"});
  for (const auto* name : {"a", "b", "c"}) {
    CAPTURE(name);
    for (int key = 0; key < keys; ++key) {
      CAPTURE(key);
      CHECK(content_on(cluster->client(name), title_of(key)) == expected[static_cast<std::size_t>(key)]);
    }
  }
  std::cout << "  overwrites through b: " << seen.acknowledged << " acknowledged, " << seen.superseded
            << " superseded, " << seen.refused << " refused for clock skew\n";
  return seen;
}

}  // namespace

TEST_SUITE("e2e.clock") {
  TEST_CASE("an overwrite through a node whose clock is behind is never acknowledged and invisible") {
    REQUIRE_MESSAGE(std::filesystem::exists(library), "libfaketime is not installed");
    std::string behind;
    std::string bound;
    SUBCASE("within the bound") { behind = "-1s", bound = "2s"; }
    SUBCASE("ten seconds, bound widened so that the node still takes writes") { behind = "-10s", bound = "60s"; }
    SUBCASE("ten seconds, usual bound") { behind = "-10s", bound = "2s"; }
    running_cluster cluster(with("--max-clock-offset", bound), false);
    cluster->set_environment("b", clock_off_by(behind));
    const auto started = cluster->start_all();
    REQUIRE_MESSAGE(started.ok(), started.message());

    v1::StatusReply a_sees;
    REQUIRE(chaos::wait_until(converge_bound, [&] {
      if (!cluster->client("a").node_status(&a_sees).ok()) return false;
      return std::any_of(a_sees.peers().begin(), a_sees.peers().end(),
                         [](const auto& peer) { return peer.name() == "b" && peer.clock_known(); });
    }));
    for (const auto& peer : a_sees.peers()) {
      // Proof that the clock is off at all.
      if (peer.name() == "b") CHECK(peer.clock_offset_ms() < -500);
    }
    const auto seen = overwrite_behind_our_back(cluster);
    if (behind == "-10s" && bound == "2s") {
      CHECK(seen.refused > 0);
      v1::StatusReply b_says;
      REQUIRE(text_of(cluster->client("b").node_status(&b_says)) == "OK");
      CHECK(b_says.state() == "clock_skew");
    } else {
      CHECK(seen.refused == 0);
    }
  }
}

}  // namespace quorate::e2e
