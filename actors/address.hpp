// Where an actor is reached, whichever incarnation of it lives now. The one way actors of a node send to each other.
//
// Any thread. A message to an actor that is dead or not yet restarted is dropped; what it carried answers for itself
// (tickets and batches say "unknown" when they are lost). Part of the seam around CAF: send and count.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>

#include <caf/actor.hpp>
#include <caf/mailbox_element.hpp>

namespace quorate {

class address {
 public:
  void set(caf::actor incarnation) {
    caf::actor old;
    {
      std::lock_guard lock(mutex_);
      old = std::exchange(actor_, std::move(incarnation));
      waiting_ = 0;
    }
  }
  void clear() { set(caf::actor()); }

  template <class Message>
  void send(Message&& message) {
    caf::actor to;
    {
      std::lock_guard lock(mutex_);
      to = actor_;
    }
    if (!to) return;
    auto letter = caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, std::forward<Message>(message));
    waiting_.fetch_add(1, std::memory_order_release);
    to->enqueue(std::move(letter), nullptr);
  }

  /// Called by the actor for every message that came through `send`. The order of the counter tells the thread
  /// sanitizer what the library's own, uninstrumented queue guarantees: what was done before, the making of the message
  /// included, is seen here.
  void received() { waiting_.fetch_sub(1, std::memory_order_acq_rel); }
  std::uint64_t waiting() const {
    auto n = waiting_.load(std::memory_order_relaxed);
    return n < 0 ? 0 : static_cast<std::uint64_t>(n);
  }

 private:
  mutable std::mutex mutex_;
  caf::actor actor_;
  std::atomic<std::int64_t> waiting_{0};
};

}  // namespace quorate
