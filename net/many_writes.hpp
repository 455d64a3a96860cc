// Writes that belong to one call but are made one by one, because together they would not fit an entry: hands them to
// the node in portions, waits for each portion and counts how they ended.
//
// For the files of net/memory_service and what runs by itself. Blocks: on a thread of the read pool, or an own one.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "net/node_api.hpp"
#include "net/write_call.hpp"

namespace quorate::net {

/// How many writes are under way at a time: few against limits::waiting_writes_max, many against a round trip.
inline constexpr std::size_t many_writes_portion = 128;

class write_tally {
 public:
  void begin() {
    std::lock_guard lock(mutex_);
    ++waiting_;
  }
  void end(const status& outcome) {
    std::lock_guard lock(mutex_);
    if (outcome.ok())
      ++done_;
    else if (!left_alone(outcome.code()) && failed_.ok())
      failed_ = outcome;
    if (--waiting_ == 0) all_ended_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    all_ended_.wait(lock, [this] { return waiting_ == 0; });
  }
  std::uint64_t done() const { return done_; }
  /// The first error that does not mean that a record is to be left alone.
  const status& failed() const { return failed_; }

 private:
  /// Nothing to do any more, or somebody else was at it at the same time and theirs is newer.
  static bool left_alone(errc code) {
    return code == errc::not_found || code == errc::superseded || code == errc::conflict;
  }

  std::mutex mutex_;
  std::condition_variable all_ended_;
  std::size_t waiting_ = 0;
  std::uint64_t done_ = 0;
  status failed_;
};

template <class Change>
class counted_write final : public planned_request<Change> {
 public:
  counted_write(Change change, std::shared_ptr<write_tally> tally)
      : planned_request<Change>(std::move(change)), tally_(std::move(tally)) {
    tally_->begin();
  }
  void finish(const write_answer& end) noexcept override { tally_->end(end.outcome); }

 private:
  std::shared_ptr<write_tally> tally_;
};

/// Makes the writes, each with a deadline of its own but none after `deadline_us`. A change whose plan says
/// errc::not_found is left out, and one that meets a newer write is not repeated. The result is how many were made;
/// when one fails, no further portion is begun, and the error says how many were made by then.
template <class Change>
result<std::uint64_t> write_all(node_api& node, const write_terms& terms, std::int64_t deadline_us,
                                std::vector<Change> changes) {
  auto tally = std::make_shared<write_tally>();
  for (std::size_t first = 0; first < changes.size() && tally->failed().ok(); first += many_writes_portion) {
    const auto now_us = node.time().steady_us();
    if (now_us >= deadline_us) {
      return status(errc::deadline_exceeded, std::to_string(tally->done()) + " of " + std::to_string(changes.size())
                                                 + " were done in time; call again for the others");
    }
    std::vector<write_ticket> tickets;
    for (std::size_t i = first; i < std::min(first + many_writes_portion, changes.size()); ++i) {
      auto one = std::make_unique<counted_write<Change>>(std::move(changes[i]), tally);
      apply(terms, one.get());
      one->on_superseded = when_superseded::report;
      one->deadline_us = std::min(deadline_us, now_us + node.quorum_timeout_us());
      one->bytes = 1'024;
      tickets.emplace_back(std::move(one));
    }
    node.submit(std::move(tickets));
    tally->wait();
  }
  if (tally->failed().ok()) return tally->done();
  return status(tally->failed().code(), std::to_string(tally->done()) + " of " + std::to_string(changes.size())
                                            + " were done, then: " + tally->failed().message());
}

}  // namespace quorate::net
