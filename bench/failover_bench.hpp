// `quorate-bench failover`: how long nobody can write after kill -9 of a member.
//
// Eight writers with a deadline on every call, each with a member it prefers, all of which go on to the next member at
// once when a call fails. Each member is killed in turn (of etcd: the leader, as often), every time in a fresh cluster.
#pragma once

#include <string>

namespace quorate::bench {

struct failover_options {
  std::string program;  ///< path of `quorate`
  std::string etcd;     ///< path of etcd; empty: no peer
  std::string directory;
  unsigned writers = 8;
  unsigned deadline_ms = 500;
  bool json = false;
};

/// 0, or 1 when a system did not start or did not come back within the time watched.
int run_failover_bench(const failover_options& options);

}  // namespace quorate::bench
