// What each class of faults does to a cluster under load, and how it proves that it did.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "chaos/drill/fault_class.hpp"
#include "chaos/history.hpp"
#include "proto/status.hpp"

namespace quorate::chaos {

class environment;
class workload;

/// What is decided before a cycle begins.
struct cycle_seed {
  std::uint64_t seed = 1;
  unsigned number = 1;  ///< of the cycle
};

/// What a script works with.
struct stage {
  environment& env;
  workload& load;
  std::mt19937_64& random;
  unsigned cycle = 1;
  std::uint64_t seed = 1;
  bool overlaid = false;  ///< another fault holds meanwhile: who waits for all nodes would wait for its end

  std::uint64_t between(std::uint64_t least, std::uint64_t most);
  const std::string& any_node();
};

/// What it did.
struct bite {
  std::uint64_t count = 0;   ///< in the unit of the class; 0: nothing happened
  std::uint64_t needed = 1;  ///< with less of it the cycle proves nothing
  unsigned in_flight = 0;
  std::int64_t from_us = 0;  ///< steady; 0: since the script began
  /// Nodes it leaves dead, to be started again once the others have been judged.
  std::vector<std::string> dead;
  /// A node that could hear from nobody, and when (steady, microseconds): it cannot have had a second copy made.
  struct alone {
    std::size_t node;
    std::int64_t from_us;
    std::int64_t until_us;
  };
  std::optional<alone> cut_off;
  /// What the node in trouble served meanwhile.
  served_contents served;
  std::string detail;  ///< which of several things was done, for reports
  /// What data directories held before. They may hold no more afterwards than the writes since explain.
  std::map<std::string, std::uint64_t> held_bytes;
};

struct fault_script {
  fault_class fault;
  unsigned clients;                 ///< 0: as many as asked for
  std::chrono::milliseconds pause;  ///< of a client between two writes
  std::size_t content_bytes;
  bool through_one;                                    ///< all clients write through the first node
  bool no_write_fails;                                 ///< a write given up fails the cycle
  status (*prepare)(environment&, const cycle_seed&);  ///< before the start; may be null
  result<bite> (*run)(stage&);  ///< an error: the node did not do what it must, or the tools failed
};

const fault_script& script_of(fault_class fault);

}  // namespace quorate::chaos
