#include "net/node_api.hpp"
#include "proto/test_points.hpp"

namespace quorate::net {

bool lost_tickets_are_answered() noexcept { return !planted(planted_bug::promises_dropped); }

}  // namespace quorate::net
