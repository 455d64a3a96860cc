#include "chaos/sim/disk.hpp"

#include <limits>
#include <utility>

#include "proto/test_points.hpp"

namespace quorate::sim {

namespace {
const status dead(errc::storage_failure, "the process is dead");
const status damaged(errc::corruption, "a block does not match its checksum");
}  // namespace

class disk::view final : public storage::store {
 public:
  view(disk& d, std::uint64_t life) : disk_(d), life_(life) {}

  result<std::optional<stored_record>> get(const record_key& key) const override {
    if (std::exchange(disk_.read_fails, false)) return damaged;
    return disk_.medium_->store().get(key);
  }
  result<std::vector<record_key>> find(key_kind kind, std::string_view alias) const override {
    return disk_.medium_->store().find(kind, alias);
  }
  result<std::vector<std::string>> aliases_with_prefix(key_kind kind, std::string_view prefix,
                                                       std::size_t count_max) const override {
    return disk_.medium_->store().aliases_with_prefix(kind, prefix, count_max);
  }
  result<record_page> scan(key_kind kind, std::string_view prefix, std::string_view after, std::size_t count_max,
                           std::size_t bytes_max) const override {
    return disk_.medium_->store().scan(kind, prefix, after, count_max, bytes_max);
  }
  result<std::uint64_t> begin_epoch(std::uint64_t unix_ms, std::uint16_t random_bits) override {
    if (life_ != disk_.life_) return dead;
    if (planted(planted_bug::sequence_reuse) && disk_.epoch_ != 0) return disk_.epoch_;
    auto epoch = disk_.medium_->store().begin_epoch(unix_ms, random_bits);
    if (epoch) disk_.epoch_ = *epoch;
    return epoch;
  }
  status commit(const storage::write_group& group) override { return disk_.commit(group, life_); }
  result<std::vector<encoded_entry>> read_log(const log_id& log, sequence_number first,
                                              std::size_t bytes_max) const override {
    if (std::exchange(disk_.read_fails, false)) return damaged;
    return disk_.medium_->store().read_log(log, first, bytes_max);
  }
  result<storage::store_summary> summary() const override { return disk_.medium_->store().summary(); }
  result<storage::disk_space> space() const override {
    return storage::disk_space{disk_.full_ ? 0 : std::numeric_limits<std::uint64_t>::max(), limits::disk_reserve_bytes};
  }

 private:
  disk& disk_;
  const std::uint64_t life_;
};

std::unique_ptr<storage::store> disk::open() {
  medium_->reopen();
  return std::make_unique<view>(*this, life_);
}

status disk::commit(const storage::write_group& group, std::uint64_t life) {
  if (life != life_) return dead;
  if (fails) return {errc::storage_failure, "input/output error"};
  if (runs_out && !group.entries.empty()) return {errc::disk_full, "no space left on device"};
  // The writer stands still; everybody else goes on.
  ++under_way_;
  world_.run_until(world_.now_us() + world_.between(sync_us_min, sync_us_max), [&] { return life != life_; });
  --under_way_;
  // Killed meanwhile: the bytes may have made it all the same.
  if (life != life_ && !world_.one_in(2)) return dead;
  if (planted(planted_bug::ack_before_sync)) medium_->lie_about_syncs();
  auto stored = medium_->store().commit(group);
  return life == life_ ? stored : dead;
}

}  // namespace quorate::sim
