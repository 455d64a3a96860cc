#include "memory/agent_identity.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace quorate::memory {

namespace {

// The longest names with both parts and any process number still keep the rule of an agent id.
constexpr std::size_t host_bytes_max = 64;
constexpr std::size_t client_bytes_max = 32;
constexpr std::size_t process_digits_max = 20;
static_assert(sizeof "ai:@:pid-" - 1 + client_bytes_max + host_bytes_max + process_digits_max <= agent_id_bytes_max);
static_assert(sizeof "host::pid--01234567" - 1 + host_bytes_max + process_digits_max <= agent_id_bytes_max);

bool plain(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

std::string hexadecimal(std::uint32_t nonce) {
  char text[9];
  std::snprintf(text, sizeof text, "%08x", nonce);
  return text;
}

}  // namespace

status validate_agent_id(std::string_view id, std::string_view field) {
  const auto allowed = [](char c) { return plain(c) || c == ':' || c == '@' || c == '/'; };
  if (id.empty() || id.size() > agent_id_bytes_max)
    return status::invalid(std::string(field), "must have 1 to " + std::to_string(agent_id_bytes_max) + " bytes, got "
                                                   + std::to_string(id.size()));
  if (const auto bad = std::find_if_not(id.begin(), id.end(), allowed); bad != id.end())
    return status::invalid(
        std::string(field),
        "must have only A-Z a-z 0-9 _ - : @ . / and has another character at byte " + std::to_string(bad - id.begin()));
  return {};
}

status validate_agent_type(std::string_view type) {
  if (type == "human" || type == "system") return {};
  constexpr std::string_view prefix = "ai:";
  if (type.size() > agent_type_bytes_max)
    return status::invalid("agent_type", "must have at most " + std::to_string(agent_type_bytes_max) + " bytes, got "
                                             + std::to_string(type.size()));
  if (type.starts_with(prefix) && type.size() > prefix.size()
      && std::all_of(type.begin() + prefix.size(), type.end(), plain))
    return {};
  return status::invalid("agent_type", "must be human, system, or ai: and a name of A-Z a-z 0-9 _ - .");
}

std::string identity_part(std::string_view name, std::size_t bytes_max) {
  std::string part;
  bool in_run = false;
  for (const char c : name) {
    if (plain(c))
      part.push_back(c);
    else if (!in_run)
      part.push_back('-');
    in_run = !plain(c);
  }
  part.erase(0, std::min(part.find_first_not_of('-'), part.size()));
  part.resize(std::min(part.size(), bytes_max));
  part.resize(part.find_last_not_of('-') + 1);
  return part;
}

std::string process_identity(std::string_view host, std::uint64_t process, std::uint32_t nonce) {
  const auto part = identity_part(host, host_bytes_max);
  const auto end = "pid-" + std::to_string(process) + '-' + hexadecimal(nonce);
  return part.empty() ? "anonymous:" + end : "host:" + part + ':' + end;
}

std::string client_identity(std::string_view client, std::string_view host, std::uint64_t process) {
  const auto by = identity_part(client, client_bytes_max);
  const auto at = identity_part(host, host_bytes_max);
  if (by.empty() || at.empty()) return {};
  return "ai:" + by + '@' + at + ":pid-" + std::to_string(process);
}

std::string request_identity(std::uint32_t nonce) { return "anonymous:req-" + hexadecimal(nonce); }

bool asks_for_anonymity(std::string_view setting) {
  std::string lower(setting);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  constexpr std::array<std::string_view, 4> asking{"1", "true", "yes", "on"};
  return std::find(asking.begin(), asking.end(), lower) != asking.end();
}

}  // namespace quorate::memory
