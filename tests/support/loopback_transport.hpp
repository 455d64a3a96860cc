// A network inside the process: nodes open streams to each other as they do through gRPC, and a test makes the
// weather, per direction.
//
// Every name has one thread of its own, on which everything that arrives there is handed over, so calls of one
// stream never overlap. Frames and answers between two names keep their order unless the weather says otherwise.
// Destroying or closing a stream tells its owner `on_closed` before it returns, unless `late_closing` is set; the
// other side learns of it by what travels, or, through a cut, not at all. The network outlives its nodes.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "net/node_api.hpp"
#include "net/peer_transport.hpp"

namespace quorate::testing {

/// What happens to everything that travels one way between two names. Counts "every n-th": 0 = never.
struct weather {
  bool cut = false;              ///< lost without a sign
  bool hold = false;             ///< waits until this is taken back; then arrives in order
  bool hold_entries = false;     ///< as `hold`, but only entries: heartbeats, questions, write-backs and answers pass
  unsigned duplicate_every = 0;  ///< of frames with entries, and of answers
  unsigned reorder_every = 0;    ///< of frames with entries: arrives behind the next thing sent
  unsigned drop_every = 0;       ///< of frames with entries
};

/// What travelled one way, and what the weather did to it.
struct traffic {
  std::uint64_t entry_frames = 0;  ///< frames with entries handed in
  std::uint64_t lost = 0;          ///< cut or dropped
  std::uint64_t held = 0;          ///< waiting now
  std::uint64_t held_entry_bytes = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
};

class loopback_network {
 public:
  loopback_network();
  ~loopback_network();

  /// The node's way out; its peers' addresses are their names.
  std::unique_ptr<net::peer_transport> transport(const std::string& name);
  /// From now on streams to this name reach the node.
  void listen(const std::string& name, net::node_api& node);
  /// Streams to and from it end, new ones are refused. No call into the node is under way when this returns.
  void stop_listening(const std::string& name);

  /// Replaces the weather of one direction; what was held and no longer is goes out in order.
  void set(const std::string& from, const std::string& to, const weather& now);
  void set_both(const std::string& one, const std::string& other, const weather& now);
  /// Both see it at once: streams end, new ones are refused.
  void sever(const std::string& one, const std::string& other);
  void mend(const std::string& one, const std::string& other);

  traffic seen(const std::string& from, const std::string& to) const;
  /// How often a node sent a frame before it was told that the last one had left.
  int contract_breaches() const { return contract_breaches_; }

  /// A closed stream's owner is told later, by the network's thread, as gRPC does it.
  std::atomic<bool> late_closing{false};

 private:
  class lane;
  class stream;
  class handle;
  class sink;
  class port;

  struct parcel {
    std::function<void()> deliver;
    std::size_t entry_bytes = 0;
    bool repeatable = false;
  };
  struct direction {
    weather now;
    bool severed = false;
    traffic counted;
    std::deque<parcel> held;
    std::deque<parcel> late;  ///< at most one, overtaken by the next
    unsigned repeatables = 0;
    unsigned reorderables = 0;
  };

  void travel(const std::string& from, const std::string& to, parcel&& p);
  void pass(direction& d, const std::string& to, parcel&& p);  // with the lock held
  lane& lane_of(const std::string& name);                      // with the lock held
  void post(const std::string& name, std::function<void()> task);
  bool holds_entries(const std::string& from, const std::string& to) const;
  net::node_api* listener(const std::string& name) const;
  std::vector<std::shared_ptr<stream>> streams_of(const std::string& name) const;

  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, direction> directions_;
  std::map<std::string, std::unique_ptr<lane>> lanes_;
  std::map<std::string, net::node_api*> listeners_;
  std::vector<std::weak_ptr<stream>> streams_;
  std::atomic<int> contract_breaches_{0};
};

}  // namespace quorate::testing
