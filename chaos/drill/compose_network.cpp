#include "chaos/drill/compose_network.hpp"

#include <algorithm>
#include <utility>

#include "chaos/drill/compose_environment.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

constexpr milliseconds engine_bound(20'000);
constexpr milliseconds notice_bound(10'000);
constexpr milliseconds notice_pause(50);

status not_here(fault_class fault) { return status(errc::not_permitted, compose_environment::cannot(fault)); }

/// As deploy/docker-compose.yml names a node on the network between the nodes.
std::string alias_of(const std::string& node) { return "peer-" + node; }

}  // namespace

compose_network::compose_network(compose_environment& nodes, std::string peers)
    : nodes_(nodes), peers_(std::move(peers)), cuts_(nodes.nodes()) {}

std::string compose_network::cannot_lose() const { return compose_environment::cannot(fault_class::drop_random_acks); }

std::string compose_network::listen_address(const std::string&) const { return "0.0.0.0:7411"; }

std::string compose_network::peer_address(const std::string&, const std::string& to) const {
  return alias_of(to) + ":7411";
}

result<bool> compose_network::connected(const std::string& node) const {
  const auto names = nodes_.engine().docker(
      {"inspect", "--format", "{{range $name, $_ := .NetworkSettings.Networks}}/{{$name}}/{{end}}",
       nodes_.container(node)},
      engine_bound);
  if (!names) return names.error();
  return names->find("/" + peers_ + "/") != std::string::npos;
}

status compose_network::cut(const std::string& from, const std::string& to) {
  if (nodes_.container(from).empty()) return status(errc::not_found, "node " + from + " has no container yet");
  cuts_.cut(from, to);
  for (const auto& node : cuts_.cut_off()) {
    if (off_.count(node) != 0) continue;
    // Noted first: half a disconnection is undone by `heal` too.
    off_.insert(node);
    if (const auto done =
            nodes_.engine().docker({"network", "disconnect", peers_, nodes_.container(node)}, engine_bound);
        !done)
      return done.error();
  }
  return {};
}

status compose_network::lose(double) { return not_here(fault_class::drop_random_acks); }

status compose_network::limit(const std::string&, const std::string&, std::uint64_t) {
  return not_here(fault_class::slow_link);
}

status compose_network::heal() {
  cuts_.heal();
  while (!off_.empty()) {
    const auto node = *off_.begin();
    const auto there = connected(node);
    if (!there) return there.error();
    if (!*there) {
      const auto done = nodes_.engine().docker(
          {"network", "connect", "--alias", alias_of(node), peers_, nodes_.container(node)}, engine_bound);
      if (!done) return done.error();
    }
    off_.erase(node);
  }
  return {};
}

compose_network::links compose_network::cut_links() {
  links found;
  for (const auto& node : nodes_.nodes()) {
    v1::StatusReply reply;
    const bool answers = nodes_.client(node).node_status(&reply).ok();
    for (const auto& other : nodes_.nodes()) {
      if (other == node || (off_.count(node) == 0 && off_.count(other) == 0)) continue;
      ++found.cut;
      if (!answers) continue;
      const auto& peers = reply.peers();
      found.down +=
          std::any_of(peers.begin(), peers.end(), [&](const auto& peer) { return peer.name() == other && !peer.up(); });
    }
  }
  return found;
}

result<std::uint64_t> compose_network::bitten() {
  if (const auto pending = cuts_.one_way_cuts(); !pending.empty())
    return status(errc::not_permitted, "cut " + pending + " had no effect: "
                                           + compose_environment::cannot(fault_class::partition_asymmetric));
  for (const auto& node : off_) {
    const auto there = connected(node);
    if (!there) return there.error();
    if (*there) return std::uint64_t{0};
  }
  if (off_.empty()) return std::uint64_t{0};
  links seen;
  wait_until(
      notice_bound,
      [&] {
        seen = cut_links();
        return seen.down == seen.cut;
      },
      notice_pause);
  return seen.down;
}

}  // namespace quorate::chaos
