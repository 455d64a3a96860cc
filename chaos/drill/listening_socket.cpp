#include "chaos/drill/listening_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace quorate::chaos {
namespace {

constexpr int waiting_max = 64;

/// A socket that listens there, or -1 and errno.
int listen_on(const sockaddr_in& address) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  // The member's own connections may not have left its port yet, and it must get it back.
  if (socket >= 0 && setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0
      && bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0
      && listen(socket, waiting_max) == 0)
    return socket;
  const int error = errno;
  if (socket >= 0) close(socket);
  errno = error;
  return -1;
}

}  // namespace

result<std::unique_ptr<listening_socket>> listening_socket::open(const std::string& address, int network_namespace,
                                                                 std::function<void(int)> on_connection) {
  const auto colon = address.rfind(':');
  sockaddr_in at{};
  at.sin_family = AF_INET;
  if (colon == std::string::npos || inet_pton(AF_INET, address.substr(0, colon).c_str(), &at.sin_addr) != 1)
    return status(errc::invalid_argument, "'" + address + "' is no address of a drill");
  at.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(address.c_str() + colon + 1, nullptr, 10)));
  int socket = -1;
  int error = 0;
  // A socket belongs to the namespace of the thread that makes it.
  std::thread([&] {
    if (network_namespace < 0 || setns(network_namespace, CLONE_NEWNET) == 0) socket = listen_on(at);
    error = errno;
  }).join();
  if (socket < 0) return status(errc::internal, "nobody can listen on " + address + ": " + std::strerror(error));
  std::unique_ptr<listening_socket> made(new listening_socket(socket));
  made->thread_ = std::thread([socket, on_connection = std::move(on_connection)] {
    while (true) {
      const int connection = accept4(socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (connection >= 0)
        on_connection(connection);
      else if (errno != EINTR && errno != ECONNABORTED)
        return;
    }
  });
  return made;
}

listening_socket::~listening_socket() {
  // Wakes the thread, too.
  shutdown(socket_, SHUT_RDWR);
  if (thread_.joinable()) thread_.join();
  close(socket_);
}

}  // namespace quorate::chaos
