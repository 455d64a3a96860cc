// Where the three nodes of a drill run, and everything that can be done to them.
//
// Owned by one cycle of a drill, which makes a fresh one: empty disks, nobody running. Used by the main thread only
// (processes are started by it). The destructor leaves nothing: no process, container, rule or mount. Every wait has a
// bound. Nodes are called a, b, c.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chaos/node_client.hpp"
#include "proto/status.hpp"

namespace quorate::chaos {

class network;

/// What `damage` did.
struct damage_done {
  std::string file;  ///< within the data directory
  std::uint64_t bytes = 0;
};

/// What of a disk fails.
enum class disk_access : std::uint8_t { writes, reads };

class environment {
 public:
  virtual ~environment() = default;

  virtual const std::vector<std::string>& nodes() const = 0;
  /// host:port for clients on this machine.
  virtual std::string address(const std::string& node) const = 0;
  /// A client of the node, over its restarts.
  virtual node_client& client(const std::string& node) = 0;

  /// Starts all; on return all serve, are connected, and count.
  virtual status start_all(std::chrono::milliseconds bound) = 0;
  /// Starts one and waits until it serves. What it does on the disk it has is its own business.
  virtual status start(const std::string& node, std::chrono::milliseconds bound) = 0;
  /// Starts one without waiting for anything.
  virtual status begin_start(const std::string& node) { return nobody_can("start " + node + " without waiting"); }
  /// SIGKILL; gone on return.
  virtual status kill(const std::string& node) = 0;
  /// SIGKILL of all, as close to one instant as can be.
  virtual status kill_together() = 0;
  /// SIGTERM; an error unless it ended with exit code 0 within `bound`.
  virtual status stop(const std::string& node, std::chrono::milliseconds bound) = 0;
  virtual status pause(const std::string& node) = 0;
  virtual status resume(const std::string& node) = 0;
  virtual bool running(const std::string& node) = 0;
  /// The last lines of its log, for messages.
  virtual std::vector<std::string> log_tail(const std::string& node, std::size_t lines) const = 0;

  /// Null when nothing can be done to the network here.
  virtual network* net() = 0;

  /// Of a node that is not running: its disk is empty afterwards. Returns how many bytes are gone.
  virtual result<std::uint64_t> wipe(const std::string& node) = 0;
  /// Of a node that is not running: flips bytes in the middle of one of its data files; `seed` chooses where.
  virtual result<damage_done> damage(const std::string& node, std::uint64_t seed) = 0;
  /// Before `start_all`, and before anything else is given: the nodes have no key, and live on loopback, where they may
  /// do without one. There is no network to break then.
  virtual status give_no_key() { return nobody_can("take the nodes their key"); }
  /// What its data directory holds now; 0 where nobody can tell.
  virtual std::uint64_t bytes_on_disk(const std::string&) const { return 0; }
  /// Before `start_all`: this node's data lies on a file system of its own, so large.
  virtual status give_small_disk(const std::string& node, std::uint64_t bytes) = 0;
  /// Fills what is left of it to the last byte. Returns the bytes it took.
  virtual result<std::uint64_t> fill_disk(const std::string& node) = 0;
  virtual status free_disk(const std::string& node) = 0;
  /// Before `start_all`: this node's wall clock can be moved.
  virtual status give_movable_clock(const std::string& node) = 0;
  /// From now on its wall clock is that much off; its steady clock goes on.
  virtual status move_clock(const std::string& node, std::chrono::seconds offset) = 0;
  /// Before `start_all`: this node lies on a disk for which SIGKILL is a loss of power, and which can fail. With
  /// `torn`, a part of the unsynced bytes may stay; 0: none does.
  virtual status give_forgetful_disk(const std::string& node, std::uint64_t) {
    return nobody_can("give " + node + " a disk that forgets");
  }
  /// Every such access to the disk fails with an I/O error, until it is mended.
  virtual status fail_disk(const std::string& node, disk_access) { return nobody_can("fail the disk of " + node); }
  virtual status mend_disk(const std::string& node) { return nobody_can("mend the disk of " + node); }
  /// Of a node that is not running: keeps its data as it is now; puts what was kept in the place of what is there.
  /// Both return how many bytes that is.
  virtual result<std::uint64_t> keep_disk(const std::string& node) { return nobody_can("copy the disk of " + node); }
  virtual result<std::uint64_t> put_back_disk(const std::string& node) {
    return nobody_can("put the disk of " + node + " back");
  }
  /// Whether it once found its disk damaged, and keeps it apart.
  virtual bool holds_set_aside(const std::string&) const { return false; }

 protected:
  static status nobody_can(const std::string& what) { return {errc::internal, "nobody can " + what + " here"}; }
};

}  // namespace quorate::chaos
