#include "chaos/gate/checks.hpp"

#include <algorithm>

namespace quorate::chaos {

void checks::add(const std::string& name, bool holds, const std::string& detail) {
  all_.push_back({name, holds ? "pass" : "fail", detail});
}

void checks::missing(const std::string& name, const std::string& what) {
  all_.push_back({name, "missing", "the program has no " + what});
}

bool checks::pass() const {
  return !all_.empty() && std::all_of(all_.begin(), all_.end(), [](const auto& one) { return one.status == "pass"; });
}

nlohmann::ordered_json checks::list() const {
  auto out = nlohmann::ordered_json::array();
  for (const auto& one : all_) out.push_back({{"name", one.name}, {"status", one.status}, {"detail", one.detail}});
  return out;
}

nlohmann::ordered_json checks::reasons() const {
  auto out = nlohmann::ordered_json::array();
  for (const auto& one : all_)
    if (one.status != "pass")
      out.push_back((one.status == "missing" ? "missing: " : "") + one.name + ": " + one.detail);
  return out;
}

}  // namespace quorate::chaos
