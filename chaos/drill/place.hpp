// Where cycles are run: makes a fresh environment for each, and knows beforehand which classes of faults it cannot do.
//
// One for the life of the process, used by the main thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "chaos/drill/environment.hpp"
#include "chaos/drill/fault_class.hpp"

namespace quorate::chaos {

class place {
 public:
  virtual ~place() = default;
  /// "local" or "compose".
  virtual std::string environment_name() const = 0;
  /// How faults of the network are made: "namespaces", "relay", "containers".
  virtual std::string network_name() const = 0;
  /// Why a class cannot be run here; empty when it can.
  virtual std::string cannot(fault_class fault) const = 0;
  virtual result<std::unique_ptr<environment>> make() = 0;
};

struct local_place_options {
  std::string program;                 ///< path of `quorate`
  std::string faulty_program;          ///< of `quorate-planted`; classes that need it are skipped when it is missing
  std::vector<std::string> variables;  ///< NAME=VALUE, of every node
  std::string scratch_parent;          ///< empty: the system's place
  bool relay = false;                  ///< through the relay though namespaces are possible
};

/// Processes of this machine. Enters namespaces of its own where that is permitted, so it is called before any thread
/// is started; falls back to a relay between the nodes otherwise.
result<std::unique_ptr<place>> make_local_place(const local_place_options& options);

/// The containers of deploy/docker-compose.yml. Errors: no engine, no compose, no image; with what to do about it.
result<std::unique_ptr<place>> make_compose_place();

}  // namespace quorate::chaos
