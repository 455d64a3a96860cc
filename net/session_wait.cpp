#include "net/session_wait.hpp"

#include <chrono>
#include <thread>

#include "proto/session_token.hpp"

namespace quorate::net {

status check_session(const std::string& session) {
  if (session.empty() || parse_session_token(session)) return {};
  return status::invalid("session", "must be the session of an earlier answer");
}

status wait_for_session(const node_api& node, const std::string& session, std::int64_t deadline_us) {
  if (session.empty()) return {};
  const auto seen = parse_session_token(session);
  if (!seen) return check_session(session);
  while (!node.holds(*seen)) {
    if (node.time().steady_us() >= deadline_us)
      return {errc::behind, "this node has not yet got the write of the session; ask another one or try again"};
    // About what a write takes to come here.
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return {};
}

}  // namespace quorate::net
