// What every actor of one node shares: the options, the doors (store, clock, transport), the inbox, the board and
// each other's addresses. Owned by the node; outlives all actors.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "actors/address.hpp"
#include "actors/board.hpp"
#include "actors/core/clock_agreement.hpp"
#include "actors/core/peer_rules.hpp"
#include "actors/live_words.hpp"
#include "actors/log.hpp"
#include "actors/node.hpp"
#include "actors/parked_calls.hpp"
#include "actors/writer_inbox.hpp"
#include "net/peer_transport.hpp"
#include "proto/clock.hpp"
#include "storage/store.hpp"

namespace quorate {

struct member_identity {
  std::string name;
  node_id id{};
  std::string address;
};

/// Remembers which entry the writer was about to merge, across its deaths: one that was in hand at two of them is set
/// aside, because a poisoned entry must not become a crash loop; and so is one that came twice in a form that cannot be
/// read. Only the writer uses it.
struct poison_watch {
  static constexpr std::size_t watched_max = 1'024;  ///< whoever sends more of them is not worth the memory
  std::optional<log_position> in_hand;
  std::map<log_position, int> deaths;
  /// How often these bytes came for that place: others in it are another matter.
  std::map<std::pair<log_position, std::uint64_t>, int> unreadable;
  std::set<log_position> set_aside;
};

struct node_context {
  node_context(node_options o, storage::store& s, const clock& t, net::peer_transport& n,
               std::function<void(const status&)> f, std::function<std::uint64_t()> r);

  const node_options options;
  const member_identity self;
  const std::vector<member_identity> peers;  ///< index i is member i + 1; this node is member 0
  const std::function<std::uint64_t()> random;
  const std::uint64_t instance;   ///< random, per process
  const std::int64_t started_us;  ///< steady clock
  storage::store& store;
  const clock& time;
  net::peer_transport& transport;
  /// Ends the node: the disk failed, or restarts did not help. Any thread; the first call counts.
  const std::function<void(const status&)> fail;

  /// What peers' words are held against (core/peer_rules.hpp).
  core::known_facts known() const;
  /// 16 bytes nobody can foresee.
  std::string nonce() const;
  /// A caller or a peer was not taken: counts it and says so, shortened and not more often than is of use.
  void refused(const std::string& who, const status& why);
  /// "b (epoch 7, entry 12)": whose log, and where in it.
  std::string words_for(const log_position& where) const;
  /// Logs are others elsewhere, from these entries on at the latest.
  void forked(const std::string& peer, const std::vector<log_position>& where);
  /// What a proven peer says of the cluster: who founded it, and who wrote logs without being a member.
  void learn(const storage::member_list& theirs, const std::vector<std::uint64_t>& origins);
  /// Origins of logs that are no members, those this node has been told of included.
  std::vector<node_id> foreign_origins() const;
  /// Whether what a peer sent under a key is what such a key holds.
  status check_value(const mutation& change) const;

  /// What the reaper does; set before it starts, never changed.
  std::function<result<std::uint64_t>()> collect_expired;
  /// Ends streams whose callers do not say who they are; likewise.
  std::function<void()> sweep_callers;

  board facts;
  /// Reads that wait for an entry of a log: raised by the writer, its deadlines are watched by fanout.
  parked_calls<log_position> waiting_reads;
  logging::limiter lines;  ///< about what peers and strangers do
  writer_inbox inbox;
  live_words words;
  poison_watch poison;
  /// Across lives of the writer, which alone uses it.
  core::clock_step_guard clock_steps;
  /// The newest hybrid time of this process, across lives of the writer; 0 before the first. Only the writer uses it.
  std::uint64_t last_stamp = 0;
  /// This start makes the directory the one the cluster begins with. Set before the tree stands.
  bool founding = false;

  address writer;
  address fanout;
  address log_reader;
  address scrubber;
  address reaper;
  address indexer;
  address reconciler;
  address inquirer;
  /// One per peer. Shared with the streams, which may report their end when the node is already gone.
  std::vector<std::shared_ptr<address>> links;

  unsigned members() const { return static_cast<unsigned>(peers.size()) + 1; }
  unsigned majority() const { return members() / 2 + 1; }
  unsigned copies_needed(net::write_quorum quorum) const;
  /// The reason why this node takes no writes when its disk is full, else ok.
  status has_room() const;
};

}  // namespace quorate
