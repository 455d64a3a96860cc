// What waits for the writer: writes of clients, entries of peers. Outlives the writer's incarnations.
//
// Any thread puts in, the writer takes out, a whole group at a time. One doorbell message wakes the writer however
// many things arrive meanwhile. Bounded in count and bytes: past the bounds nothing is taken in, and the caller says
// so to the client or peer.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "net/node_api.hpp"
#include "proto/record.hpp"

namespace quorate {

class inbound_session;

/// Entries a peer sent in one frame. Dropped before `settle` (the writer died with it in hand), it ends the peer's
/// stream, so that the peer connects again and sends them again.
class peer_batch {
 public:
  peer_batch(std::shared_ptr<inbound_session> from, std::size_t size) : bytes(size), from_(std::move(from)) {}
  peer_batch(peer_batch&&) noexcept = default;
  peer_batch& operator=(peer_batch&&) noexcept = default;
  ~peer_batch();

  /// It was dealt with: its session is handed over for the answer.
  std::shared_ptr<inbound_session> settle() { return std::move(from_); }
  const inbound_session& from() const { return *from_; }

  struct arrived_entry {
    entry content;  ///< of one that is not readable only its place
    shared_bytes encoded;
    status readable;  ///< why it cannot be taken as it came
  };
  std::vector<arrived_entry> entries;
  std::size_t bytes = 0;
  bool counted = false;  ///< the sender is complete

 private:
  std::shared_ptr<inbound_session> from_;
};

/// A value that a read wants this node to hold. Lost with the writer: who wants it says so again.
struct written_back {
  record_key key;
  stored_record record;
  std::uint64_t number = 0;
  std::shared_ptr<inbound_session> from;  ///< none: a read of this node
};

class writer_inbox {
 public:
  /// `ring` wakes the writer; called outside the lock, only when it is not already awake.
  explicit writer_inbox(std::function<void()> ring) : ring_(std::move(ring)) {}

  /// Takes all of them (and empties `tickets`) or none.
  bool submit(std::vector<net::write_ticket>& tickets);
  bool deliver(peer_batch&& batch);
  bool deliver(written_back&& value);

  struct work {
    std::vector<peer_batch> batches;
    std::vector<written_back> write_backs;
    std::vector<net::write_ticket> writes;
    bool more = false;  ///< something was left behind: come again
    bool empty() const { return batches.empty() && write_backs.empty() && writes.empty(); }
  };
  /// About one group's worth, peers' entries first. Only the writer calls this.
  work take();

  /// Writes whose deadline has come while they waited; nothing has been done for them.
  std::vector<net::write_ticket> expire(std::int64_t now_us);

  /// Drops everything that waits (tickets and batches answer for themselves) and takes nothing more in.
  void close();

  std::size_t waiting() const;

 private:
  const std::function<void()> ring_;
  mutable std::mutex mutex_;
  std::deque<net::write_ticket> writes_;
  std::deque<peer_batch> batches_;
  std::vector<written_back> write_backs_;
  std::size_t write_bytes_ = 0;
  std::size_t peer_bytes_ = 0;
  std::size_t write_back_bytes_ = 0;
  bool rung_ = false;
  bool closed_ = false;
};

}  // namespace quorate
