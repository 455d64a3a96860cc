// Where a webhook may be delivered to: a URL whose host is not a machine of the node's own network.
//
// https, or http to this very machine (localhost, *.localhost, 127.0.0.0/8, ::1). Addresses of private, link-local,
// shared, multicast and reserved ranges are refused, IPv4 and IPv6, also when an IPv6 address carries an IPv4 one
// (mapped, compatible, NAT64, 6to4), and so are other ways to write an IPv4 address (2130706433, 0x7f.1, 127.1).
//
// A name is not looked up here: it may lead to a private address, now or later. Whoever delivers must look at the
// address it connects to.
//
// Pure functions, any thread, any bytes.
#pragma once

#include <string_view>

#include "proto/status.hpp"

namespace quorate::memory {

inline constexpr std::size_t url_bytes_max = 2'048;

/// An invalid_argument of field "url" says what is wrong.
status validate_webhook_url(std::string_view url);

}  // namespace quorate::memory
