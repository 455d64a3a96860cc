#include "memory/visibility.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace quorate::memory {

namespace {

constexpr std::array<std::string_view, 5> scopes{"private", "team", "unit", "org", "collective"};

/// The namespace so many segments up; empty when there is none.
std::string_view ancestor(std::string_view name_space, std::ptrdiff_t levels) {
  for (; levels > 0 && !name_space.empty(); --levels) {
    const auto slash = name_space.rfind('/');
    name_space = name_space.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
  return name_space;
}

}  // namespace

std::span<const std::string_view> scope_names() { return scopes; }

status validate_scope(std::string_view scope) {
  if (std::find(scopes.begin(), scopes.end(), scope) != scopes.end()) return {};
  std::string rule = "must be one of ";
  for (const auto name : scopes) rule.append(name == scopes.front() ? "" : ", ").append(name);
  return status::invalid("scope", rule);
}

bool visible(std::string_view as_agent, std::string_view scope, std::string_view name_space) {
  if (as_agent.empty() || scope == "collective") return true;
  if (scope.empty()) scope = "private";
  const auto level = std::find(scopes.begin(), scopes.end(), scope) - scopes.begin();
  if (level == static_cast<std::ptrdiff_t>(scopes.size())) return false;
  const auto top = ancestor(as_agent, level);
  if (top.empty() || !name_space.starts_with(top)) return false;
  if (name_space.size() == top.size()) return true;
  return level > 0 && name_space[top.size()] == '/';
}

}  // namespace quorate::memory
