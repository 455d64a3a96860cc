#include "memory/webhook_url.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace quorate::memory {

namespace {

using ipv6_bytes = std::array<std::uint8_t, 16>;

enum class reach : std::uint8_t { world, loopback, refused };

status broken(std::string rule) { return status::invalid("url", std::move(rule)); }

std::string lower(std::string_view text) {
  std::string made(text);
  for (char& c : made) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return made;
}

struct ipv4_range {
  std::uint32_t first;
  int bits;
};

constexpr std::uint32_t ipv4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

/// Ranges that are nobody's in the internet: RFC 6890 and multicast.
constexpr std::array refused_ipv4{
    ipv4_range{ipv4(0, 0, 0, 0), 8},      ipv4_range{ipv4(10, 0, 0, 0), 8},    ipv4_range{ipv4(100, 64, 0, 0), 10},
    ipv4_range{ipv4(169, 254, 0, 0), 16}, ipv4_range{ipv4(172, 16, 0, 0), 12}, ipv4_range{ipv4(192, 0, 0, 0), 24},
    ipv4_range{ipv4(192, 168, 0, 0), 16}, ipv4_range{ipv4(198, 18, 0, 0), 15}, ipv4_range{ipv4(224, 0, 0, 0), 3},
};

reach reach_of(std::uint32_t address) {
  if (address >> 24 == 127) return reach::loopback;
  const auto within = [&](const ipv4_range& range) {
    return address >> (32 - range.bits) == range.first >> (32 - range.bits);
  };
  return std::any_of(refused_ipv4.begin(), refused_ipv4.end(), within) ? reach::refused : reach::world;
}

std::uint32_t ipv4_at(const ipv6_bytes& bytes, std::size_t at) {
  return ipv4(bytes.at(at), bytes.at(at + 1), bytes.at(at + 2), bytes.at(at + 3));
}

bool zeros(const ipv6_bytes& bytes, std::size_t from, std::size_t to) {
  return std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.begin() + static_cast<std::ptrdiff_t>(to),
                     [](std::uint8_t byte) { return byte == 0; });
}

reach reach_of(const ipv6_bytes& bytes) {
  if (zeros(bytes, 0, 15) && bytes[15] == 1) return reach::loopback;
  if (zeros(bytes, 0, 15)) return reach::refused;  // unspecified, and what is next to it
  if (zeros(bytes, 0, 10) && bytes[10] == 0xff && bytes[11] == 0xff) return reach_of(ipv4_at(bytes, 12));
  // An IPv4 address in other clothes leads to this machine or its network by a gateway only: refused unless public.
  const auto carried = [](std::uint32_t address) {
    return reach_of(address) == reach::world ? reach::world : reach::refused;
  };
  if (zeros(bytes, 0, 12)) return carried(ipv4_at(bytes, 12));
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return carried(ipv4_at(bytes, 2));
  if (bytes[0] == 0x00 && bytes[1] == 0x64 && bytes[2] == 0xff && bytes[3] == 0x9b)
    return zeros(bytes, 4, 12) ? carried(ipv4_at(bytes, 12)) : reach::refused;
  // All of what is given out for the internet is in 2000::/3; private, link-local, site-local and multicast are not.
  return (bytes[0] & 0xe0) == 0x20 ? reach::world : reach::refused;
}

std::optional<std::uint32_t> parse_ipv4(const std::string& host) {
  in_addr address{};
  if (inet_pton(AF_INET, host.c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

/// Whether a resolver would take it for an IPv4 address: its last label is a number, decimal or hexadecimal.
bool looks_like_ipv4(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const auto label = host.substr(host.rfind('.') == std::string_view::npos ? 0 : host.rfind('.') + 1);
  const auto digits = [](std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  return digits(label) || label.starts_with("0x");
}

result<reach> reach_of_name(const std::string& host) {
  if (const auto address = parse_ipv4(host)) return reach_of(*address);
  if (looks_like_ipv4(host)) return broken("must write an IPv4 address as four decimal numbers");
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  };
  if (host.empty() || host.size() > 253 || !std::all_of(host.begin(), host.end(), allowed) || host.front() == '.'
      || host.find("..") != std::string::npos)
    return broken("must have a host name of letters, digits, dashes and dots, or an address");
  const auto name = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
  if (name == "localhost" || name.ends_with(".localhost")) return reach::loopback;
  return reach::world;
}

result<reach> reach_of_bracketed(const std::string& host) {
  ipv6_bytes bytes{};
  // A zone (%eth0) is for link-local addresses only, which are refused anyway; inet_pton takes none.
  if (inet_pton(AF_INET6, host.c_str(), bytes.data()) != 1) return broken("must have an IPv6 address in the brackets");
  return reach_of(bytes);
}

status check_port(std::string_view port) {
  std::uint32_t number = 0;
  for (const char c : port) {
    if (c < '0' || c > '9' || number > 65'535) return broken("must have a port from 1 to 65535");
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return number >= 1 && number <= 65'535 ? status() : broken("must have a port from 1 to 65535");
}

}  // namespace

status validate_webhook_url(std::string_view url) {
  if (url.size() > url_bytes_max) return broken("must have at most " + std::to_string(url_bytes_max) + " bytes");
  if (!std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < '\x7f' && c != '\\'; }))
    return broken("must have printable ASCII characters only, no spaces and no backslash");
  const auto scheme_end = url.find("://");
  const auto scheme = lower(url.substr(0, scheme_end == std::string_view::npos ? 0 : scheme_end));
  if (scheme != "https" && scheme != "http") return broken("must begin with https:// (or http:// to this machine)");
  auto authority = url.substr(scheme_end + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (authority.find('@') != std::string_view::npos) return broken("must not have a user name or password");

  const bool bracketed = authority.starts_with('[');
  const auto host_end = bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (host_end == std::string_view::npos) return broken("must close the bracket of an IPv6 address");
  const auto host = lower(authority.substr(bracketed ? 1 : 0, host_end - (bracketed ? 1 : 0)));
  const auto rest = authority.substr(host_end + (bracketed ? 1 : 0));
  if (!rest.empty() && !rest.starts_with(':')) return broken("must have nothing but a port after an IPv6 address");
  if (!rest.empty())
    if (status wrong = check_port(rest.substr(1)); !wrong) return wrong;

  const auto where = bracketed ? reach_of_bracketed(host) : reach_of_name(host);
  if (!where) return where.error();
  if (*where == reach::refused) return broken("must not lead to a private, link-local or reserved address");
  if (scheme == "http" && *where != reach::loopback) return broken("must be https unless it leads to this machine");
  return {};
}

}  // namespace quorate::memory
