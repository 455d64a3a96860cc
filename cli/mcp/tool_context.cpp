#include "cli/mcp/tool_context.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <random>
#include <utility>

#include "memory/agent_identity.hpp"

namespace quorate::cli::mcp {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

/// The first of the two that is set and not empty.
std::string from_environment(const char* ours, const char* other) {
  for (const char* name : {ours, other})
    if (const char* value = std::getenv(name); value && *value != '\0') return value;
  return {};
}

}  // namespace

tool_context::tool_context(session& run, std::unique_ptr<llm_client> model, std::string no_model)
    : run_(run), model_(std::move(model)), no_model_(std::move(no_model)), nonce_(std::random_device()()) {}

net::call_result tool_context::connect() {
  if (client_) return {};
  auto made = run_.connect();
  if (made) {
    client_ = std::move(*made);
    return {};
  }
  net::call_result failed;
  failed.outcome = net::call_outcome::rejected;
  failed.reason = name_of(made.error().code());
  failed.field = made.error().field();
  failed.message = made.error().context();
  failed.reached = false;
  return failed;
}

result<std::string> tool_context::actor(std::string_view given) const {
  if (!given.empty()) {
    if (const auto legal = memory::validate_agent_id(given); !legal) return legal;
    return std::string(given);
  }
  if (!run_.agent_id.empty()) {
    // The flag, or what stands for it in the environment.
    if (const auto legal = memory::validate_agent_id(run_.agent_id, "QUORATE_AGENT_ID"); !legal) return legal;
    return run_.agent_id;
  }
  if (const auto set = from_environment("QUORATE_AGENT_ID", "AI_MEMORY_AGENT_ID"); !set.empty()) {
    if (const auto legal = memory::validate_agent_id(set, "QUORATE_AGENT_ID"); !legal) return legal;
    return set;
  }
  const auto process = static_cast<std::uint64_t>(::getpid());
  if (auto named = memory::client_identity(client_name_, host_name(), process); !named.empty()) return named;
  const bool hidden = memory::asks_for_anonymity(from_environment("QUORATE_ANONYMIZE", "AI_MEMORY_ANONYMIZE"));
  return memory::process_identity(hidden ? std::string() : host_name(), process, nonce_);
}

void tool_context::announce(webhook_event event) {
  if (!client_) return;
  if (!webhooks_) webhooks_ = std::make_unique<webhooks>(*client_);
  webhooks_->announce(std::move(event));
}

}  // namespace quorate::cli::mcp
