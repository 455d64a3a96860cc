#include "chaos/gate/host_facts.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

namespace quorate::chaos {
namespace {

/// What follows the separator in the first line that starts with `name`.
std::string value_in(const std::string& path, const std::string& name, char separator) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name)) continue;
    auto value = line.substr(std::min(line.find(separator) + 1, line.size()));
    std::erase(value, '"');
    return value.substr(std::min(value.find_first_not_of(" \t"), value.size()));
  }
  return "";
}

}  // namespace

nlohmann::ordered_json host_facts() {
  nlohmann::ordered_json facts = {
      {"cpus", sysconf(_SC_NPROCESSORS_ONLN)},
      {"memory_bytes", static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE)}};
  if (const auto cpu = value_in("/proc/cpuinfo", "model name", ':'); !cpu.empty()) facts["cpu"] = cpu;
  if (const auto os = value_in("/etc/os-release", "PRETTY_NAME", '='); !os.empty()) facts["os"] = os;
  utsname kernel{};
  if (uname(&kernel) == 0) facts["kernel"] = std::string(kernel.sysname) + " " + kernel.release;
  return facts;
}

std::string utc_now() {
  const auto now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace quorate::chaos
