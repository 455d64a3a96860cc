#include "chaos/drill/listening_socket.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>

#include "chaos/ports.hpp"
#include "chaos/wait.hpp"

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
}

}  // namespace quorate::chaos
