// The peer transport over gRPC streams of quorate.v1.Replication.
#pragma once

#include <memory>

#include "net/peer_transport.hpp"

namespace quorate::net {

std::unique_ptr<peer_transport> make_grpc_transport();

}  // namespace quorate::net
