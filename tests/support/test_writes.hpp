// Writes and reads as a test makes them: one key, one value, and the answer; loads of writes; and what their answers
// promise.
//
// `pending` may be waited for on any thread. A load runs its own threads until it is stopped or destroyed.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "net/node_api.hpp"
#include "storage/store.hpp"
#include "tests/support/eventually.hpp"

namespace quorate {

// So that a failed comparison can be read.
inline std::ostream& operator<<(std::ostream& out, const version& v) {
  return out << v.time << '@' << to_number(v.node);
}

}  // namespace quorate

namespace quorate::testing {

struct write_options {
  std::int64_t timeout_ms = 5'000;
  net::write_quorum quorum = net::write_quorum::by_default;
  bool remove = false;
  std::size_t bytes = 256;  ///< what the request says it holds
  net::write_consistency consistency = net::write_consistency::by_default;
  net::when_superseded on_superseded = net::when_superseded::report;
  std::string asked;       ///< the key it says it will change; "" = the one it does change
  bool no_change = false;  ///< its plan finds that there is nothing to change
  bool count = false;      ///< its value is one more than the number that the key has
  key_kind kind = key_kind::memory;
  bool throws = false;   ///< when it is asked for its keys
  bool give_up = false;  ///< its plan finds nothing to do: rejected as not_found once everything else was in order
};

/// A write and what became of it. Times are of the node's steady clock.
struct recorded_write {
  std::string node;
  std::string key;
  std::string value;
  std::int64_t started_us = 0;
  std::int64_t ended_us = 0;
  std::int64_t deadline_us = 0;
  net::write_answer answer;

  bool ok() const { return answer.outcome.ok(); }
  /// "ok" or the name of the error.
  std::string outcome() const { return std::string(name_of(answer.outcome.code())); }
  std::int64_t took_ms() const { return (ended_us - started_us) / 1000; }
  std::int64_t late_ms() const { return (ended_us - deadline_us) / 1000; }
};

/// The end of a write that was submitted.
class pending {
 public:
  bool answered() const;
  /// The write with its answer, after at most `bound` past its deadline; then a failed test.
  recorded_write wait(std::chrono::milliseconds bound = patience);
  /// How often its changes were planned.
  int plans() const { return plans_; }
  /// The value its key had when they were planned last; "" when there was none.
  std::string seen() const;

 private:
  friend class key_write;
  friend std::shared_ptr<pending> submit(net::node_api&, const std::string&, const std::string&, const write_options&);

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  bool answered_ = false;
  std::atomic<int> plans_{0};
  std::string seen_;
  recorded_write record_;
};

std::shared_ptr<pending> submit(net::node_api& node, const std::string& key, const std::string& value,
                                const write_options& options = {});
recorded_write write(net::node_api& node, const std::string& key, const std::string& value,
                     const write_options& options = {});

struct read_options {
  std::int64_t timeout_ms = 5'000;
};

/// A read through a quorum and what became of it. Times are of the node's steady clock.
struct recorded_read {
  std::string key;
  std::int64_t started_us = 0;
  std::int64_t ended_us = 0;
  std::int64_t deadline_us = 0;
  net::read_answer answer;

  bool ok() const { return answer.outcome.ok(); }
  /// "ok" or the name of the error.
  std::string outcome() const { return std::string(name_of(answer.outcome.code())); }
  /// The value that was read; "" when there is none.
  std::string value() const { return answer.record && !answer.record->deleted ? answer.record->value : std::string(); }
  version stamp() const { return answer.record ? answer.record->stamp : version{}; }
  std::int64_t took_ms() const { return (ended_us - started_us) / 1000; }
  std::int64_t late_ms() const { return (ended_us - deadline_us) / 1000; }
};

/// The end of a read that was asked for.
class pending_read {
 public:
  bool answered() const;
  /// The read with its answer, after at most `bound` past its deadline; then a failed test.
  recorded_read wait(std::chrono::milliseconds bound = patience);

 private:
  friend class key_read;
  friend std::shared_ptr<pending_read> begin_read(net::node_api&, const std::string&, const read_options&);

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  bool answered_ = false;
  recorded_read record_;
};

std::shared_ptr<pending_read> begin_read(net::node_api& node, const std::string& key, const read_options& options = {});
recorded_read read(net::node_api& node, const std::string& key, const read_options& options = {});

struct load_options {
  unsigned writers = 4;
  std::int64_t timeout_ms = 1'000;
  std::size_t keys = 0;  ///< overwrites that many keys; 0 = a fresh key for every write
  std::string prefix = "load";
  net::write_consistency consistency = net::write_consistency::by_default;
};

/// Threads that write through a node, one write after the other each.
class load {
 public:
  load(net::node_api& node, std::string name, load_options options = {});
  ~load() { stop(); }
  load(const load&) = delete;
  load& operator=(const load&) = delete;

  /// No write is unanswered when this returns.
  void stop();
  std::size_t acknowledged() const { return acknowledged_; }
  std::vector<recorded_write> history() const;

 private:
  void run(unsigned writer);

  net::node_api& node_;
  const std::string name_;
  const load_options options_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> acknowledged_{0};
  mutable std::mutex mutex_;
  std::vector<recorded_write> history_;
  std::vector<std::thread> threads_;
};

/// The longest time an answer came after its deadline.
std::int64_t latest_answer_ms(const std::vector<recorded_write>& history);

/// Acknowledged writes that the store does not hold: neither they nor a newer version of their key is there.
std::vector<recorded_write> missing_in(const storage::store& store, const std::vector<recorded_write>& history);

/// Acknowledged writes whose version is below that of a write of the same key that was acknowledged before they began.
std::vector<recorded_write> stale_in(const std::vector<recorded_write>& history);

}  // namespace quorate::testing
