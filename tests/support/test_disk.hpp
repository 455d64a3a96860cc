// A node's disk in a test: a memory store that outlives the nodes started on it, and whose commits and reads can be
// held up, failed or made to throw while a node runs on it.
//
// Any thread. The node gets a store that forwards to the one kept here.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "storage/memory_store.hpp"

namespace quorate::testing {

class test_disk {
 public:
  test_disk();

  /// What a node is started on. The disk must outlive it; one at a time.
  std::unique_ptr<storage::store> open();
  storage::memory_store& store() { return *store_; }
  const storage::memory_store& store() const { return *store_; }

  /// Commits wait from now on, until `let_commits_go`.
  void hold_commits();
  void let_commits_go();
  void let_one_commit_go();
  /// The commit that waits, or the next one, throws; the others go.
  void lose_commit();
  bool commit_waits() const { return commits_waiting_ != 0; }
  /// The commits that bring entries fail from now on, until power_cut().
  void fail_commits() { failing_ = true; }
  /// As above, for want of space that was there when the node looked.
  void run_out_of_space() { running_out_ = true; }
  void power_cut();
  void wipe();

  /// Somebody else fills the disk, or makes room on it again.
  void fill() { store_->free = 0; }
  void make_room() { store_->free = std::numeric_limits<std::uint64_t>::max(); }

  /// Reads of logs wait from now on, until `let_reads_go`.
  void hold_reads();
  void let_reads_go();
  int reads_waiting() const { return reads_waiting_; }

  /// The next read of this record waits, what it found in hand, until `let_get_go`.
  void hold_next_get(std::string key);
  void let_get_go();
  bool get_waits() const { return gets_waiting_ != 0; }

  /// Reads of this record find it damaged, and so does a reading of the whole disk; empty = none.
  void damage(std::string key);
  /// Times the whole disk was read through to its end.
  int verified() const { return verified_; }

  /// Reads of this record throw, as a defect in a merge would; empty = none.
  void make_poisonous(std::string key);
  int poisoned_reads() const { return poisoned_reads_; }

  /// The value under the key; "" when there is none.
  std::string value_of(const std::string& key) const;
  version version_of(const std::string& key) const;

 private:
  friend class forwarding_store;
  friend class forwarding_verification;

  status before_commit(const storage::write_group& group);
  void before_read();
  bool is_damaged(const std::string& key);
  void before_get(const record_key& key);
  void after_get(const record_key& key);

  const std::unique_ptr<storage::memory_store> store_;
  std::atomic<bool> failing_{false};
  std::atomic<bool> running_out_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool commits_held_ = false;
  bool commit_lost_ = false;
  int commits_let_go_ = 0;
  bool reads_held_ = false;
  bool get_held_ = false;
  std::string held_key_;  ///< of the read that is to be held; empty = none
  std::string poisonous_;
  std::string damaged_;
  std::atomic<int> commits_waiting_{0};
  std::atomic<int> reads_waiting_{0};
  std::atomic<int> gets_waiting_{0};
  std::atomic<int> poisoned_reads_{0};
  std::atomic<int> verified_{0};
};

}  // namespace quorate::testing
