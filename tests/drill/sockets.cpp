#include "tests/drill/sockets.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

namespace quorate::chaos {
namespace {

sockaddr_in parse(const std::string& address) {
  const auto colon = address.rfind(':');
  sockaddr_in parsed{};
  parsed.sin_family = AF_INET;
  parsed.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &parsed.sin_addr);
  return parsed;
}

/// A socket belongs to the namespace its maker was in; the maker is a thread of its own, so that we stay where we are.
int new_socket(int type, int network_namespace) {
  int fd = -1;
  std::thread([&] {
    if (network_namespace >= 0 && setns(network_namespace, CLONE_NEWNET) != 0) return;
    fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  }).join();
  return fd;
}

}  // namespace

test_socket::test_socket(test_socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

test_socket& test_socket::operator=(test_socket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

test_socket::~test_socket() {
  if (fd_ >= 0) close(fd_);
}

std::size_t test_socket::send_some(const std::string& bytes) const {
  const auto sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

std::string test_socket::arrived(bool* ended) const {
  std::string all;
  char part[16'384];
  while (true) {
    const auto got = recv(fd_, part, sizeof part, 0);
    if (got > 0) {
      all.append(part, static_cast<std::size_t>(got));
      continue;
    }
    if (ended) *ended = got == 0 || (errno != EAGAIN && errno != EINTR);
    return all;
  }
}

bool test_socket::send_all(const std::string& bytes) const {
  std::size_t done = 0;
  return wait_until(patience, [&] {
    done += send_some(bytes.substr(done));
    return done == bytes.size();
  });
}

bool test_socket::receives(const std::string& bytes) const {
  std::string got;
  wait_until(patience, [&] {
    got += arrived();
    return got.size() >= bytes.size();
  });
  return got == bytes;
}

bool test_socket::sees_end() const {
  bool ended = false;
  return wait_until(patience, [&] {
    arrived(&ended);
    return ended;
  });
}

test_socket bound_socket(int type, const std::string& address, int network_namespace) {
  test_socket made(new_socket(type, network_namespace));
  const int yes = 1;
  setsockopt(made.fd(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const auto parsed = parse(address);
  if (bind(made.fd(), reinterpret_cast<const sockaddr*>(&parsed), sizeof parsed) != 0) return {};
  return made;
}

test_socket listener_at(const std::string& address, int network_namespace) {
  auto made = bound_socket(SOCK_STREAM, address, network_namespace);
  if (!made.ok() || listen(made.fd(), 16) != 0) return {};
  return made;
}

test_socket connect_to(const std::string& address, int network_namespace) {
  test_socket made(new_socket(SOCK_STREAM, network_namespace));
  const auto parsed = parse(address);
  if (connect(made.fd(), reinterpret_cast<const sockaddr*>(&parsed), sizeof parsed) != 0 && errno != EINPROGRESS)
    return {};
  return made;
}

test_socket accept_from(const test_socket& listener, milliseconds bound) {
  int fd = -1;
  wait_until(bound, [&] {
    fd = accept4(listener.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd >= 0;
  });
  return test_socket(fd);
}

bool send_datagram(const test_socket& from, const std::string& address, const std::string& bytes) {
  const auto parsed = parse(address);
  return sendto(from.fd(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&parsed), sizeof parsed)
         == static_cast<ssize_t>(bytes.size());
}

int take_datagrams(const test_socket& at) {
  char one[2'048];
  int count = 0;
  while (recv(at.fd(), one, sizeof one, 0) >= 0) ++count;
  return count;
}

std::string sample_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::uint32_t state = 1;
  for (auto& byte : bytes) {
    state = state * 1'664'525 + 1'013'904'223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

double transfer(const test_socket& from, const test_socket& to, std::size_t count) {
  const auto bytes = sample_bytes(count);
  const auto start = steady_clock::now();
  std::size_t sent = 0;
  std::string got;
  const bool all = wait_until(
      patience,
      [&] {
        if (sent < bytes.size()) sent += from.send_some(bytes.substr(sent, 64 * 1024));
        got += to.arrived();
        return got.size() >= bytes.size();
      },
      milliseconds(1));
  return all && got == bytes ? milliseconds_since(start) : -1;
}

}  // namespace quorate::chaos
