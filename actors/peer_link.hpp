// peer_link: keeps one stream to one peer open and sends it whatever it lacks.
//
// One per peer, cooperative. State: core::link for what to send, and here the life of the stream: connect, hello,
// heartbeats, suspicion, jittered reconnect. Promises: never more than limits::link_window_bytes_max unacknowledged,
// a dead peer is noticed within limits::suspicion_ms (at once when its socket closes; later only while an entry that is
// large for a slow link is under way). If it dies, its stream is closed and its successor resumes from what the peer
// says it has.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <caf/behavior.hpp>
#include <caf/stateful_actor.hpp>

#include "actors/context.hpp"
#include "actors/core/link.hpp"
#include "actors/messages.hpp"

namespace quorate::v1 {
class Challenge;
class LogAck;
class LogRefusal;
class PeerFrame;
class Sealed;
class Welcome;
}  // namespace quorate::v1

namespace quorate {

/// Whether a stream takes a frame. Set by the stream's thread, taken by the link; the link is told by message only
/// when it has said that it waits, which saves a wake-up for most frames.
struct stream_readiness {
  std::atomic<bool> writable{false};
  std::atomic<bool> wanted{true};
};

struct peer_link_state {
  static inline const char* name = "quorate.link";

  void start(node_context* node, std::size_t peer_index);
  void on_tick();
  void on_answer(const message::stream_answer& m);
  void on_sent(const message::stream_sent& m);
  void on_closed(const message::stream_closed& m);
  void on_chunk(const message::log_chunk& m);
  void on_ask(const message::ask& m);

  /// Sends what there is to send.
  void pump();

  node_context* context = nullptr;
  std::size_t index = 0;
  core::link machine;

 private:
  enum class phase { idle, connecting, greeting, open };

  void connect();
  /// The peer wants to know who calls: says so, once the stream takes a frame.
  void on_challenge(const v1::Challenge& challenge);
  void send_hello();
  /// The peer says who it is. Whether it is, and may be, decides whether the link opens.
  void on_welcome(const v1::Sealed& sealed);
  void become_open(const v1::Welcome& welcome);
  /// The peer broke a rule: count it, say so, end the stream.
  void refuse(const status& why);
  using named_positions = google::protobuf::RepeatedPtrField<v1::LogPosition>;
  /// The same; what the peer's words name of the live log is looked into all the same.
  void refuse(const status& why, const named_positions& vector, const core::known_facts& known);
  void on_ack(const v1::LogAck& ack, bool counts);
  void on_refusal(const v1::LogRefusal& refusal);
  /// Whether this node holds other entries where the peer's logs end.
  void compare(const std::vector<core::hashed_position>& positions);
  void drop(const std::string& why);
  void on_echo(const v1::PeerAnswer& answer);
  /// Acknowledgements that were lost with a stream do not come again; what its vector says of the live log stands for
  /// them, once the peer counts.
  void note_held(const std::vector<core::hashed_position>& vector);
  void tell_held();
  void on_findings(const v1::PeerAnswer& answer);
  void add_heartbeat(v1::PeerFrame& frame);
  bool add_questions(v1::PeerFrame& frame);
  bool pump_once();
  std::int64_t now_ms() const { return context->time.steady_us() / 1000; }

  phase phase_ = phase::idle;
  std::unique_ptr<net::peer_stream> stream_;
  std::uint64_t stream_number_ = 0;          ///< events of other streams are stale
  std::shared_ptr<stream_readiness> ready_;  ///< of the present stream
  std::int64_t connecting_since_ms_ = 0;
  std::string own_nonce_;                         ///< of the present stream
  std::string peer_nonce_;                        ///< likewise; empty before its challenge
  bool hello_due_ = false;                        ///< it waits for the stream to take a frame
  std::map<log_id, sequence_number> forks_told_;  ///< so that each is told once
  log_position held_seen_;                        ///< the live log as the peer's vector has it, with our hash
  log_position held_told_;                        ///< so much of that fanout knows
  std::int64_t heard_ms_ = 0;
  std::int64_t retry_at_ms_ = 0;
  std::int64_t backoff_ms_ = 0;
  std::int64_t reading_since_ms_ = 0;  ///< 0 = no read under way
  std::int64_t probe_at_ms_ = 0;
  std::int64_t heartbeat_at_ms_ = 0;  ///< when the next one is due
  std::uint64_t heartbeat_number_ = 0;
  struct sent_heartbeat {
    std::uint64_t number = 0;
    std::int64_t steady_us = 0;
    std::int64_t wall_ms = 0;
    core::heartbeat_mark mark;
  };
  std::deque<sent_heartbeat> heartbeats_;         ///< not yet echoed, the last few
  std::deque<message::ask::question> questions_;  ///< not yet sent; who asks repeats what gets lost
  std::size_t question_bytes_ = 0;
  std::int64_t fork_pause_ms_ = 0;  ///< after the last refusal of the live log as a fork; 0 = none since it was taken
  bool peer_complete_ = false;      ///< as last published
  bool peer_full_ = false;          ///< likewise
  std::size_t waiting_published_ = 0;
  std::minstd_rand jitter_;
};

caf::behavior peer_link_behavior(caf::stateful_actor<peer_link_state>* self, node_context* context, std::size_t index);

}  // namespace quorate
