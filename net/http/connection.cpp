#include "net/http/connection.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace quorate::net::http {
namespace {

using std::chrono::milliseconds;

// After an answer that did not wait for the whole request, the rest is read for so long and so far: closing a socket
// with unread bytes would take the answer back from the peer.
constexpr milliseconds linger(1'000);
constexpr std::size_t linger_bytes_max = 8u << 20;
// A chunked body spends a little more on the wire than it holds.
constexpr std::size_t framing_bytes_max = 64u << 10;

}  // namespace

raised_flag::raised_flag() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::system_category(), "eventfd");
}

raised_flag::~raised_flag() { ::close(descriptor_); }

void raised_flag::raise() {
  const std::uint64_t one = 1;
  // It can only fail when it is raised already.
  [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof one);
}

connection::connection(int socket, const listener_options& options, const raised_flag& closing, const raised_flag& cut)
    : socket_(socket), options_(options), closing_(closing), cut_(cut) {}

connection::~connection() {
  ::shutdown(socket_, SHUT_WR);
  if (must_close) {
    const auto until = steady::now() + linger;
    for (std::size_t seen = 0; seen < linger_bytes_max && wait(POLLIN, cut_, until);) {
      const auto got = ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
      if (got <= 0) break;
      seen += static_cast<std::size_t>(got);
    }
  }
  ::close(socket_);
}

bool connection::wait(short what, const raised_flag& interrupt, steady::time_point deadline) const {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady::now()).count();
    if (left <= 0) return false;
    std::array<pollfd, 2> waiting{{{socket_, what, 0}, {interrupt.descriptor(), POLLIN, 0}}};
    const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0 || waiting[1].revents != 0) return false;
    return true;
  }
}

bool connection::await_request() {
  head = {};
  refusal.reset();
  has_body = in_body_ = false;
  left_ = options_.header_bytes_max;
  if (begin_ == end_ && !wait(POLLIN, closing_, steady::now() + milliseconds(options_.idle_ms))) return false;
  deadline_ = steady::now() + milliseconds(options_.request_ms);
  return true;
}

void connection::begin_body() {
  in_body_ = true;
  left_ = options_.body_bytes_max + framing_bytes_max;
}

void connection::say_at_once(std::string_view text) {
  [[maybe_unused]] const auto sent = ::send(socket_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool connection::is_readable() const { return begin_ < end_ || wait(POLLIN, cut_, deadline_); }

bool connection::is_writable() const { return wait(POLLOUT, cut_, steady::now() + milliseconds(options_.write_ms)); }

ssize_t connection::read(char* out, std::size_t size) {
  if (left_ == 0) return -1;
  while (begin_ == end_) {
    if (!wait(POLLIN, cut_, deadline_)) return -1;
    const auto got = ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return got;
    begin_ = 0;
    end_ = static_cast<std::size_t>(got);
  }
  const auto taken = std::min({size, end_ - begin_, left_});
  std::memcpy(out, buffer_.data() + begin_, taken);
  begin_ += taken;
  left_ -= taken;
  return static_cast<ssize_t>(taken);
}

ssize_t connection::write(const char* data, std::size_t size) {
  for (;;) {
    const auto sent = ::send(socket_, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return sent;
    if (errno == EINTR) continue;
    if (errno != EAGAIN || !is_writable()) return -1;
  }
}

// Nobody asks who the peer is.
void connection::get_remote_ip_and_port(std::string&, int&) const {}
void connection::get_local_ip_and_port(std::string&, int&) const {}

}  // namespace quorate::net::http
