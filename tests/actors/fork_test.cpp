// Logs that came apart: found by their hashes, named, and passed by.
#include <doctest/doctest.h>

#include "actors/core/group_builder.hpp"
#include "proto/entry_codec.hpp"
#include "proto/hash.hpp"
#include "proto/log_chain.hpp"
#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

namespace {

/// Puts entries of a log on the disk of a member that is stopped, as if they had come from its writer once.
void put_entries(member& node, const log_id& log, int count, const std::string& value) {
  const auto held = node.disk.store().summary();
  REQUIRE(held);
  REQUIRE(core::log_vector(held->vector).at(log) == 0);
  const core::group_state before{core::log_vector(held->vector), core::digest(held->buckets), held->counts};
  core::group_builder group(node.disk.store(), before);
  auto previous = chain_start(log);
  for (int i = 1; i <= count; ++i) {
    entry e{log,
            static_cast<sequence_number>(i),
            hybrid_time_at(1'000) + static_cast<std::uint64_t>(i),
            {{{key_kind::memory, value + " " + std::to_string(i)}, false, {}, value}}};
    e.previous = previous;
    auto bytes = std::make_shared<const std::string>(encode(e));
    previous = chain_hash(*bytes);
    REQUIRE(group.add(e, bytes).ok());
  }
  REQUIRE(node.disk.store().commit(group.take().first).ok());
}

}  // namespace

TEST_SUITE("actors.forks") {
  TEST_CASE("who finds more of its live log elsewhere than it wrote begins another, and the members go on") {
    cluster nodes;
    auto& a = nodes["a"];
    auto& b = nodes["b"];
    REQUIRE(write(a.api(), "key", "before").ok());
    REQUIRE(nodes.equal());
    const log_id live{node_id_of("a"), a.status().epoch()};
    // A log of that name, as a disk that was put back, a clock that was set back and a defect together would leave it.
    b.stop();
    REQUIRE(eventually([&] { return !a.peer("b").up(); }));
    b.disk.wipe();
    b.options.accept_loss = true;
    put_entries(b, live, 20, "another a");
    b.start();
    REQUIRE(eventually([&] { return a.peer("b").up(); }));
    CHECK(a.status().epoch() > live.epoch);
    CHECK(a.status().forks() >= 1);
    CHECK(a.failures().empty());
    CHECK(eventually([&] { return write(a.api(), "key", "after", {.quorum = net::write_quorum::all}).ok(); }));
    CHECK(b.disk.value_of("key") == "after");
    // Once is enough.
    const auto epoch = a.status().epoch();
    CHECK(throughout(std::chrono::milliseconds(500), [&] { return a.status().epoch() == epoch && a.peer("b").up(); }));
  }

  TEST_CASE("a node that is filled and holds other entries names each log in which it does") {
    cluster nodes({.refill_wait_ms = 50});
    auto& c = nodes["c"];
    const std::vector<log_id> logs{{node_id_of("a"), 5}, {node_id_of("b"), 6}};
    for (const auto* name : {"a", "b", "c"}) nodes[name].stop();
    for (const auto& log : logs) {
      for (const auto* name : {"a", "b"}) put_entries(nodes[name], log, 3, "theirs");
    }
    c.disk.wipe();
    for (const auto& log : logs) put_entries(c, log, 3, "its own");
    for (const auto* name : {"a", "b", "c"}) nodes[name].start();
    const auto says = [&](const std::string& part) { return c.status().reason().find(part) != std::string::npos; };
    CHECK(eventually([&] {
      return says("a has other entries in the logs of ") && says("b has other entries in the logs of ")
             && says("a (epoch 5, entry 3)") && says("b (epoch 6, entry 3)");
    }));
    CHECK(c.filling());
    CHECK(eventually([&] { return c.status().forks() >= 4; }));
    CHECK(eventually([&] { return write(nodes["a"].api(), "key", "value").ok(); }));
  }
}

TEST_SUITE("actors.disk_names") {
  TEST_CASE("members whose clocks were days ahead when they began go on when these are right") {
    cluster nodes({.start = false});
    constexpr std::int64_t days_ms = 3 * limits::disk_name_ahead_ms_max;
    for (const auto* name : {"a", "b", "c"}) {
      nodes[name].time.offset_ms = days_ms;
      nodes[name].start();
    }
    REQUIRE(nodes.all_up());
    REQUIRE(write(nodes["a"].api(), "key", "value", {.quorum = net::write_quorum::all}).ok());
    for (const auto* name : {"a", "b", "c"}) {
      nodes[name].stop();
      nodes[name].time.offset_ms = 0;
    }
    for (const auto* name : {"a", "b", "c"}) nodes[name].start();
    CHECK(nodes.see_each_other("a", "b", true));
    CHECK(nodes.see_each_other("b", "c", true));
    CHECK(nodes.see_each_other("a", "c", true));
    CHECK(eventually([&] { return read(nodes["b"].api(), "key").value() == "value"; }));
  }
}
