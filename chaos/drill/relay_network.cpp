#include "chaos/drill/relay_network.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "chaos/ports.hpp"

namespace quorate::chaos {
namespace {

constexpr std::size_t piece_bytes_max = 16'384;
constexpr std::size_t kept_bytes_max = 262'144;  // of one stream
constexpr int socket_buffer_bytes = 64 * 1024;
constexpr milliseconds first_retransmission(200);
constexpr int retransmissions_max = 6;
constexpr double burst_seconds = 0.05;
constexpr double burst_bytes_min = 1'500;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

std::string text_of(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

int new_socket() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fd;
  // Large ones would hide from the sender that nothing gets through.
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &socket_buffer_bytes, sizeof socket_buffer_bytes);
  const int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return fd;
}

bool would_block() { return errno == EAGAIN || errno == EINTR; }

double burst_of(double bytes_per_second) { return std::max(bytes_per_second * burst_seconds, burst_bytes_min); }

}  // namespace

result<std::unique_ptr<relay_network>> relay_network::make(const std::vector<std::string>& nodes) {
  const auto ports = free_ports(nodes.size());
  if (!ports) return ports.error();
  std::unique_ptr<relay_network> made(new relay_network);
  for (std::size_t i = 0; i < nodes.size(); ++i) made->ports_[nodes[i]] = (*ports)[i];
  made->wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (made->wake_fd_ < 0) return status(errc::internal, std::string("eventfd: ") + std::strerror(errno));
  for (const auto& from : nodes) {
    for (const auto& to : nodes) {
      if (from == to) continue;
      made->directions_[{from, to}] = {};
      made->listeners_.push_back({{from, to}, new_socket(), 0});
      auto& opened = made->listeners_.back();
      auto address = loopback(0);
      socklen_t size = sizeof address;
      auto* any = reinterpret_cast<sockaddr*>(&address);
      if (opened.socket < 0 || bind(opened.socket, any, size) != 0 || listen(opened.socket, 64) != 0
          || getsockname(opened.socket, any, &size) != 0)
        return status(errc::unavailable, std::string("no port for a relay: ") + std::strerror(errno));
      opened.port = ntohs(address.sin_port);
    }
  }
  made->thread_ = std::thread([network = made.get()] { network->run(); });
  return made;
}

relay_network::~relay_network() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) {
    wake();
    thread_.join();
  }
  for (auto& one : connections_) close_both(one);
  for (const auto& opened : listeners_) {
    if (opened.socket >= 0) close(opened.socket);
  }
  if (wake_fd_ >= 0) close(wake_fd_);
}

void relay_network::wake() const {
  const std::uint64_t once = 1;
  [[maybe_unused]] const auto written = write(wake_fd_, &once, sizeof once);
}

std::string relay_network::listen_address(const std::string& node) const {
  const auto found = ports_.find(node);
  return found == ports_.end() ? "" : text_of(found->second);
}

std::string relay_network::peer_address(const std::string& from, const std::string& to) const {
  for (const auto& opened : listeners_) {
    if (opened.ends == pair(from, to)) return text_of(opened.port);
  }
  return "";
}

status relay_network::check_pair(const std::string& one, const std::string& other) const {
  if (one == other || !ports_.contains(one) || !ports_.contains(other))
    return status(errc::invalid_argument, "'" + one + "' and '" + other + "' are no two nodes of this network");
  return {};
}

status relay_network::cut(const std::string& from, const std::string& to) {
  if (auto known = check_pair(from, to); !known) return known;
  const std::lock_guard lock(mutex_);
  directions_[{from, to}].cut = true;
  return {};
}

status relay_network::lose(double share) {
  if (!(share >= 0 && share <= 1)) return status(errc::invalid_argument, "a share of packets is 0 to 1");
  const std::lock_guard lock(mutex_);
  lost_share_ = share;
  return {};
}

status relay_network::limit(const std::string& one, const std::string& other, std::uint64_t bits_per_second) {
  if (auto known = check_pair(one, other); !known) return known;
  if (bits_per_second == 0) return status(errc::invalid_argument, "a limit of nothing is a cut");
  {
    const std::lock_guard lock(mutex_);
    for (const auto& ends : {pair(one, other), pair(other, one)}) {
      auto& limited = directions_[ends];
      limited.bytes_per_second = static_cast<double>(bits_per_second) / 8;
      limited.tokens = 0;
      limited.refilled = steady_clock::now();
    }
  }
  wake();  // it may wait for a slower one
  return {};
}

status relay_network::heal() {
  {
    const std::lock_guard lock(mutex_);
    for (auto& [ends, faults] : directions_) faults = {};
    lost_share_ = 0;
    bitten_ = 0;
    for (auto& one : connections_) {
      for (auto& flow : one.streams) {
        for (auto& kept : flow.pieces) kept.due = {};
      }
    }
  }
  wake();
  return {};
}

result<std::uint64_t> relay_network::bitten() {
  const std::lock_guard lock(mutex_);
  return bitten_;
}

void relay_network::count(bool* counted) {
  if (!*counted) ++bitten_;
  *counted = true;
}

void relay_network::run() {
  struct watched {
    connection* one;
    std::size_t side;
  };
  std::vector<pollfd> polled;
  std::vector<watched> owners;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto now = steady_clock::now();
    auto next = time::max();
    for (auto& one : connections_) {
      if (one.phase == connection::phase::waiting) open_onwards(one);
      if (one.phase != connection::phase::open) continue;
      send_on(one, 0, now, &next);
      send_on(one, 1, now, &next);
      if (one.streams[0].end_told && one.streams[1].end_told) close_both(one);
    }
    connections_.remove_if([](const connection& one) { return one.phase == connection::phase::closed; });

    polled.assign(1, {wake_fd_, POLLIN, 0});
    owners.clear();
    for (const auto& opened : listeners_) polled.push_back({opened.socket, POLLIN, 0});
    for (auto& one : connections_) {
      for (std::size_t side = 0; side < 2; ++side) {
        short events = 0;
        if (wants_to_read(one, side)) events |= POLLIN;
        if (one.streams[1 - side].blocked) events |= POLLOUT;
        if (side == 1 && one.phase == connection::phase::connecting) events = POLLOUT;
        // One without events would still report errors, over and over.
        if (events == 0 || one.sockets[side] < 0) continue;
        polled.push_back({one.sockets[side], events, 0});
        owners.push_back({&one, side});
      }
    }
    int timeout = -1;
    if (next != time::max())
      timeout = static_cast<int>(
          std::clamp<std::int64_t>(std::chrono::ceil<milliseconds>(next - steady_clock::now()).count(), 0, 60'000));

    lock.unlock();
    poll(polled.data(), polled.size(), timeout);
    lock.lock();

    if (polled[0].revents != 0) {
      std::uint64_t woken = 0;
      [[maybe_unused]] const auto got = read(wake_fd_, &woken, sizeof woken);
    }
    const auto first_owned = 1 + listeners_.size();
    for (std::size_t i = 0; i < owners.size(); ++i) {
      const auto happened = polled[first_owned + i].revents;
      auto& one = *owners[i].one;
      const auto side = owners[i].side;
      if (happened == 0 || one.phase == connection::phase::closed) continue;
      if (one.phase == connection::phase::connecting && side == 1) {
        finish_opening(one);
        continue;
      }
      one.streams[1 - side].blocked = false;
      if (wants_to_read(one, side)) read_from(one, side);
    }
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
      if (polled[1 + i].revents != 0) accept_from(listeners_[i]);
    }
  }
}

bool relay_network::wants_to_read(const connection& one, std::size_t side) const {
  const auto& flow = one.streams[side];
  const bool destination_broke = one.phase == connection::phase::open && one.sockets[1 - side] < 0;
  return one.sockets[side] >= 0 && !flow.source_ended && !destination_broke && flow.kept < kept_bytes_max;
}

void relay_network::accept_from(const listener& from) {
  const int fd = accept4(from.socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  const int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  connection made;
  made.ends = from.ends;
  made.sockets[0] = fd;
  made.streams[0].faults = &directions_[from.ends];
  made.streams[1].faults = &directions_[{from.ends.second, from.ends.first}];
  connections_.push_back(std::move(made));
}

void relay_network::open_onwards(connection& one) {
  if (one.streams[0].source_ended) return close_both(one);  // it gave up; the other side never heard of it
  if (one.streams[0].faults->cut || one.streams[1].faults->cut) return count(&one.counted);
  one.sockets[1] = new_socket();
  const auto address = loopback(ports_.at(one.ends.second));
  if (one.sockets[1] < 0) return close_both(one);
  const auto* any = reinterpret_cast<const sockaddr*>(&address);
  one.phase = connection::phase::connecting;
  if (connect(one.sockets[1], any, sizeof address) == 0) {
    one.phase = connection::phase::open;
  } else if (errno != EINPROGRESS) {
    close_both(one);
  }
}

void relay_network::finish_opening(connection& one) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(one.sockets[1], SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0) {
    one.phase = connection::phase::open;
    return;
  }
  // A reset is the nearest to a refusal that is left after the connection was accepted.
  const linger at_once{1, 0};
  setsockopt(one.sockets[0], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close_both(one);
}

void relay_network::read_from(connection& one, std::size_t side) {
  auto& flow = one.streams[side];
  piece got;
  got.bytes.resize(piece_bytes_max);
  const auto size = recv(one.sockets[side], got.bytes.data(), got.bytes.size(), 0);
  if (size < 0 && would_block()) return;
  if (size <= 0) {
    flow.source_ended = true;
    // Broken, not ended: nothing can be sent there any more either. The other side hears of it when its turn comes.
    if (size < 0) close_side(one, side);
    return;
  }
  got.bytes.resize(static_cast<std::size_t>(size));
  if (lost_share_ > 0) {
    std::bernoulli_distribution lost(lost_share_);
    auto late = milliseconds(0);
    auto pause = first_retransmission;
    for (int tries = 0; tries < retransmissions_max && lost(random_); ++tries, pause *= 2) late += pause;
    if (late.count() > 0) {
      got.due = steady_clock::now() + late;
      count(&got.counted);
    }
  }
  flow.kept += got.bytes.size();
  flow.pieces.push_back(std::move(got));
}

std::size_t relay_network::allowed(stream& flow, piece& head, time now, time* next) {
  auto& faults = *flow.faults;
  if (faults.cut) {
    count(&head.counted);
    return 0;
  }
  if (head.due > now) {
    *next = std::min(*next, head.due);
    return 0;
  }
  const auto left = head.bytes.size() - head.sent;
  if (faults.bytes_per_second == 0) return left;
  const double elapsed = std::chrono::duration<double>(now - faults.refilled).count();
  const double burst = burst_of(faults.bytes_per_second);
  if (elapsed > 0) {
    faults.tokens = std::min(faults.tokens + elapsed * faults.bytes_per_second, burst);
    faults.refilled = now;
  }
  const double needed = std::min(static_cast<double>(left), burst / 2);
  if (faults.tokens >= needed) return std::min(left, static_cast<std::size_t>(std::max(faults.tokens, 1.0)));
  count(&head.counted);
  const std::chrono::duration<double> wait((needed - faults.tokens) / faults.bytes_per_second);
  *next = std::min(*next, now + std::chrono::ceil<milliseconds>(wait));
  return 0;
}

void relay_network::send_on(connection& one, std::size_t from, time now, time* next) {
  auto& flow = one.streams[from];
  const auto to = 1 - from;
  while (!flow.pieces.empty() && !flow.blocked && one.sockets[to] >= 0) {
    auto& head = flow.pieces.front();
    const auto size = allowed(flow, head, now, next);
    if (size == 0) return;
    const auto sent = send(one.sockets[to], head.bytes.data() + head.sent, size, MSG_NOSIGNAL);
    if (sent < 0 && would_block()) {
      flow.blocked = true;
      return;
    }
    if (sent < 0) {
      one.streams[to].source_ended = true;
      close_side(one, to);
      break;
    }
    head.sent += static_cast<std::size_t>(sent);
    flow.kept -= static_cast<std::size_t>(sent);
    if (flow.faults->bytes_per_second > 0) flow.faults->tokens -= static_cast<double>(sent);
    if (head.sent == head.bytes.size()) flow.pieces.pop_front();
  }
  if (one.sockets[to] < 0) {
    flow.pieces.clear();  // nobody is there to take them
    flow.kept = 0;
    flow.end_told = true;
    return;
  }
  if (!flow.pieces.empty() || !flow.source_ended || flow.end_told || flow.faults->cut) return;
  flow.end_told = true;
  if (one.sockets[from] < 0) {
    one.streams[to].source_ended = true;
    close_side(one, to);
  } else {
    shutdown(one.sockets[to], SHUT_WR);
  }
}

void relay_network::close_side(connection& one, std::size_t side) {
  if (one.sockets[side] >= 0) close(std::exchange(one.sockets[side], -1));
}

void relay_network::close_both(connection& one) {
  close_side(one, 0);
  close_side(one, 1);
  one.phase = connection::phase::closed;
}

}  // namespace quorate::chaos
