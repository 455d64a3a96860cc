// What the handlers of the gateway share: the way to the node, the counters, who is calling.
//
// Owned by the gateway; used on many threads at a time.
#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "net/client.hpp"
#include "net/http/answers.hpp"
#include "net/http/metrics.hpp"
#include "net/http/route.hpp"

namespace quorate::net::http {

class gateway_state {
 public:
  gateway_state(std::shared_ptr<grpc::Channel> channel, std::string node);

  net::client& node() { return client_; }
  const std::string& node_name() const { return node_; }
  metrics& counters() { return metrics_; }
  /// Counts a write that lacked copies, and says so.
  answer write_refused(const call_result& result);

 private:
  net::client client_;
  std::string node_;
  metrics metrics_;
};

/// agent_id of the body, else the X-Agent-Id, else a name for this request only. Empty counts as absent.
std::string caller_of(const call& request);

/// X-Agent-Id; a name that no node takes when it is not UTF-8, which could not even be sent to one.
std::string agent_header_of(const call& request);

/// The answer to a write whose reply has a receipt.
template <class Reply>
answer answer_to_write(int status, const nlohmann::ordered_json& body, const Reply& reply) {
  return with_session(json_answer(status, body), reply.receipt().session());
}

/// What the reader has written before and wants to see.
inline std::string session_of(const call& request) { return std::string(request.from().header("X-Session-Token")); }

/// A limit as ai-memory takes it: above the cap it is the cap.
inline std::uint32_t limit_of(const call& request, std::int64_t by_default, std::int64_t cap) {
  return static_cast<std::uint32_t>(std::min(request.integer("limit").value_or(by_default), cap));
}

inline std::uint32_t offset_of(const call& request) {
  return static_cast<std::uint32_t>(
      std::min<std::int64_t>(request.integer("offset").value_or(0), std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace quorate::net::http
