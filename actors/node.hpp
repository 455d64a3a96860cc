// A node: the store, the actor tree over it, the peer links. Without a listener: net/grpc_server.hpp serves it.
//
// Used alike by `quorate serve`, the embedded mode (no peers) and the tests. Created and destroyed on one thread;
// `api()` may be used from any thread between start and the end of `drain`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/node_api.hpp"
#include "net/peer_transport.hpp"
#include "proto/limits.hpp"
#include "proto/record.hpp"
#include "proto/status.hpp"

namespace quorate::storage {
class store;
}

namespace quorate::v1 {
class BackupIntoReply;
class BackupIntoRequest;
}  // namespace quorate::v1

namespace quorate {

/// Another member: its name and the address its node listens on.
struct peer_member {
  std::string name;
  std::string address;
};

struct node_options {
  std::string name;  ///< 1-32 bytes of a-z 0-9 - _
  std::string cluster_id = "quorate";
  std::vector<peer_member> peers;  ///< all members but this one
  unsigned write_quorum = 0;       ///< 1 ... N; 0 = majority
  std::int64_t quorum_timeout_ms = limits::quorum_timeout_ms_default;
  std::int64_t max_clock_offset_ms = limits::clock_offset_ms_max_default;
  std::int64_t relay_delay_ms = limits::relay_delay_ms;
  /// How long a member with a new disk waits before it asks what it must hold; shorter only in tests.
  std::int64_t refill_wait_ms = limits::refill_wait_ms;
  /// Between the end of one reading of the whole disk and the next; shorter only in tests.
  std::int64_t verify_interval_ms = limits::verify_interval_ms;
  /// Removes the records whose expiry has come, and says how many; none: nobody does it by himself. Called on a thread
  /// that may wait, never after the node is gone.
  std::function<result<std::uint64_t>(net::node_api& node)> collect_expired;
  /// Adds what the store holds to its backups; none: the node was given no place for them. Called on a thread that may
  /// wait, one call at a time; ends soon once `give_up` says so.
  std::function<status(const storage::store& disk, const std::function<bool()>& give_up,
                       const v1::BackupIntoRequest& request, v1::BackupIntoReply* reply)>
      back_up;
  /// Whether what a peer sent under a key is what such a key holds (errc::malformed otherwise); none: nothing is asked.
  /// Called on the transport's threads.
  std::function<status(const mutation& change)> check_value;
  std::int64_t collect_interval_ms = limits::collect_interval_ms_default;
  /// Take an empty disk for complete: acknowledged writes that only lost disks held are given up.
  bool accept_loss = false;
  /// What the directory holds is what the cluster of these peers begins with (core/membership.hpp).
  bool adopt_peers = false;
  std::string cluster_key;  ///< 32 bytes; empty = none
  /// The disk was begun because the one before was damaged: it is filled by others, never taken for that of a new
  /// member.
  bool began_after_damage = false;
  /// Build the index of words at once, not when somebody searches first.
  bool index_words_at_start = false;
  bool enable_drills = false;
};

/// Checks names, uniqueness, hash collisions and the quorum; the field of the error is the flag, e.g. "--peer".
status validate(const node_options& options);

struct actor_runtime;
const actor_runtime& threaded_runtime();

class node {
 public:
  virtual ~node() = default;
  virtual net::node_api& api() = 0;
  /// Refuses new writes (errc::shutting_down), waits until those in flight are answered or `limits::drain_ms_max`
  /// has passed, then stops the actors. Called once.
  virtual void drain() = 0;
};

/// Starts the tree. `on_fatal` is called at most once, from an actor's thread or one that calls `api()`, when the node
/// cannot go on: the disk is damaged (corruption; nothing is read from it any more, and the node may be started anew on
/// an empty one), the disk failed (disk_full: for want of space, which may come back), or restarts exceeded their
/// intensity. Not to destroy the node from within.
result<std::unique_ptr<node>> start_node(const node_options& options, std::unique_ptr<storage::store> store,
                                         std::unique_ptr<net::peer_transport> transport,
                                         std::function<void(const status& why)> on_fatal,
                                         const clock& time = system_clock(),
                                         const actor_runtime& runtime = threaded_runtime());

}  // namespace quorate
