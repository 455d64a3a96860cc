// Waiting until nodes hold the same, by their content digests. Any thread that may use the clients.
#pragma once

#include <chrono>
#include <vector>

#include "chaos/node_client.hpp"

namespace quorate::chaos {

/// Until all of them show one digest twice in a row; how long it took in milliseconds. The error (unavailable) tells
/// what each node holds and sees of its peers.
result<double> wait_equal(const std::vector<node_client*>& nodes, std::chrono::milliseconds bound);

}  // namespace quorate::chaos
