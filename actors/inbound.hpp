// The receiving end of the peer links: who may open one, and what happens to the frames.
//
// Called by the transport's threads. Decisions that need no actor are made here at once (identity, heartbeats, so
// that a node whose disk is slow still answers them); entries go to the writer's inbox. Nothing a caller says is used
// before it has shown that it is a member, and nothing after that which cannot be (core/peer_rules.hpp).
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/core/log_vector.hpp"
#include "net/node_api.hpp"
#include "proto/record.hpp"
#include "proto/status.hpp"

namespace quorate::v1 {
class Finding;
class Hello;
class PeerAnswer;
class Sealed;
class Welcome;
}  // namespace quorate::v1

namespace quorate {

class board;
class inbound_gate;
struct node_context;

/// One stream a peer opened. At most one per peer is current; the others are closed.
class inbound_session : public net::inbound_link, public std::enable_shared_from_this<inbound_session> {
 public:
  /// A caller that says it is this peer. It has to prove it with its next frame.
  inbound_session(node_context& context, inbound_gate& gate, std::size_t peer, std::string caller_nonce,
                  std::string own_nonce, std::shared_ptr<net::answer_sink> answers);

  void on_frame(v1::PeerFrame&& frame) override;
  void on_closed() override;

  /// The writer's answer to a batch. Dropped once the session is closed.
  void answer(v1::PeerAnswer&& answer);
  /// A batch of this session died with the writer: end the stream, the peer sends again on a new one.
  void on_batch_lost();
  void close(const status& why);

  std::size_t peer() const { return peer_; }
  /// Of the process that calls; 0 before it has shown who it is.
  std::uint64_t instance() const { return instance_; }
  std::uint64_t disk() const { return disk_; }
  bool closed() const { return closed_; }
  bool alive(std::int64_t now_us) const;
  std::int64_t heard_us() const { return heard_us_; }

 private:
  void take_hello(const v1::Sealed& sealed);
  /// What the peer announces of itself is remembered, and it is welcomed.
  void begin(const v1::Hello& hello, core::log_vector vector, v1::Welcome&& welcome);
  void take_heartbeat(const v1::PeerFrame& frame);
  void take_entries(v1::PeerFrame& frame);
  void take_questions(const v1::PeerFrame& frame);
  void take_write_backs(v1::PeerFrame& frame);
  /// Sends the answer; ends the stream of a peer that does not read them.
  void tell(v1::PeerAnswer&& answer);
  /// The peer did what cannot be taken: count it, say so, end the stream.
  void refuse(const status& why);

  node_context& context_;
  inbound_gate& gate_;
  const std::size_t peer_;
  const std::string caller_nonce_;
  const std::string own_nonce_;
  std::atomic<std::uint64_t> instance_{0};
  std::atomic<std::uint64_t> disk_{0};
  const std::shared_ptr<net::answer_sink> answers_;
  std::atomic<std::int64_t> heard_us_;
  std::atomic<bool> open_{false};
  std::atomic<bool> closed_{false};
  core::log_vector announced_;  ///< what the peer was told; only on_frame touches it
  friend class inbound_gate;
};

/// Says what this node is, so that its peers know what its answers are worth: complete or not, full or not. To be set
/// before what is answered is looked up.
void introduce(const board& facts, v1::PeerAnswer& answer);

/// What a member holds of a key, as the answer to a question or a write-back; the value only above `known`.
void fill(const record_key& key, const stored_record& held, const version& known, v1::Finding* out);

/// Admits peers. One per node.
class inbound_gate {
 public:
  explicit inbound_gate(node_context& context) : context_(context), current_(count_of(context)) {}

  /// Somebody knocks: is challenged, or refused. `local`: it calls from this machine.
  result<std::shared_ptr<net::inbound_link>> accept(const v1::Knock& knock, bool local,
                                                    std::shared_ptr<net::answer_sink> answers,
                                                    v1::Challenge* challenge);
  /// Ends the session with this peer, if there is one.
  void close(std::size_t peer, const status& why);
  /// Ends all sessions and admits no more.
  void shut(const status& why);
  /// Ends those whose callers have not shown in time who they are.
  void sweep();

 private:
  friend class inbound_session;

  static std::size_t count_of(const node_context& context);
  /// The peer that it says it is.
  result<std::size_t> identify(const v1::Knock& knock, bool local) const;
  /// Its proof fits; now what it says of itself decides. Fills the welcome.
  status admit(const std::shared_ptr<inbound_session>& session, const v1::Hello& hello);

  node_context& context_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<inbound_session>> current_;
  std::deque<std::weak_ptr<inbound_session>> challenged_;
  bool shut_ = false;
};

}  // namespace quorate
