#include "tests/support/test_disk.hpp"

#include <stdexcept>
#include <utility>

namespace quorate::testing {

namespace {
const status block_damaged(errc::corruption, "planted damage of a block");
}

/// Of three steps, the second of which meets the damage.
class forwarding_verification final : public storage::verification {
 public:
  explicit forwarding_verification(test_disk& disk) : disk_(disk) {}
  result<std::optional<std::size_t>> next() override {
    if (++step_ == 2 && disk_.is_damaged({})) return block_damaged;
    if (step_ < 3) return std::optional<std::size_t>(1);
    ++disk_.verified_;
    return std::optional<std::size_t>();
  }

 private:
  test_disk& disk_;
  int step_ = 0;
};

class forwarding_store final : public storage::store {
 public:
  explicit forwarding_store(test_disk& disk) : disk_(disk) {}

  result<std::optional<stored_record>> get(const record_key& key) const override {
    disk_.before_get(key);
    if (disk_.is_damaged(key.bytes)) return block_damaged;
    auto found = disk_.store().get(key);
    disk_.after_get(key);
    return found;
  }
  result<std::vector<record_key>> find(key_kind kind, std::string_view alias) const override {
    return disk_.store().find(kind, alias);
  }
  result<std::vector<std::string>> aliases_with_prefix(key_kind kind, std::string_view prefix,
                                                       std::size_t count_max) const override {
    return disk_.store().aliases_with_prefix(kind, prefix, count_max);
  }
  result<record_page> scan(key_kind kind, std::string_view prefix, std::string_view after, std::size_t count_max,
                           std::size_t bytes_max) const override {
    return disk_.store().scan(kind, prefix, after, count_max, bytes_max);
  }
  result<std::uint64_t> begin_epoch(std::uint64_t unix_ms, std::uint16_t random_bits) override {
    return disk_.store().begin_epoch(unix_ms, random_bits);
  }
  status commit(const storage::write_group& group) override { return disk_.store().commit(group); }
  result<std::vector<encoded_entry>> read_log(const log_id& log, sequence_number first,
                                              std::size_t bytes_max) const override {
    disk_.before_read();
    return disk_.store().read_log(log, first, bytes_max);
  }
  result<storage::store_summary> summary() const override { return disk_.store().summary(); }
  std::unique_ptr<storage::verification> verify() const override {
    return std::make_unique<forwarding_verification>(disk_);
  }
  result<storage::disk_space> space() const override { return disk_.store().space(); }

 private:
  test_disk& disk_;
};

test_disk::test_disk() : store_(storage::make_memory_store()) {
  store_->before_commit = [this](const storage::write_group& group) { return before_commit(group); };
}

std::unique_ptr<storage::store> test_disk::open() { return std::make_unique<forwarding_store>(*this); }

status test_disk::before_commit(const storage::write_group& group) {
  std::unique_lock lock(mutex_);
  ++commits_waiting_;
  changed_.wait(lock, [this] { return !commits_held_ || commits_let_go_ > 0; });
  --commits_waiting_;
  if (commits_let_go_ > 0) --commits_let_go_;
  if (std::exchange(commit_lost_, false)) throw std::runtime_error("planted death in a commit");
  if (failing_ && !group.entries.empty()) return {errc::storage_failure, "planted failure of a sync"};
  if (running_out_ && !group.entries.empty()) return {errc::disk_full, "planted lack of space"};
  return {};
}

void test_disk::before_read() {
  std::unique_lock lock(mutex_);
  ++reads_waiting_;
  changed_.wait(lock, [this] { return !reads_held_; });
  --reads_waiting_;
}

void test_disk::before_get(const record_key& key) {
  std::lock_guard lock(mutex_);
  if (poisonous_.empty() || key.bytes != poisonous_) return;
  ++poisoned_reads_;
  throw std::runtime_error("planted defect");
}

void test_disk::after_get(const record_key& key) {
  std::unique_lock lock(mutex_);
  if (held_key_.empty() || key.bytes != held_key_) return;
  held_key_.clear();
  ++gets_waiting_;
  changed_.wait(lock, [this] { return !get_held_; });
  --gets_waiting_;
}

void test_disk::hold_next_get(std::string key) {
  std::lock_guard lock(mutex_);
  held_key_ = std::move(key);
  get_held_ = true;
}

void test_disk::let_get_go() {
  std::lock_guard lock(mutex_);
  held_key_.clear();
  get_held_ = false;
  changed_.notify_all();
}

void test_disk::hold_commits() {
  std::lock_guard lock(mutex_);
  commits_held_ = true;
}

void test_disk::let_commits_go() {
  std::lock_guard lock(mutex_);
  commits_held_ = false;
  commits_let_go_ = 0;
  changed_.notify_all();
}

void test_disk::let_one_commit_go() {
  std::lock_guard lock(mutex_);
  ++commits_let_go_;
  changed_.notify_all();
}

void test_disk::lose_commit() {
  std::lock_guard lock(mutex_);
  commit_lost_ = true;
  commits_held_ = false;
  changed_.notify_all();
}

void test_disk::hold_reads() {
  std::lock_guard lock(mutex_);
  reads_held_ = true;
}

void test_disk::let_reads_go() {
  std::lock_guard lock(mutex_);
  reads_held_ = false;
  changed_.notify_all();
}

void test_disk::power_cut() {
  failing_ = running_out_ = false;
  store_->power_cut();
}

void test_disk::damage(std::string key) {
  std::lock_guard lock(mutex_);
  damaged_ = std::move(key);
}

bool test_disk::is_damaged(const std::string& key) {
  std::lock_guard lock(mutex_);
  return !damaged_.empty() && (key.empty() || key == damaged_);
}

void test_disk::wipe() {
  failing_ = running_out_ = false;
  damage({});
  store_->wipe();
}

void test_disk::make_poisonous(std::string key) {
  std::lock_guard lock(mutex_);
  poisonous_ = std::move(key);
}

std::string test_disk::value_of(const std::string& key) const {
  const auto found = store_->get({key_kind::memory, key});
  return found && *found && !(*found)->deleted ? (*found)->value : std::string();
}

version test_disk::version_of(const std::string& key) const {
  const auto found = store_->get({key_kind::memory, key});
  return found && *found ? (*found)->stamp : version{};
}

}  // namespace quorate::testing
