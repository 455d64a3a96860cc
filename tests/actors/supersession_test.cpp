// Concurrent overwrites: an acknowledged value is the newest or was replaced by a newer one (hazard 18, promise 6).
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

TEST_SUITE("actors.supersession") {
  TEST_CASE("nodes that overwrite the same keys at once acknowledge in the order of versions") {
    cluster nodes({.start = false});
    // Within the bound, so all coordinate, but enough for a write through "b" to be below one through "a".
    nodes["b"].time.offset_ms = -700;
    nodes["c"].time.offset_ms = 600;
    for (const std::string name : {"a", "b", "c"}) nodes[name].start();
    REQUIRE(nodes.all_up());
    std::vector<std::unique_ptr<load>> loads;
    for (auto* node : nodes.running())
      loads.push_back(std::make_unique<load>(node->api(), node->name(), load_options{.writers = 2, .keys = 3}));
    CHECK(eventually([&] {
      return std::all_of(loads.begin(), loads.end(), [](auto& one) { return one->history().size() >= 1'500; });
    }));
    std::vector<recorded_write> history;
    for (auto& one : loads) {
      one->stop();
      for (auto& w : one->history()) history.push_back(std::move(w));
    }
    const auto superseded =
        std::count_if(history.begin(), history.end(), [](const auto& w) { return w.outcome() == "superseded"; });
    CHECK(superseded > 0);  // or it was no contest
    for (const auto& w : history)
      if (w.outcome() == "superseded") CHECK(w.answer.stamp < w.answer.superseded_by);
    CHECK(stale_in(history).size() == 0);
    CHECK(nodes.equal());
    for (auto* node : nodes.running()) CHECK(missing_in(node->disk.store(), history).size() == 0);
  }
}
