// The network between the nodes of a drill: what can be done to it, and the proof that it was done.
//
// Owned by the environment, used by the main thread. Faults hold between nodes only; clients on this machine reach
// every node all the time. Several faults may hold at once, until `heal`. The destructor undoes everything; what a
// killed drill leaves behind lies in namespaces or processes that end with it.
#pragma once

#include <cstdint>
#include <string>

#include "proto/status.hpp"

namespace quorate::chaos {

class network {
 public:
  virtual ~network() = default;

  /// How it is done, for reports: "namespaces", "relay", "containers".
  virtual std::string kind() const = 0;
  /// Empty when `lose` drops real packets; else why it cannot.
  virtual std::string cannot_lose() const { return ""; }

  /// host:port the node listens on, and where clients reach it.
  virtual std::string listen_address(const std::string& node) const = 0;
  /// host:port `from` is told as the address of its peer `to`.
  virtual std::string peer_address(const std::string& from, const std::string& to) const = 0;
  /// Descriptor of the network namespace the node must be started in; -1: the one this process is in.
  virtual int namespace_of(const std::string& node) const = 0;

  /// Nothing gets from one to the other any more: silence, no refusal. One direction; the other one is untouched.
  virtual status cut(const std::string& from, const std::string& to) = 0;
  /// Of all packets between any two nodes, this share (0 to 1) is lost at random.
  virtual status lose(double share) = 0;
  /// No more than this passes between the two, each way.
  virtual status limit(const std::string& one, const std::string& other, std::uint64_t bits_per_second) = 0;
  /// All faults end.
  virtual status heal() = 0;

  /// What the faults have done since the last `heal`: packets dropped by cut and lose, packets that had to wait for
  /// limit. Asked before `heal`. A relay counts pieces of the streams instead.
  virtual result<std::uint64_t> bitten() = 0;
};

}  // namespace quorate::chaos
