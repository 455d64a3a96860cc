// `quorate-bench write`: unary quorum writes at given concurrencies, alternated with a peer in the same run.
//
// Each consistency of ours is a system of its own. A block is one system in one round: three members start on empty
// directories, every concurrency is measured in turn, the members are stopped. So only the system being measured runs.
// The order of systems is reversed every other round, and medians over the rounds are compared.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quorate::bench {

struct write_options {
  std::string program;  ///< path of `quorate`
  std::string etcd;     ///< path of etcd; empty: no peer
  std::string directory;
  bool by_default = true;     ///< measure writes of the default consistency
  bool linearizable = false;  ///< and linearizable ones
  std::vector<unsigned> concurrency = {1, 16, 64, 256};
  unsigned rounds = 3;
  double seconds = 3;
  std::size_t value_bytes = 256;
  bool one_entry = false;  ///< all calls enter at one member
  bool json = false;
};

/// 0, or 1 when something failed or more than one call in a thousand did.
int run_write_bench(const write_options& options);

}  // namespace quorate::bench
