// What the gRPC services call *up* through: the node, without its actors.
//
// Implemented by actors/node. Every call: any thread, never blocks on disk or network beyond a read of the store.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proto/clock.hpp"
#include "proto/record.hpp"
#include "proto/status.hpp"

namespace quorate::v1 {
class ActorsReply;
class DigestReply;
class DrillRequest;
class Hello;
class PeerAnswer;
class PeerFrame;
class StatusReply;
class Welcome;
}  // namespace quorate::v1

namespace quorate::net {

/// How many copies a write asks for before its answer.
enum class write_quorum : std::uint8_t { by_default, one, majority, all };

/// The end of one write. `code` ok: durable on `copies` >= `copies_needed` members, each of which had nothing newer.
struct write_answer {
  status outcome;
  version stamp;          ///< zero when the write was never stamped
  version superseded_by;  ///< set when outcome is errc::superseded
  std::uint32_t copies_needed = 0;
  std::uint32_t copies = 0;
};

/// One write on its way through the node. `plan` runs once, on the writer's thread; `finish` runs exactly once, on
/// any thread, and must not block or throw. Implementations answer their gRPC call in `finish`.
class write_request {
 public:
  virtual ~write_request() {
    if (open_writes) open_writes->fetch_sub(1);
  }
  /// What to change, given the newest versions (earlier writes of the same group included) and the version this
  /// write will have. An error ends the write as rejected; nothing is written.
  virtual result<std::vector<mutation>> plan(const record_reader& now, const version& stamp) = 0;
  virtual void finish(const write_answer& answer) noexcept = 0;

  write_quorum quorum = write_quorum::by_default;
  std::int64_t deadline_us = 0;  ///< steady clock; the answer comes no later
  std::size_t bytes = 0;         ///< about what it holds in memory, for the bounds
  /// Set by the node that took it over, to know when all are answered.
  std::atomic<std::size_t>* open_writes = nullptr;
};

/// Sole owner of a write_request. However it is lost (an actor dies, a queue is dropped), the request is answered:
/// an unfinished ticket answers outcome_unknown when it is destroyed.
class write_ticket {
 public:
  write_ticket() = default;
  explicit write_ticket(std::unique_ptr<write_request> request) : request_(std::move(request)) {}
  write_ticket(write_ticket&&) noexcept = default;
  write_ticket& operator=(write_ticket&& other) noexcept {
    if (this != &other) {
      abandon();
      request_ = std::move(other.request_);
    }
    return *this;
  }
  ~write_ticket() { abandon(); }

  explicit operator bool() const { return request_ != nullptr; }
  write_request* operator->() const { return request_.get(); }
  void finish(const write_answer& answer) noexcept {
    if (auto request = std::move(request_)) request->finish(answer);
  }

 private:
  void abandon() noexcept {
    if (request_) finish({status(errc::outcome_unknown, "the actor that held the write died"), {}, {}, 0, 0});
  }
  std::unique_ptr<write_request> request_;
};

/// Sends answers back to a peer on the stream it opened. Any thread, never blocks; dropped once the stream is dead.
class answer_sink {
 public:
  virtual ~answer_sink() = default;
  virtual void send(v1::PeerAnswer&& answer) = 0;
  /// Ends the stream with this error.
  virtual void close(const status& why) = 0;
};

/// The receiving end of a stream a peer opened. Called by the transport, one call at a time.
class inbound_link {
 public:
  virtual ~inbound_link() = default;
  virtual void on_frame(v1::PeerFrame&& frame) = 0;
  virtual void on_closed() = 0;
};

class node_api {
 public:
  virtual ~node_api() = default;

  /// Takes the writes over; each is answered by its deadline, in any order. Refuses at once with errc::overloaded
  /// or errc::shutting_down when it must. All or none of `tickets` are queued.
  virtual void submit(std::vector<write_ticket>&& tickets) = 0;

  /// This node's copy.
  virtual const record_reader& records() const = 0;
  virtual const clock& time() const = 0;
  /// How long a write waits for its quorum unless its caller has less time.
  virtual std::int64_t quorum_timeout_us() const = 0;

  /// A peer opened a stream and said hello. Fills `welcome`; errors: wrong_cluster, wrong_node (not a member, or
  /// meant for somebody else), in_use (another live process has that name), invalid_argument (protocol).
  virtual result<std::shared_ptr<inbound_link>> accept(const v1::Hello& hello, std::shared_ptr<answer_sink> answers,
                                                       v1::Welcome* welcome) = 0;

  virtual void describe(v1::StatusReply* reply) const = 0;
  virtual void describe(v1::ActorsReply* reply) const = 0;
  virtual status describe(v1::DigestReply* reply) const = 0;
  virtual status drill(const v1::DrillRequest& request) = 0;
};

}  // namespace quorate::net
