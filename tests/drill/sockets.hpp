// Sockets for tests of a network: none of the calls waits for ever, and what arrived is asked for.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>

#include "chaos/wait.hpp"

namespace quorate::chaos {

inline constexpr milliseconds patience{15'000};

class test_socket {
 public:
  test_socket() = default;
  explicit test_socket(int fd) : fd_(fd) {}
  test_socket(test_socket&& other) noexcept;
  test_socket& operator=(test_socket&& other) noexcept;
  ~test_socket();

  bool ok() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  /// As much as the kernel takes now; how much that was.
  std::size_t send_some(const std::string& bytes) const;
  /// What has arrived. Sets `ended` when the other side has closed or the connection broke.
  std::string arrived(bool* ended = nullptr) const;
  /// Sends all of it; false when the kernel did not take it in time.
  bool send_all(const std::string& bytes) const;
  /// Whether exactly these bytes arrive.
  bool receives(const std::string& bytes) const;
  bool sees_end() const;

 private:
  int fd_ = -1;
};

/// SOCK_STREAM or SOCK_DGRAM, in that network namespace (-1: ours), bound to that address: "127.0.0.1:80", port 0: any.
test_socket bound_socket(int type, const std::string& address, int network_namespace = -1);
/// The same, and it listens.
test_socket listener_at(const std::string& address, int network_namespace = -1);
/// Connected, or under way to it.
test_socket connect_to(const std::string& address, int network_namespace = -1);
/// The next connection; none when there is none within the bound.
test_socket accept_from(const test_socket& listener, milliseconds bound = patience);
/// One datagram.
bool send_datagram(const test_socket& from, const std::string& address, const std::string& bytes);
/// How many datagrams had arrived, and are taken.
int take_datagrams(const test_socket& at);

/// Bytes that differ from place to place, so that a lost or swapped piece shows.
std::string sample_bytes(std::size_t count);
/// Sends bytes and takes them at the other end; how long that took in milliseconds, -1 when they are not the same.
double transfer(const test_socket& from, const test_socket& to, std::size_t count);

}  // namespace quorate::chaos
