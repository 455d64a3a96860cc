// What people type for durations, addresses, endpoint lists and peers, as values.
//
// Pure functions. An error is an invalid_argument that names the flag, what came and what to write instead.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actors/node.hpp"
#include "proto/status.hpp"

namespace quorate::cli {

inline constexpr std::uint16_t port_default = 7411;
inline constexpr std::uint16_t http_port_default = 7412;

/// "500ms", "2s", "1m", "1h": a whole number and its unit, at most a day.
result<std::int64_t> parse_duration_ms(const std::string& flag, std::string_view text);

/// A decimal number from `least` to `most`.
result<std::uint64_t> parse_number(const std::string& flag, std::string_view text, std::uint64_t least,
                                   std::uint64_t most);

/// host:port, IPv6 hosts in brackets. Without a port: `by_default`. Port 0 only where `any_port`.
result<std::string> parse_address(const std::string& flag, std::string_view text, bool any_port = false,
                                  std::uint16_t by_default = port_default);

/// Addresses separated by commas; at least one, none twice.
result<std::vector<std::string>> parse_endpoints(const std::string& flag, std::string_view text);

/// name=host:port
result<peer_member> parse_peer(const std::string& flag, std::string_view text);

/// Whether only this machine can reach it: 127.0.0.0/8, ::1, localhost. Takes what parse_address returned.
bool is_loopback(std::string_view address);

/// Split at commas, blanks around the parts and empty parts dropped.
std::vector<std::string> split_list(std::string_view text);

}  // namespace quorate::cli
