// Serves a node over gRPC: Memory, Transfer, Replication, Admin, health, reflection.
//
// Owned by the process's main thread. The services run on gRPC's own threads and call `node_api`, which must outlive
// this object.
#pragma once

#include <memory>
#include <string>

#include "net/node_api.hpp"
#include "proto/status.hpp"

namespace grpc {
class Channel;
}

namespace quorate::net {

class grpc_server {
 public:
  virtual ~grpc_server() = default;
  /// The address served, with the real port when 0 was asked for; empty without a listener.
  virtual const std::string& address() const = 0;
  /// A channel to the same services that crosses no socket: the embedded mode.
  virtual std::shared_ptr<grpc::Channel> in_process_channel() = 0;
  /// What grpc.health.v1 says for "" and every service from now on.
  virtual void set_serving(bool serving) = 0;
  /// Stops listening, ends peer streams, lets calls in flight finish for at most `grace_ms`. Called once.
  virtual void stop(std::int64_t grace_ms) = 0;
};

/// `listen` is host:port; empty = no listener. A port that is taken, a bad address: invalid_argument, "--listen".
result<std::unique_ptr<grpc_server>> start_grpc_server(node_api& node, const std::string& listen);

}  // namespace quorate::net
