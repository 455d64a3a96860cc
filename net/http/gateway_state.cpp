#include "net/http/gateway_state.hpp"

#include <random>

#include "memory/agent_identity.hpp"
#include "memory/text.hpp"
#include "proto/limits.hpp"
#include "proto/status.hpp"

namespace quorate::net::http {
namespace {

// A node answers within its quorum timeout; a scan may wait behind others first.
constexpr std::int64_t call_timeout_ms = limits::quorum_timeout_ms_max + 2'000;

std::string name_for_one_request() {
  thread_local std::mt19937 numbers{std::random_device{}()};
  return memory::request_identity(numbers());
}

}  // namespace

gateway_state::gateway_state(std::shared_ptr<grpc::Channel> channel, std::string node)
    : client_(std::move(channel), node, client_options{.timeout_ms = call_timeout_ms}),
      node_(std::move(node)),
      metrics_(routes().size()) {}

answer gateway_state::write_refused(const call_result& result) {
  if (result.reason == quorate::name_of(errc::quorum_unreachable)) metrics_.count_quorum_failure(true);
  if (result.reason == quorate::name_of(errc::quorum_timeout)) metrics_.count_quorum_failure(false);
  return refused(result);
}

std::string agent_header_of(const call& request) {
  const auto given = request.from().header("X-Agent-Id");
  return memory::find_malformed_utf8(given) ? "\xEF\xBF\xBD" : std::string(given);
}

std::string caller_of(const call& request) {
  auto given = request.text("agent_id");
  if (given.empty()) given = agent_header_of(request);
  return given.empty() ? name_for_one_request() : given;
}

}  // namespace quorate::net::http
