// Writers that behave as good clients do: each call has a deadline, and a call that fails for reasons of the node is
// sent to the next node at once. Everything sent and answered goes into a history.
//
// Every writer owns its keys, so the writes of one key follow each other in time. Every other key is written once.
// `start` and the destructor on one thread; the rest from any.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "chaos/history.hpp"

namespace quorate::chaos {

struct workload_options {
  std::vector<std::string> endpoints;  ///< host:port; writer i starts with the i-th
  bool first_endpoint = false;         ///< all start with the first
  unsigned writers = 4;
  std::uint64_t writes = 0;  ///< in all; 0 = until `stop`
  std::size_t content_bytes = 256;
  std::string name_space = "chaos";
  double overwrites = 0;  ///< share of writes that overwrite an earlier key of the writer
  double deletes = 0;     ///< share of writes that delete one
  double give_up = 0;     ///< share of failed calls after which the write is left as it is, not sent elsewhere
  /// Share of writes that are deleted at once when they were acknowledged only after a call of unknown outcome: what
  /// that call left behind must not bring them back.
  double second_thoughts = 0;
  std::uint64_t seed = 1;
  std::chrono::milliseconds call_deadline{1'000};
  std::chrono::milliseconds pause{0};  ///< of each writer between two writes
};

class workload {
 public:
  explicit workload(workload_options options);
  ~workload();

  void start();
  /// No new writes; returns when those under way are answered.
  void stop();
  /// Waits until `writes` are done.
  void join();

  const history& seen() const { return history_; }
  /// Writes that ended acknowledged, whatever attempt did it.
  std::uint64_t writes_done() const { return done_; }
  /// Writes given up after every endpoint was tried several times, though nobody stopped the workload.
  std::uint64_t writes_failed() const { return failed_; }
  /// Calls sent and not yet answered.
  unsigned in_flight() const { return in_flight_; }
  /// The longest time any call took beyond its deadline, in milliseconds; negative when none reached it.
  std::int64_t overdue_ms_max() const { return overdue_ms_; }

 private:
  class writer;
  void record_overdue(std::int64_t milliseconds);

  workload_options options_;
  history history_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> tickets_ = 0;
  std::atomic<std::uint64_t> done_ = 0;
  std::atomic<std::uint64_t> failed_ = 0;
  std::atomic<unsigned> in_flight_ = 0;
  std::atomic<std::int64_t> overdue_ms_ = INT64_MIN;
  std::vector<std::thread> threads_;
};

}  // namespace quorate::chaos
