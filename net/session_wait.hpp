// Reads that see what their session has seen: a call that shows a token waits until this node holds the write that the
// token names, or its deadline.
//
// For the files of net/memory_service only. The wait is on a thread of the read pool, never on one of gRPC's.
#pragma once

#include <string>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "net/node_api.hpp"
#include "net/read_pool.hpp"
#include "net/write_call.hpp"

namespace quorate::net {

/// An invalid_argument of field "session" unless it is empty or a token.
status check_session(const std::string& session);

/// Waits; at once ok for an empty session. errc::behind when the deadline (steady) comes first.
status wait_for_session(const node_api& node, const std::string& session, std::int64_t deadline_us);

/// Finishes the call with what `work` returns; it runs on the pool once the node holds what the session has seen, and
/// is given the deadline.
template <class Work>
ServerUnaryReactor* read(node_api& node, read_pool& readers, CallbackServerContext* call, const std::string& session,
                         Work work) {
  if (auto valid = check_session(session); !valid) return finish(call, to_grpc(valid));
  return readers.run(call, [&node, session, deadline = deadline_us(*call, node), work = std::move(work)]() -> status {
    if (auto late = wait_for_session(node, session, deadline); !late) return late;
    return work(deadline);
  });
}

}  // namespace quorate::net
