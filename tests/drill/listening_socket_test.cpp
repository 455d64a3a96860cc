#include "chaos/drill/listening_socket.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "chaos/ports.hpp"
#include "chaos/wait.hpp"
#include "tests/drill/entered.hpp"

namespace quorate::chaos {

TEST_SUITE("drill.listening_socket") {
  TEST_CASE("connections are handed over, and the port is free again afterwards") {
    const auto ports = free_ports(1);
    REQUIRE(ports.ok());
    const auto address = "127.0.0.1:" + std::to_string(ports->front());
    for (int again = 0; again < 2; ++again) {
      std::atomic<int> connections{0};
      auto socket = listening_socket::open(address, -1, [&](int connection) {
        ++connections;
        close(connection);
      });
      REQUIRE_MESSAGE(socket.ok(), socket.error().message());
      CHECK(accepts_connections(address));
      CHECK(wait_until(milliseconds(5'000), [&] { return connections == 1; }));
    }
    CHECK_FALSE(accepts_connections(address));
  }

  TEST_CASE("a port that is taken is an error") {
    const auto ports = free_ports(1);
    REQUIRE(ports.ok());
    const auto address = "127.0.0.1:" + std::to_string(ports->front());
    const auto first = listening_socket::open(address, -1, [](int connection) { close(connection); });
    REQUIRE(first.ok());
    CHECK_FALSE(listening_socket::open(address, -1, [](int connection) { close(connection); }).ok());
  }

  TEST_CASE("a port of another network namespace is another port") {
    if (!entered().network) {
      MESSAGE("skipped: no private network here: " << entered().why_no_network);
      return;
    }
    int there = -1;
    std::thread([&] {
      if (unshare(CLONE_NEWNET) == 0) there = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    }).join();
    REQUIRE(there >= 0);
    const auto ports = free_ports(1);
    REQUIRE(ports.ok());
    const auto address = "127.0.0.1:" + std::to_string(ports->front());
    {
      const auto first = listening_socket::open(address, there, [](int connection) { close(connection); });
      REQUIRE_MESSAGE(first.ok(), first.error().message());
      CHECK_FALSE(accepts_connections(address));
      CHECK(listening_socket::open(address, -1, [](int connection) { close(connection); }).ok());
      CHECK_FALSE(listening_socket::open(address, there, [](int connection) { close(connection); }).ok());
    }
    close(there);
  }
}

}  // namespace quorate::chaos
