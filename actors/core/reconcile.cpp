#include "actors/core/reconcile.hpp"

#include <algorithm>

#include "proto/test_points.hpp"

namespace quorate::core {

std::vector<relay_order> reconcile::tick(std::int64_t now_ms, const log_id& live_log, const log_vector& own,
                                         const std::vector<peer_view>& peers) {
  std::vector<relay_order> orders;
  auto up = [&](node_id id) {
    return std::any_of(peers.begin(), peers.end(), [&](const peer_view& p) { return p.id == id && p.up; });
  };
  std::map<std::pair<node_id, log_id>, lag> lags;
  for (const auto& peer : peers) {
    if (!peer.up) continue;
    for (const auto& [log, end] : own.positions()) {
      const auto sequence = end.sequence;
      if (log == live_log) continue;
      auto held = peer.vector.at(log);
      if (held >= sequence) continue;
      auto key = std::pair{peer.id, log};
      auto known = lags_.find(key);
      auto now = known != lags_.end() && known->second.seen == held ? known->second : lag{held, now_ms};
      lags[key] = now;
      bool origin_cannot = log.origin == self_ || (log.origin != peer.id && !up(log.origin));
      if (planted(planted_bug::no_relay)) continue;
      if (origin_cannot || now_ms - now.since_ms >= relay_delay_ms_) {
        reached(mark::relay_ordered);
        orders.push_back({peer.id, {log, sequence}});
      }
    }
  }
  lags_ = std::move(lags);
  return orders;
}

}  // namespace quorate::core
