#include "net/session_wait.hpp"

#include "proto/session_token.hpp"

namespace quorate::net {

result<std::optional<log_position>> read_session(const std::string& session) {
  if (session.empty()) return std::optional<log_position>();
  const auto seen = parse_session_token(session);
  if (!seen) return status::invalid("session", "must be the session of an earlier answer");
  return seen;
}

void when_seen(node_api& node, const std::optional<log_position>& seen, std::int64_t deadline_us,
               std::function<void(status)> then) {
  if (!seen) return then({});
  node.when_held(*seen, deadline_us, std::move(then));
}

void when_searchable(node_api& node, const std::optional<log_position>& seen, std::int64_t deadline_us,
                     std::function<void(status)> then) {
  when_seen(node, seen, deadline_us, [&node, deadline_us, then = std::move(then)](const status& there) {
    if (!there) return then(there);
    node.words().when_current(deadline_us, then);
  });
}

}  // namespace quorate::net
