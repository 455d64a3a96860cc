// Reads HTTP/1.1 requests off a TCP port and writes the answers.
//
// Owned by the gateway. A thread per connection, no more than `connections_max` of them; a connection beyond is told
// 503 and closed. Nobody holds a thread for long: a request must have arrived whole within `request_ms` of its first
// byte, a peer that takes nothing for `write_ms` is cut off, and an idle connection is closed after `idle_ms`. Headers
// and bodies are bounded. What breaks one of these bounds costs its own connection and nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/http/exchange.hpp"
#include "proto/status.hpp"

namespace quorate::net::http {

struct listener_options {
  std::string address;  ///< host:port; port 0 takes a free one
  std::size_t connections_max = 256;
  std::int64_t request_ms = 30'000;
  std::int64_t write_ms = 10'000;
  std::int64_t idle_ms = 60'000;
  std::size_t header_bytes_max = 64u << 10;
  std::size_t body_bytes_max = 2u << 20;
};

/// Both are called on the threads of the connections, many at a time.
struct responder {
  /// Looks at a request whose body has not been read yet; an answer here spares the reading.
  std::function<std::optional<answer>(const request& head)> refuse;
  std::function<answer(request&& whole)> handle;
};

class listener {
 public:
  virtual ~listener() = default;
  /// host:port with the real port.
  virtual const std::string& address() const = 0;
  /// No new connection and no new request from now on; what is being answered goes on.
  virtual void close() = 0;
  /// After `close`: waits up to `grace_ms` for the answers under way, then cuts their connections.
  virtual void stop(std::int64_t grace_ms) = 0;
};

/// invalid_argument of "--http" when the port is taken or the address is not of this machine.
result<std::unique_ptr<listener>> listen(const listener_options& options, responder respond);

}  // namespace quorate::net::http
