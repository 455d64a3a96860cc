// An attacker on the port of a member that is down: answers the links of the others, in its name.
//
// With a key in the cluster he proves nothing right; without one he welcomes them as that member, and says one thing
// that cannot be on each stream: impossible positions, disks, acknowledgements, refusals, echoes. Now and then he only
// listens: what is sent to a member is what mutated frames are made from. He never counts, so nothing that a node
// acknowledges rests on him.
//
// A gRPC server of his own; one thread of it per stream. What it gathers may be asked for by any thread. The destructor
// ends the streams and frees the port.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proto/status.hpp"

namespace quorate::chaos {

struct impostor_options {
  std::string address;               ///< of the member that is down
  int network_namespace = -1;        ///< descriptor of the one it lives in; -1: ours
  std::string name;                  ///< of that member
  std::vector<std::string> members;  ///< all of them
  bool keyed = false;                ///< they have a key
  std::uint64_t seed = 1;
};

class impostor {
 public:
  /// Errors: the port cannot be had.
  static result<std::unique_ptr<impostor>> listen(const impostor_options& options);
  virtual ~impostor() = default;

  /// Frames that were sent to him since the last call.
  virtual std::vector<std::string> heard() = 0;
  virtual std::uint64_t lies_told() const = 0;
  /// Whether each of his lies was told at least once.
  virtual bool all_told() const = 0;
  /// After which lies a node went on with the stream.
  virtual std::vector<std::string> believed() const = 0;
};

}  // namespace quorate::chaos
