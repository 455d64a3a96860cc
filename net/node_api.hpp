// What the gRPC services call *up* through: the node, without its actors.
//
// Implemented by actors/node. Every call: any thread, never blocks on disk or network beyond a read of the store, but
// for `back_up`.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "memory/text_index.hpp"
#include "proto/clock.hpp"
#include "proto/record.hpp"
#include "proto/snapshot_reading.hpp"
#include "proto/status.hpp"

namespace quorate::v1 {
class ActorsReply;
class BackupIntoReply;
class BackupIntoRequest;
class Challenge;
class DigestReply;
class DrillRequest;
class Knock;
class PeerAnswer;
class PeerFrame;
class StatusReply;
}  // namespace quorate::v1

namespace quorate::net {

/// How many copies a write asks for before its answer.
enum class write_quorum : std::uint8_t { by_default, one, majority, all };

/// What a write is ordered against. `by_default`: after every acknowledged write of the record, or it is answered
/// "superseded". `linearizable`: members are asked first, so only a concurrent write can supersede it.
enum class write_consistency : std::uint8_t { by_default, linearizable };

/// What becomes of a write that is durable but found a newer version: its caller is told, or it is repeated once, as
/// a new and linearizable write.
enum class when_superseded : std::uint8_t { report, retry };

/// The end of one write. `code` ok: durable on `copies` >= `copies_needed` members, each of which had nothing newer.
struct write_answer {
  status outcome;
  version stamp;          ///< zero when the write was never stamped
  version superseded_by;  ///< set when outcome is errc::superseded
  std::uint32_t copies_needed = 0;
  std::uint32_t copies = 0;
  bool retried = false;   ///< the answer is that of the repeated write; the first one was superseded
  log_position position;  ///< its place in this node's log; sequence 0 when it was never stamped
};

/// A key the members are asked about, and the version this node has or had.
struct asked_key {
  record_key key;
  version known;
};

/// One write on its way through the node. `plan` runs on the writer's thread, once, and once more when the write is
/// repeated; `finish` runs exactly once, on any thread, and must not block or throw. Implementations answer their gRPC
/// call in `finish`.
class write_request {
 public:
  using answer_type = write_answer;

  virtual ~write_request() {
    if (open_writes) open_writes->fetch_sub(1);
  }
  /// The keys it is about to change, as far as `now` tells; for linearizable writes, asked before `plan`.
  virtual std::vector<record_key> keys(const record_reader& /*now*/) const { return {}; }
  /// What to change, given the newest versions (earlier writes of the same group included) and the version this
  /// write will have. An error ends the write as rejected; nothing is written. No changes: nothing is written either,
  /// and the answer is ok, without a version and copies.
  virtual result<std::vector<mutation>> plan(const record_reader& now, const version& stamp) = 0;
  virtual void finish(const write_answer& answer) noexcept = 0;

  write_quorum quorum = write_quorum::by_default;
  write_consistency consistency = write_consistency::by_default;
  when_superseded on_superseded = when_superseded::report;
  /// It is stamped just above the versions it replaces instead of now: any write made since they were stamped, known
  /// here or not, wins over it. For what time does by itself, such as the collection of expired records.
  bool yields = false;
  std::int64_t deadline_us = 0;  ///< steady clock; the answer comes no later
  std::size_t bytes = 0;         ///< about what it holds in memory, for the bounds
  /// Set by the node that took it over, to know when all are answered.
  std::atomic<std::size_t>* open_writes = nullptr;

  /// What the node has found out about it; the node's own business.
  struct {
    std::vector<asked_key> keys;
    std::uint64_t floor = 0;                                  ///< hybrid time it must be stamped above
    std::vector<std::pair<record_key, stored_record>> newer;  ///< what members hold that this node may lack
    std::optional<write_answer> superseded;                   ///< the end of its first attempt
    log_position position;                                    ///< where it was written
    bool unasked = false;  ///< members hold what it was not planned on: to be asked about its keys, then planned again
  } found;
};

/// The end of a read. `record`: the newest version, tombstones included; nothing when the key was never written.
struct read_answer {
  status outcome;
  std::optional<stored_record> record;
};

/// A read of one record that asks the members (QUORUM). `finish` as that of a write_request.
class read_request {
 public:
  using answer_type = read_answer;

  virtual ~read_request() = default;
  virtual void finish(const read_answer& answer) noexcept = 0;

  record_key key;
  std::int64_t deadline_us = 0;  ///< steady clock; the answer comes no later
};

/// Whether a request that is lost with its ticket is answered: always, but for a planted bug (net/ticket.cpp).
bool lost_tickets_are_answered() noexcept;

/// Sole owner of a request. However it is lost (an actor dies, a queue is dropped), the request is answered: an
/// unfinished ticket answers outcome_unknown when it is destroyed.
template <class Request>
class ticket {
 public:
  ticket() = default;
  explicit ticket(std::unique_ptr<Request> request) : request_(std::move(request)) {}
  ticket(ticket&&) noexcept = default;
  ticket& operator=(ticket&& other) noexcept {
    if (this != &other) {
      abandon();
      request_ = std::move(other.request_);
    }
    return *this;
  }
  ~ticket() { abandon(); }

  explicit operator bool() const { return request_ != nullptr; }
  Request* operator->() const { return request_.get(); }
  void finish(typename Request::answer_type answer) noexcept {
    auto request = std::move(request_);
    if (!request) return;
    if constexpr (std::is_same_v<Request, write_request>) {
      answer.position = request->found.position;
      if (auto& first = request->found.superseded) {
        // What was stored stays stored: a second attempt that came to nothing does not make it "on no node".
        if (!answer.outcome.ok() && outcome_of(answer.outcome.code()) == error_outcome::rejected) answer = *first;
        answer.retried = true;
      }
    }
    request->finish(answer);
  }

 private:
  void abandon() noexcept {
    if (!request_ || !lost_tickets_are_answered()) return;
    typename Request::answer_type lost;
    lost.outcome = status(errc::outcome_unknown, "the actor that held the request died");
    finish(std::move(lost));
  }
  std::unique_ptr<Request> request_;
};
using write_ticket = ticket<write_request>;
using read_ticket = ticket<read_request>;

/// Sends answers back to a peer on the stream it opened. Any thread, never blocks; dropped once the stream is dead.
class answer_sink {
 public:
  virtual ~answer_sink() = default;
  /// Not ok, once: why this answer ended the stream. The peer does not read what it is answered.
  virtual status send(v1::PeerAnswer&& answer) = 0;
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

  /// Reads through a quorum of members; answered by its deadline. errc::quorum_unreachable when too few answer,
  /// overloaded, filling.
  virtual void read(read_ticket&& ticket) = 0;

  /// This node's copy.
  virtual const record_reader& records() const = 0;
  /// Calls `then` once with ok when that copy holds this entry: at once, before it returns, when it does already.
  /// Errors: behind at `deadline_us` (steady), invalid_argument of field "session" at once when no member can have
  /// written such an entry, overloaded when too many wait, unavailable at the end of the node. `then`: any thread, must
  /// not block.
  virtual void when_held(const log_position& position, std::int64_t deadline_us, std::function<void(status)> then) = 0;
  virtual node_id self() const = 0;
  /// The words of that copy; it follows `records` by a moment.
  virtual const memory::text_index& words() const = 0;
  virtual const clock& time() const = 0;
  /// How long a write waits for its quorum unless its caller has less time.
  virtual std::int64_t quorum_timeout_us() const = 0;

  /// Somebody opened a stream and knocked; `local`: from this machine. Fills the challenge, which is to be sent first;
  /// the caller's next frame has to show who it is. Errors: wrong_cluster, wrong_node (not a member, or meant for
  /// somebody else), not_permitted (a stranger's machine, and no key), invalid_argument (protocol), malformed.
  virtual result<std::shared_ptr<inbound_link>> accept(const v1::Knock& knock, bool local,
                                                       std::shared_ptr<answer_sink> answers,
                                                       v1::Challenge* challenge) = 0;

  /// A copy of all this node holds, for a backup; none when its store cannot be copied. Not to outlive the node.
  virtual std::unique_ptr<snapshot_reading> snapshot() const { return nullptr; }
  /// This node's copy as it is now, for whoever reads all of it; none when its store cannot hold an instant. Not to
  /// outlive the node.
  virtual std::unique_ptr<record_reader> view() const { return nullptr; }

  /// Adds to the backups in the directory this node was given for them; not_permitted when it was given none. Blocks
  /// for as long as it takes to copy what is new: for a thread of its own.
  virtual status back_up(const v1::BackupIntoRequest& /*request*/, v1::BackupIntoReply* /*reply*/) {
    return {errc::not_permitted, "this node makes no backups"};
  }

  virtual void describe(v1::StatusReply* reply) const = 0;
  virtual void describe(v1::ActorsReply* reply) const = 0;
  virtual status describe(v1::DigestReply* reply) const = 0;
  virtual status drill(const v1::DrillRequest& request) = 0;
};

}  // namespace quorate::net
