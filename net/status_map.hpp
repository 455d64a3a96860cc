// status → grpc::Status with typed details; the only place that knows both, in this direction.
#pragma once

#include <grpcpp/support/status.h>

#include "net/node_api.hpp"
#include "proto/status.hpp"
#include "quorate/v1/memory.pb.h"

namespace quorate::net {

grpc::StatusCode code_of(errc code);

/// A failed request that is no write: code, message, an InvalidField where a field is to blame.
grpc::Status to_grpc(const status& error);
/// A failed write: the same, and a WriteFailure unless the request itself was at fault.
grpc::Status to_grpc(const write_answer& answer);

/// The parts, for batch items. Each returns whether the detail applies.
bool fill(const status& error, v1::InvalidField* out);
bool fill(const write_answer& answer, v1::WriteFailure* out);

inline void fill(const version& stamp, v1::Version* out) {
  out->set_time(stamp.time);
  out->set_node(to_number(stamp.node));
}

}  // namespace quorate::net
