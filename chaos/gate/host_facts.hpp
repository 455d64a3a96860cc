// What machine a run was made on. Any thread; reads /proc and /etc/os-release.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace quorate::chaos {

/// {cpus, cpu, memory_bytes, kernel, os}; what cannot be read is left out.
nlohmann::ordered_json host_facts();

/// Now, "2026-01-31T12:00:00Z".
std::string utc_now();

}  // namespace quorate::chaos
