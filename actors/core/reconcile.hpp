// Who lacks what, and who should send it: the relay rule behind "an acknowledged write reaches everyone".
//
// Owned by the reconciler; called every limits::reconcile_ms with the vectors as last heard. The writer's live log is
// the links' own business; this is about every other log this node holds: old lives of its own writer, and logs of
// other members, of whose entries a peer may know only through us.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "actors/core/log_vector.hpp"

namespace quorate::core {

struct peer_view {
  node_id id{};
  bool up = false;
  log_vector vector;  ///< what it last said it holds durably
};

struct relay_order {
  node_id to{};
  log_position upto;
};

class reconcile {
 public:
  explicit reconcile(node_id self, std::int64_t relay_delay_ms) : self_(self), relay_delay_ms_(relay_delay_ms) {}

  /// A log is relayed to a peer that lacks some of it at once when its origin cannot send it (it is down, or it is
  /// this node's own earlier life), and otherwise when the peer has made no progress on it for the relay delay.
  std::vector<relay_order> tick(std::int64_t now_ms, const log_id& live_log, const log_vector& own,
                                const std::vector<peer_view>& peers);

 private:
  struct lag {
    sequence_number seen = 0;   ///< the peer's position when it last moved
    std::int64_t since_ms = 0;  ///< when that was
  };
  node_id self_;
  std::int64_t relay_delay_ms_;
  std::map<std::pair<node_id, log_id>, lag> lags_;
};

}  // namespace quorate::core
