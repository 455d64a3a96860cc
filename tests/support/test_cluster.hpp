// Members of a cluster in one process: real nodes on memory stores, joined by a loopback network. A member's disk and
// clock outlive the node started on it.
//
// One test thread starts and stops; api() may be used by others while the member runs.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/node.hpp"
#include "quorate/v1/admin.pb.h"
#include "tests/support/eventually.hpp"
#include "tests/support/loopback_transport.hpp"
#include "tests/support/test_clock.hpp"
#include "tests/support/test_disk.hpp"
#include "tests/support/test_writes.hpp"

namespace quorate::testing {

/// How long after its deadline an answer may come: fanout's tick, and a busy machine.
inline constexpr std::int64_t answer_margin_ms = 300;

class member {
 public:
  member(loopback_network& network, node_options options);
  ~member();

  /// Returns once the tree stands; only then peers can reach it.
  void start();
  /// As when the process dies: nothing is drained. The disk keeps what was committed.
  void stop();
  bool running() const { return node_ != nullptr; }
  /// Whether it has written down that this is the other's disk.
  bool knows_disk_of(const member& other) const;
  /// On a new disk, and not yet counted in quorums.
  bool filling() const { return status().state() == "filling"; }
  node& running_node() { return *node_; }
  net::node_api& api() { return node_->api(); }
  const std::string& name() const { return options.name; }

  v1::StatusReply status() const;
  v1::DigestReply digest() const;
  v1::ActorsReply actors() const;
  /// What it sees of a peer; a default value for a stranger.
  v1::PeerStatus peer(const std::string& other) const;
  v1::ActorStatus actor(const std::string& which) const;
  quorate::status kill(const std::string& which);
  /// Kills the actor and waits until it runs again. A kill that found it not yet reachable is repeated.
  bool kill_and_see_it_back(const std::string& which);

  /// What on_fatal was called with.
  std::vector<quorate::status> failures() const;

  node_options options;  ///< for the next start
  test_clock time;
  test_disk disk;

 private:
  bool ready() const;

  loopback_network& network_;
  mutable std::mutex mutex_;
  std::vector<quorate::status> failures_;
  std::unique_ptr<node> node_;
};

struct cluster_options {
  std::vector<std::string> names{"a", "b", "c"};
  unsigned write_quorum = 0;
  std::int64_t quorum_timeout_ms = 2'000;
  std::int64_t relay_delay_ms = limits::relay_delay_ms;
  std::int64_t refill_wait_ms = limits::refill_wait_ms;
  /// Empty disks are complete at once: for clusters whose members do not all see each other when they begin.
  bool accept_loss = false;
  bool start = true;  ///< and wait until everybody counts everybody
};

class cluster {
 public:
  explicit cluster(const cluster_options& options = {});
  ~cluster();

  member& operator[](const std::string& name) { return *members_.at(name); }
  std::vector<member*> running();

  /// Everybody who runs sees everybody else who runs as up, with a measured clock, and counts its acknowledgements.
  bool all_up(std::chrono::milliseconds bound = patience);
  /// `one` sees the other as up or not, and so the other way round; up, each knows the disk that the other is complete
  /// on, if it is.
  bool see_each_other(const std::string& one, const std::string& other, bool up);
  /// All that run end with equal digests and vectors.
  bool equal(std::chrono::milliseconds bound = patience);
  /// Every store holds this value (those of stopped members too, unless they are left out).
  bool everywhere(const std::string& key, const std::string& value, std::chrono::milliseconds bound = patience);

  loopback_network network;

 private:
  /// Whether writes through it may count on all others that run. A node that refuses them for its clock's sake may not,
  /// and is not asked further.
  bool counts_all(member& one, std::size_t running) const;

  std::map<std::string, std::unique_ptr<member>> members_;
};

}  // namespace quorate::testing
