#include "chaos/ports.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>

namespace quorate::chaos {
namespace {

constexpr int attempts_max = 1'000;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

/// Without SO_REUSEPORT, so a listener that set it does not hide.
bool can_bind(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const auto address = loopback(port);
  const bool bound = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && listen(fd, 1) == 0;
  close(fd);
  return bound;
}

int first_outgoing_port() {
  std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
  int first = 0;
  return file >> first && first > 12'000 ? first : 32'768;
}

}  // namespace

result<std::vector<std::uint16_t>> free_ports(std::size_t count) {
  std::random_device seed;
  std::mt19937 random(seed());
  std::uniform_int_distribution<int> any(10'000, first_outgoing_port() - 1);
  std::vector<std::uint16_t> ports;
  for (int attempt = 0; attempt < attempts_max && ports.size() < count; ++attempt) {
    const auto port = static_cast<std::uint16_t>(any(random));
    if (std::find(ports.begin(), ports.end(), port) == ports.end() && can_bind(port)) ports.push_back(port);
  }
  if (ports.size() < count) return status(errc::unavailable, "no free ports on the loopback interface");
  return ports;
}

bool accepts_connections(const std::string& address) {
  const auto colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  if (colon == std::string::npos || inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) != 1)
    return false;
  to.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(address.c_str() + colon + 1, nullptr, 10)));
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bool connected = connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  close(fd);
  return connected;
}

}  // namespace quorate::chaos
