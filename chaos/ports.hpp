// Free ports of the loopback interface. Any thread.
//
// They lie below the range the kernel takes the ports of outgoing connections from: a port of that range can be taken
// by anybody's connection while its node is down, and a connection attempt to a dead port there can meet itself.
#pragma once

#include <cstdint>
#include <vector>

#include "proto/status.hpp"

namespace quorate::chaos {

/// `count` different ports nobody listens on now. Somebody may before they are used; then ask again.
result<std::vector<std::uint16_t>> free_ports(std::size_t count);

/// Whether somebody accepts connections on a loopback port.
bool accepts_connections(std::uint16_t port);

}  // namespace quorate::chaos
