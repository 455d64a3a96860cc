// The HTTP door of a node: ai-memory's routes in JSON, translated to calls of quorate.v1.Memory.
//
// Owned by the process's main thread. Holds no rule about records: it asks the node over the channel like any other
// client, and says in HTTP's words what the node answered.
#pragma once

#include <memory>
#include <string>

#include "proto/status.hpp"

namespace grpc {
class Channel;
}

namespace quorate::net::http {

struct gateway_options {
  std::string address;  ///< host:port; port 0 takes a free one
  std::string api_key;  ///< what requests must show; empty = nothing
  std::string node;     ///< its name, for messages
};

class gateway {
 public:
  virtual ~gateway() = default;
  /// host:port with the real port.
  virtual const std::string& address() const = 0;
  /// Takes no further request; those under way go on.
  virtual void close() = 0;
  /// After `close`: waits up to `grace_ms` for the answers under way, then cuts their connections. To be destroyed when
  /// the node no longer keeps a call waiting.
  virtual void stop(std::int64_t grace_ms) = 0;
};

/// invalid_argument of "--http" when it cannot listen there.
result<std::unique_ptr<gateway>> start_gateway(const gateway_options& options, std::shared_ptr<grpc::Channel> channel);

}  // namespace quorate::net::http
