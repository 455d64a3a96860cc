// A real node alone on a store in memory, for programs that feed invented requests to what stands before one.
//
// One per process, made at its first use, never destroyed: the process ends with it.
#pragma once

#include <memory>

#include <grpcpp/grpcpp.h>

namespace quorate::fuzz {

/// A channel to the node that crosses no socket.
std::shared_ptr<grpc::Channel> node_channel();

}  // namespace quorate::fuzz
