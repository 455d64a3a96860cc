// Nodes in network namespaces of their own, in a star around the one this process is in: packets between nodes are
// forwarded here, where the kernel's own firewall and queues drop and delay them.
//
// Node i (from 1, in the order given) lives at 10.77.i.2, this process at 10.77.i.1 of the same cable. Clients are not
// forwarded, so no fault touches them. A fault is a rule of FORWARD, or a queue at the end of a node's cable; a packet
// is one of the wire's size, because nodes do not hand the kernel larger ones. One network may serve many cycles of a
// drill: `heal` makes it new.
//
// A namespace is held by a descriptor, no process. The process must have entered its private namespaces, where all this
// ends with it. Main thread only, because `ip`, `iptables` and `tc` are children. A failed call may have done a part;
// `heal` takes that back too.
#pragma once

#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "chaos/drill/network.hpp"
#include "chaos/drill/private_namespaces.hpp"

namespace quorate::chaos {

class namespaced_network : public network {
 public:
  static constexpr std::uint16_t node_port = 7411;

  /// Errors: no private network (`entered` says why), one with an interface in use (this one's sibling, or a machine's:
  /// its rules are not touched), a tool is missing (the text names its package), the kernel lacks
  /// a part.
  static result<std::unique_ptr<namespaced_network>> make(const private_namespaces& entered,
                                                          const std::vector<std::string>& nodes);
  ~namespaced_network() override;

  std::string kind() const override { return "namespaces"; }
  std::string listen_address(const std::string& node) const override;
  std::string peer_address(const std::string& from, const std::string& to) const override;
  int namespace_of(const std::string& node) const override;

  status cut(const std::string& from, const std::string& to) override;
  status lose(double share) override;
  status limit(const std::string& one, const std::string& other, std::uint64_t bits_per_second) override;
  status heal() override;
  result<std::uint64_t> bitten() override;

  /// 10.77.i.2.
  std::string ip_of(const std::string& node) const;

 private:
  struct member {
    std::string name;
    int place = -1;  ///< descriptor of its namespace
  };

  namespaced_network() = default;
  status lay_cables();
  /// From 1; 0 when there is no such node.
  unsigned number_of(const std::string& node) const;
  status check_pair(const std::string& one, const std::string& other) const;
  status run_iptables(const std::string& arguments) const;
  result<std::uint64_t> dropped() const;
  void limit_direction(unsigned from, unsigned to, std::uint64_t bits_per_second, std::string* batch);

  std::vector<member> members_;
  std::set<std::pair<unsigned, unsigned>> cut_;      ///< from, to
  std::set<std::pair<unsigned, unsigned>> limited_;  ///< from, to
  std::string loss_rule_;                            ///< empty: nothing is lost
  std::uint64_t dropped_by_former_rules_ = 0;
};

}  // namespace quorate::chaos
