// The network between containers: nodes can be taken off it, as when a cable is pulled.
//
// Owned by compose_environment, which outlives it. A node is taken off once each direction between it and every other
// node has been cut; cuts that do not add up to that have no effect, and `bitten` says so. The destructor leaves the
// end of the faults to the end of the containers.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "chaos/drill/docker_engine.hpp"
#include "chaos/drill/isolation.hpp"
#include "chaos/drill/network.hpp"

namespace quorate::chaos {

class compose_environment;

class compose_network final : public network {
 public:
  /// `peers`: what the engine calls the network between the nodes.
  compose_network(compose_environment& nodes, std::string peers);

  std::string kind() const override { return "containers"; }
  std::string cannot_lose() const override;
  std::string listen_address(const std::string& node) const override;
  std::string peer_address(const std::string& from, const std::string& to) const override;
  int namespace_of(const std::string&) const override { return -1; }

  /// Takes effect with the cut that completes the isolation of a node.
  status cut(const std::string& from, const std::string& to) override;
  status lose(double share) override;
  status limit(const std::string& one, const std::string& other, std::uint64_t bits_per_second) override;
  status heal() override;

  /// How many links nodes report as down, while the engine confirms that their containers are off the network. Waits
  /// until they have noticed. Nothing passes through our hands here, so there are no packets to count.
  result<std::uint64_t> bitten() override;

 private:
  /// Of the links of nodes that are off the network, each way: how many there are, and are known to be down.
  struct links {
    std::uint64_t cut = 0;
    std::uint64_t down = 0;
  };
  links cut_links();
  result<bool> connected(const std::string& node) const;

  compose_environment& nodes_;
  const std::string peers_;
  isolation cuts_;
  std::set<std::string> off_;
};

}  // namespace quorate::chaos
