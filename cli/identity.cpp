// Who calls, when the command line does not say it.
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <random>

#include "cli/verb.hpp"
#include "memory/agent_identity.hpp"

namespace quorate::cli {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

std::string host_name() {
  if (memory::asks_for_anonymity(environment("QUORATE_ANONYMIZE"))
      || memory::asks_for_anonymity(environment("AI_MEMORY_ANONYMIZE")))
    return {};
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

}  // namespace

std::string caller_of(const session& run) {
  if (!run.agent_id.empty()) return run.agent_id;
  if (auto named = environment("AI_MEMORY_AGENT_ID"); !named.empty()) return named;
  return memory::process_identity(host_name(), static_cast<std::uint64_t>(::getpid()), std::random_device()());
}

}  // namespace quorate::cli
