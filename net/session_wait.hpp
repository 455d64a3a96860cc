// Reads that see what their session has seen: a call that shows a token waits until this node holds the write that the
// token names, or its deadline.
//
// For the files of net/memory_service only. Who waits is parked in the node and holds no thread; what then reads runs
// on the pool.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "net/call_pool.hpp"
#include "net/node_api.hpp"
#include "net/write_call.hpp"

namespace quorate::net {

/// Nothing for an empty session; an invalid_argument of field "session" when it is no token.
result<std::optional<log_position>> read_session(const std::string& session);

/// Calls `then` with ok when this node holds what the session has seen, else with the error; at once, on the caller's
/// thread, when there is nothing to wait for.
void when_seen(node_api& node, const std::optional<log_position>& seen, std::int64_t deadline_us,
               std::function<void(status)> then);

/// The same, and what this node held then can be found by its words.
void when_searchable(node_api& node, const std::optional<log_position>& seen, std::int64_t deadline_us,
                     std::function<void(status)> then);

/// Goes on with the call, or finishes it with the error.
template <class Then>
std::function<void(status)> or_finish(ServerUnaryReactor* reactor, Then then) {
  return [reactor, then = std::move(then)](const status& there) {
    if (!there) return reactor->Finish(to_grpc(there));
    then();
  };
}

/// Finishes the call with what `work` returns; it runs on the pool once the node holds what the session has seen, and
/// is given the deadline.
template <class Work>
ServerUnaryReactor* read(node_api& node, call_pool& readers, CallbackServerContext* call, const std::string& session,
                         Work work) {
  const auto seen = read_session(session);
  if (!seen) return finish(call, to_grpc(seen.error()));
  if (auto admitted = readers.admit(); !admitted) return finish(call, to_grpc(admitted));
  auto* reactor = call->DefaultReactor();
  const auto deadline = deadline_us(*call, node);
  when_seen(node, *seen, deadline, or_finish(reactor, [&readers, reactor, deadline, work = std::move(work)] {
              readers.go_on(reactor, [deadline, work]() -> status { return work(deadline); });
            }));
  return reactor;
}

}  // namespace quorate::net
