// The threads of calls: how many wait, what is admitted, and that whatever was taken is done.
#include <doctest/doctest.h>

#include <atomic>
#include <future>

#include "net/call_pool.hpp"
#include "tests/support/eventually.hpp"

using namespace quorate;
using namespace quorate::net;

TEST_SUITE("net.call_pool") {
  TEST_CASE("new calls are refused while too many wait, admitted ones go on, and the end of the pool does them all") {
    std::atomic<int> done = 0;
    std::atomic<bool> begun = false;
    std::promise<void> release;
    {
      call_pool pool(1, 2);
      CHECK(pool.admit().ok());
      pool.go_on([&, wait = release.get_future().share()] {
        begun = true;
        wait.wait();
        ++done;
      });
      REQUIRE(quorate::testing::eventually([&] { return begun.load(); }));
      CHECK_FALSE(pool.busy());
      pool.go_on([&] { ++done; });
      CHECK(pool.busy());
      CHECK(pool.admit().ok());
      pool.go_on([&] { ++done; });
      CHECK(pool.admit().code() == errc::overloaded);
      pool.go_on([&] { ++done; });
      CHECK(done == 0);
      release.set_value();
    }
    CHECK(done == 4);
  }

  TEST_CASE("calls that go on for long take no thread of those that read") {
    std::promise<void> release;
    const auto released = release.get_future().share();
    call_pools pools;
    int taken = 0;
    for (; pools.long_calls.admit().ok(); ++taken) pools.long_calls.go_on([released] { released.wait(); });
    CHECK(taken >= 8);
    std::promise<void> read;
    pools.reads.go_on([&] { read.set_value(); });
    CHECK(read.get_future().wait_for(quorate::testing::patience) == std::future_status::ready);
    CHECK(pools.reads.admit().ok());
    release.set_value();
  }
}
