// The receiving end of the peer links: who may open one, and what happens to the frames.
//
// Called by the transport's threads. Decisions that need no actor are made here at once (identity, heartbeats, so
// that a node whose disk is slow still answers them); entries go to the writer's inbox.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "actors/core/log_vector.hpp"
#include "net/node_api.hpp"
#include "proto/record.hpp"
#include "proto/status.hpp"

namespace quorate::v1 {
class Finding;
class PeerAnswer;
}  // namespace quorate::v1

namespace quorate {

class board;
struct node_context;

/// One stream a peer opened. At most one per peer is current; the others are closed.
class inbound_session : public net::inbound_link, public std::enable_shared_from_this<inbound_session> {
 public:
  inbound_session(node_context& context, std::size_t peer, const v1::Hello& hello, core::log_vector announced,
                  std::shared_ptr<net::answer_sink> answers);

  void on_frame(v1::PeerFrame&& frame) override;
  void on_closed() override;

  /// The writer's answer to a batch. Dropped once the session is closed.
  void answer(v1::PeerAnswer&& answer);
  /// A batch of this session died with the writer: end the stream, the peer sends again on a new one.
  void on_batch_lost();
  void close(const status& why);

  std::size_t peer() const { return peer_; }
  std::uint64_t instance() const { return instance_; }
  std::uint64_t disk() const { return disk_; }
  bool closed() const { return closed_; }
  bool alive(std::int64_t now_us) const;

 private:
  void take_entries(v1::PeerFrame& frame);
  void take_questions(const v1::PeerFrame& frame);
  void take_write_backs(v1::PeerFrame& frame);
  /// The peer sent what is no entry or value: say so, end the stream.
  void refuse_bytes(const status& why);

  node_context& context_;
  const std::size_t peer_;
  const std::uint64_t instance_;
  const std::uint64_t disk_;
  const std::shared_ptr<net::answer_sink> answers_;
  std::atomic<std::int64_t> heard_us_;
  std::atomic<bool> closed_{false};
  core::log_vector announced_;  ///< what the peer was told; only on_frame touches it
};

/// Says what this node is, so that its peers know what its answers are worth: complete or not, full or not. To be set
/// before what is answered is looked up.
void introduce(const board& facts, v1::PeerAnswer& answer);

/// What a member holds of a key, as the answer to a question or a write-back; the value only above `known`.
void fill(const record_key& key, const stored_record& held, const version& known, v1::Finding* out);

/// Admits peers. One per node.
class inbound_gate {
 public:
  explicit inbound_gate(node_context& context);

  result<std::shared_ptr<net::inbound_link>> accept(const v1::Hello& hello, std::shared_ptr<net::answer_sink> answers,
                                                    v1::Welcome* welcome);
  /// Ends the session with this peer, if there is one.
  void close(std::size_t peer, const status& why);
  /// Ends all sessions and admits no more.
  void shut(const status& why);

 private:
  result<std::size_t> identify(const v1::Hello& hello) const;

  node_context& context_;
  std::string members_;  ///< all names, sorted, for comparison with what a peer says
  std::mutex mutex_;
  std::vector<std::shared_ptr<inbound_session>> current_;
  bool shut_ = false;
};

}  // namespace quorate
