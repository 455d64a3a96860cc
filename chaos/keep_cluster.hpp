// `quorate-chaos cluster`: three nodes on fixed ports until Ctrl-C, for somebody to play with.
#pragma once

#include <string>

namespace quorate::chaos {

struct keep_cluster_options {
  std::string program;    ///< path of `quorate`
  std::string directory;  ///< data of the nodes; kept
  bool drills = false;
};

/// The exit code. Nothing is restarted: a node that ends is reported and stays down.
int keep_cluster(const keep_cluster_options& options);

}  // namespace quorate::chaos
