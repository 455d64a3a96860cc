// Reads that wait for an entry: parked, woken by what comes, answered at the deadline and at the end of the node.
#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <limits>
#include <vector>

#include "actors/parked_calls.hpp"
#include "proto/hash.hpp"
#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

namespace {

constexpr auto never = std::numeric_limits<std::int64_t>::max();

/// How a call that was parked ended; at most once.
struct waiter {
  std::promise<quorate::status> end;
  std::future<quorate::status> answer = end.get_future();

  void wait_for(net::node_api& api, const log_position& place, std::int64_t deadline_us = never) {
    api.when_held(place, deadline_us, [this](const quorate::status& there) { end.set_value(there); });
  }
  bool waits() const { return answer.wait_for(std::chrono::seconds(0)) == std::future_status::timeout; }
  quorate::status get() {
    return answer.wait_for(patience) == std::future_status::ready ? answer.get() : status_of_none();
  }
  static quorate::status status_of_none() { return {errc::internal, "was never answered"}; }
};

}  // namespace

TEST_SUITE("actors.waiting_reads") {
  TEST_CASE("who waits is woken by the entry that it waits for") {
    std::vector<waiter> waiting(3);
    cluster nodes;
    auto last = write(nodes["a"].api(), "k", "1").answer.position;
    REQUIRE(last.sequence != 0);
    for (std::size_t i = 0; i < waiting.size(); ++i)
      waiting[i].wait_for(nodes["b"].api(), {last.log, last.sequence + 1 + i});
    for (auto& one : waiting) {
      CHECK(one.waits());
      REQUIRE(write(nodes["a"].api(), "k", "2").ok());
      CHECK(one.get().ok());
    }
    waiter there;
    there.wait_for(nodes["b"].api(), last, 0);
    CHECK_FALSE(there.waits());
    CHECK(there.get().ok());
  }

  TEST_CASE("it survives the death of the writer, and of fanout, which watches the deadlines") {
    waiter next;
    waiter late;
    cluster nodes;
    const auto last = write(nodes["a"].api(), "k", "1").answer.position;
    next.wait_for(nodes["b"].api(), {last.log, last.sequence + 1});
    REQUIRE(nodes["b"].kill_and_see_it_back("writer"));
    REQUIRE(nodes["b"].kill_and_see_it_back("fanout"));
    late.wait_for(nodes["b"].api(), {last.log, last.sequence + 100}, nodes["b"].api().time().steady_us() + 50'000);
    CHECK(late.get().code() == errc::behind);
    REQUIRE(write(nodes["a"].api(), "k", "2").ok());
    CHECK(next.get().ok());
  }

  TEST_CASE("what no member can have written is refused at once") {
    cluster nodes;
    const auto last = write(nodes["a"].api(), "k", "1").answer.position;
    const auto refused = [&](const log_position& place) {
      waiter one;
      one.wait_for(nodes["a"].api(), place);
      REQUIRE_FALSE(one.waits());
      const auto why = one.get();
      CHECK(why.code() == errc::invalid_argument);
      CHECK(why.field() == "session");
    };
    refused({last.log, last.sequence + 1});  // of its own log
    refused({last.log, 0});
    refused({{last.log.origin, 0}, 1});
    refused({{node_id_of("b"), 1}, limits::sequence_max + 1});
    // May be a member that this node is not told of yet: another node is worth a try.
    waiter stranger;
    stranger.wait_for(nodes["a"].api(), {{node_id_of("stranger"), 1}, 1});
    REQUIRE_FALSE(stranger.waits());
    CHECK(stranger.get().code() == errc::behind);
  }

  TEST_CASE("the end of the node answers who waits") {
    waiter one;
    cluster nodes;
    const auto last = write(nodes["a"].api(), "k", "1").answer.position;
    one.wait_for(nodes["b"].api(), {last.log, last.sequence + 1});
    nodes["b"].running_node().drain();
    CHECK(one.get().code() == errc::unavailable);
    waiter after;
    after.wait_for(nodes["b"].api(), {last.log, last.sequence + 1});
    CHECK(after.get().code() == errc::unavailable);
  }
}

TEST_SUITE("actors.parked_calls") {
  using calls = parked_calls<int>;
  const auto no = [] { return false; };

  TEST_CASE("a range that is reached takes those in it, in order, and leaves the others") {
    calls parked({errc::behind, "late"});
    std::vector<int> woken;
    for (const int place : {7, 3, 5, 3})
      parked.park(
          place, never, [&woken, place](const quorate::status& s) { woken.push_back(s.ok() ? place : -1); }, no);
    parked.reached(4, 6);
    CHECK(woken == std::vector{5});
    parked.reached(0, 3);
    CHECK(woken == std::vector{5, 3, 3});
    parked.look([](int place) { return place == 7; });
    CHECK(woken == std::vector{5, 3, 3, 7});
    CHECK(parked.size() == 0);
  }

  TEST_CASE("news that come while a call is being parked are not missed") {
    calls parked({errc::behind, "late"});
    for (const int when : {1, 2}) {
      int woken = 0;
      int looks = 0;
      const auto there = [&] {
        if (++looks == when) parked.reached(0, 1);
        return looks > when;
      };
      parked.park(
          1, never, [&](const quorate::status&) { ++woken; }, there);
      CHECK(woken == 1);
    }
  }

  TEST_CASE("deadlines are kept one by one, and more than the bound is refused") {
    calls parked({errc::behind, "late"});
    std::vector<errc> ends;
    const auto keep = [&](const quorate::status& s) { ends.push_back(s.code()); };
    for (std::size_t i = 0; i < calls::parked_max; ++i) parked.park(1, static_cast<std::int64_t>(i), keep, no);
    parked.park(1, never, keep, no);
    CHECK(ends == std::vector{errc::overloaded});
    parked.park(1, 0, keep, [] { return true; });
    CHECK(ends.back() == errc::ok);
    ends.pop_back();
    parked.expire(9);
    CHECK(ends.size() == 11);
    CHECK(ends.back() == errc::behind);
    CHECK(parked.size() == calls::parked_max - 10);
    parked.close();
    CHECK(ends.size() == 1 + calls::parked_max);
    CHECK(ends.back() == errc::unavailable);
  }
}
