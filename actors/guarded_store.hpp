// The node's store as everybody in the node sees it: the first read, write or check that finds damage ends its use.
//
// Owned by the node, around the real store; any thread, as the store below. The finding is told once, on the thread
// that made it, and nothing is served from then on: what else is wrong on a disk that changed a byte is not known, and
// a read that came back whole by luck helps nobody whose next one does not. Callers that meet damage get
// errc::corruption, whoever comes after the first of them errc::disk_damaged.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "storage/store.hpp"

namespace quorate {

class guarded_store final : public storage::store {
 public:
  guarded_store(std::unique_ptr<storage::store> below, std::function<void(const status& damage)> on_damage)
      : below_(std::move(below)), on_damage_(std::move(on_damage)) {}

  result<std::optional<stored_record>> get(const record_key& key) const override {
    return guarded([&] { return below_->get(key); });
  }
  result<std::vector<record_key>> find(key_kind kind, std::string_view alias) const override {
    return guarded([&] { return below_->find(kind, alias); });
  }
  result<std::vector<std::string>> aliases_with_prefix(key_kind kind, std::string_view prefix,
                                                       std::size_t count_max) const override {
    return guarded([&] { return below_->aliases_with_prefix(kind, prefix, count_max); });
  }
  result<record_page> scan(key_kind kind, std::string_view prefix, std::string_view after, std::size_t count_max,
                           std::size_t bytes_max) const override {
    return guarded([&] { return below_->scan(kind, prefix, after, count_max, bytes_max); });
  }
  result<std::uint64_t> begin_epoch(std::uint64_t unix_ms, std::uint16_t random_bits) override {
    return guarded([&] { return below_->begin_epoch(unix_ms, random_bits); });
  }
  status commit(const storage::write_group& group) override {
    if (damaged_) return refusal();
    return judged(below_->commit(group));
  }
  result<std::vector<encoded_entry>> read_log(const log_id& log, sequence_number first,
                                              std::size_t bytes_max) const override {
    return guarded([&] { return below_->read_log(log, first, bytes_max); });
  }
  result<storage::store_summary> summary() const override {
    return guarded([&] { return below_->summary(); });
  }
  result<storage::disk_space> space() const override {
    return guarded([&] { return below_->space(); });
  }
  /// Its errors may be those of the directory it writes to: they are not held against the store, which the scrubber
  /// reads in its own time.
  result<storage::incremental_backup> back_up(const storage::backup_order& order) const override {
    if (damaged_) return refusal();
    return below_->back_up(order);
  }
  std::unique_ptr<storage::verification> verify() const override;
  std::unique_ptr<snapshot_reading> snapshot() const override;
  std::unique_ptr<record_reader> view() const override;

  /// The same of what somebody else learned of the store below.
  status judged(status outcome) const;

 private:
  class guarded_view;

  status refusal() const {
    return {errc::disk_damaged, "this node's disk was found damaged and is no longer read; ask another node"};
  }

  template <class Read>
  auto guarded(Read read) const -> decltype(read()) {
    if (damaged_) return refusal();
    auto found = read();
    if (!found) return judged(found.error());
    // Found by another thread meanwhile: the rows read may have come from the same place.
    if (damaged_) return refusal();
    return found;
  }

  const std::unique_ptr<storage::store> below_;
  const std::function<void(const status&)> on_damage_;
  mutable std::atomic<bool> damaged_{false};
};

}  // namespace quorate
