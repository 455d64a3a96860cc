// Free ports of the loopback interface. Any thread.
//
// They lie below the range the kernel takes the ports of outgoing connections from: a port of that range can be taken
// by anybody's connection while its node is down, and a connection attempt to a dead port there can meet itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/status.hpp"

namespace quorate::chaos {

/// `count` different ports nobody listens on now. Somebody may before they are used; then ask again.
result<std::vector<std::uint16_t>> free_ports(std::size_t count);

/// Whether somebody accepts connections at an address of this machine, "127.0.0.1:7411".
bool accepts_connections(const std::string& address);

}  // namespace quorate::chaos
