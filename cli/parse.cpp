#include "cli/parse.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace quorate::cli {
namespace {

constexpr std::int64_t duration_ms_max = 86'400'000;

struct unit {
  std::string_view name;
  std::int64_t milliseconds;
};
constexpr std::array<unit, 4> units{{{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}}};

/// The whole of `text` as a number.
template <class Number>
bool read_number(std::string_view text, Number* number) {
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *number);
  return error == std::errc{} && stop == end && !text.empty();
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

struct address_parts {
  std::string_view host;  // brackets kept
  std::string_view port;  // empty: none given
  bool valid = false;
};

address_parts split_address(std::string_view text) {
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return {};
    const auto rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return {};
    return {text.substr(0, close + 1), rest.empty() ? rest : rest.substr(1), rest.size() != 1};
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return {text, {}, true};
  if (text.find(':', colon + 1) != std::string_view::npos) return {};
  return {text.substr(0, colon), text.substr(colon + 1), colon + 1 < text.size()};
}

bool well_formed_host(std::string_view host) {
  if (host.starts_with('[')) {
    in6_addr parsed{};
    return inet_pton(AF_INET6, std::string(host.substr(1, host.size() - 2)).c_str(), &parsed) == 1;
  }
  return !host.empty() && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
  });
}

}  // namespace

result<std::int64_t> parse_duration_ms(const std::string& flag, std::string_view text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto suffix = text.substr(digits);
  const auto found = std::find_if(units.begin(), units.end(), [&](const unit& u) { return u.name == suffix; });
  std::int64_t count = 0;
  if (found == units.end() || !read_number(text.substr(0, digits), &count))
    return status::invalid(flag, "must be a whole number with a unit, like 2s or 500ms, got " + quoted(text));
  if (count > duration_ms_max / found->milliseconds)
    return status::invalid(flag, "must be at most 24h, got " + quoted(text));
  return count * found->milliseconds;
}

result<std::uint64_t> parse_number(const std::string& flag, std::string_view text, std::uint64_t least,
                                   std::uint64_t most) {
  std::uint64_t number = 0;
  if (!read_number(text, &number) || number < least || number > most)
    return status::invalid(flag, "must be a number from " + std::to_string(least) + " to " + std::to_string(most)
                                     + ", got " + quoted(text));
  return number;
}

result<std::string> parse_address(const std::string& flag, std::string_view text, bool any_port,
                                  std::uint16_t by_default) {
  text = trimmed(text);
  const auto parts = split_address(text);
  if (!parts.valid || !well_formed_host(parts.host))
    return status::invalid(flag, "must be host:port (IPv6 as [::1]:7411), got " + quoted(text));
  std::uint32_t port = by_default;
  if (!parts.port.empty() && (!read_number(parts.port, &port) || port > 65'535 || (port == 0 && !any_port)))
    return status::invalid(flag, "must have a port from 1 to 65535, got " + quoted(text));
  return std::string(parts.host) + ":" + std::to_string(port);
}

result<std::vector<std::string>> parse_endpoints(const std::string& flag, std::string_view text) {
  std::vector<std::string> endpoints;
  for (const auto& part : split_list(text)) {
    auto address = parse_address(flag, part);
    if (!address) return address.error();
    if (std::find(endpoints.begin(), endpoints.end(), *address) != endpoints.end())
      return status::invalid(flag, "names " + *address + " twice");
    endpoints.push_back(std::move(*address));
  }
  if (endpoints.empty()) return status::invalid(flag, "must name at least one host:port");
  return endpoints;
}

result<peer_member> parse_peer(const std::string& flag, std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0)
    return status::invalid(flag, "must be name=host:port, got " + quoted(text));
  auto address = parse_address(flag, text.substr(equals + 1));
  if (!address) return address.error();
  return peer_member{std::string(trimmed(text.substr(0, equals))), std::move(*address)};
}

bool is_loopback(std::string_view address) {
  const auto parts = split_address(address);
  if (!parts.valid) return false;
  if (parts.host == "localhost") return true;
  if (parts.host.starts_with('[')) {
    in6_addr parsed{};
    return inet_pton(AF_INET6, std::string(parts.host.substr(1, parts.host.size() - 2)).c_str(), &parsed) == 1
           && IN6_IS_ADDR_LOOPBACK(&parsed);
  }
  in_addr parsed{};
  return inet_pton(AF_INET, std::string(parts.host).c_str(), &parsed) == 1 && ntohl(parsed.s_addr) >> 24 == 127;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    if (const auto part = trimmed(text.substr(0, comma)); !part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

}  // namespace quorate::cli
