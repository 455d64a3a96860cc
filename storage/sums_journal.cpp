#include "storage/sums_journal.hpp"

#include <algorithm>

#include "proto/ensure.hpp"
#include "storage/big_endian.hpp"
#include "storage/checksum.hpp"

namespace quorate::storage {

namespace {

constexpr std::string_view clock_bound_key = "clock_bound";
constexpr std::string_view counts_key = "counts";
constexpr std::string_view folded_key = "folded";
constexpr std::string_view position_prefix = "position/";
constexpr std::string_view bucket_prefix = "bucket/";
constexpr std::string_view group_prefix = "group/";

enum group_flags : std::uint8_t { has_counts = 1, has_clock_bound = 2 };

void append(std::string& out, const digest_sum& sum) {
  append_big_endian(out, sum.low);
  append_big_endian(out, sum.high);
}

meta_row position_row(const log_id& log, sequence_number end) {
  std::string key(position_prefix);
  append_big_endian(key, to_number(log.origin));
  append_big_endian(key, log.epoch);
  return number_row(std::move(key), end);
}

meta_row bucket_row(std::uint8_t bucket, const digest_sum& sum) {
  std::string key(bucket_prefix);
  append_big_endian(key, bucket);
  return number_row(std::move(key), sum.low, sum.high);
}

bool read_position(std::string_view key, std::string_view stored, std::map<log_id, sequence_number>& positions) {
  byte_reader name(key.substr(position_prefix.size()));
  log_id log;
  log.origin = node_id{name.number<std::uint64_t>()};
  log.epoch = name.number<std::uint64_t>();
  return name.complete() && read_numbers(key, stored, positions[log]);
}

bool read_bucket(std::string_view key, std::string_view stored, digest_buckets& buckets) {
  byte_reader name(key.substr(bucket_prefix.size()));
  const auto bucket = name.number<std::uint8_t>();
  return name.complete() && read_numbers(key, stored, buckets[bucket].low, buckets[bucket].high);
}

}  // namespace

bool sums_reader::read_group(std::string_view key, std::string_view stored) {
  byte_reader name(key.substr(group_prefix.size()));
  const auto slot = name.number<std::uint16_t>();
  const auto payload = unseal(key, stored);
  if (!name.complete() || !payload) return false;
  byte_reader in(*payload);
  group g;
  g.number = in.number<std::uint64_t>();
  const auto flags = in.number<std::uint8_t>();
  if (flags & has_counts) {
    g.counts.emplace();
    g.counts->live = in.number<std::uint64_t>();
    g.counts->tombstones = in.number<std::uint64_t>();
  }
  if (flags & has_clock_bound) g.clock_bound = in.number<std::uint64_t>();
  const auto positions = in.number<std::uint16_t>();
  for (std::uint16_t i = 0; i < positions; ++i) {
    log_position position;
    position.log.origin = node_id{in.number<std::uint64_t>()};
    position.log.epoch = in.number<std::uint64_t>();
    position.sequence = in.number<std::uint64_t>();
    g.positions.push_back(position);
  }
  const auto buckets = in.number<std::uint16_t>();
  for (std::uint16_t i = 0; i < buckets; ++i) {
    const auto bucket = in.number<std::uint8_t>();
    digest_sum sum;
    sum.low = in.number<std::uint64_t>();
    sum.high = in.number<std::uint64_t>();
    g.buckets.emplace_back(bucket, sum);
  }
  if (!in.complete() || g.number % group_slots != slot) return false;
  groups_.push_back(std::move(g));
  return true;
}

bool sums_reader::read(std::string_view key, std::string_view stored) {
  if (key.starts_with(group_prefix)) return read_group(key, stored);
  if (key.starts_with(bucket_prefix)) return read_bucket(key, stored, summary_.buckets);
  if (key.starts_with(position_prefix)) return read_position(key, stored, positions_);
  if (key == clock_bound_key) return read_numbers(key, stored, summary_.clock_bound);
  if (key == counts_key) return read_numbers(key, stored, summary_.counts.live, summary_.counts.tombstones);
  if (key == folded_key) return read_numbers(key, stored, folded_);
  if (key == epoch_key) return read_numbers(key, stored, summary_.epoch);
  if (key == disks_key) {
    auto disks = decode_disks(stored);
    if (disks) summary_.disks = std::move(*disks);
    return disks.ok();
  }
  if (key == members_key) {
    auto members = decode_members(stored);
    if (members) summary_.members = std::move(*members);
    return members.ok();
  }
  return key == format_key || key == identity_key;
}

status sums_reader::add(std::string_view key, std::string_view stored) {
  if (read(key, stored)) return {};
  // Only the readable part of the name: the rest are numbers.
  return damaged_row(key.substr(0, key.find('/')));
}

stored_sums sums_reader::take() {
  stored_sums sums{std::move(summary_), folded_};
  std::sort(groups_.begin(), groups_.end(), [](const group& a, const group& b) { return a.number < b.number; });
  for (const auto& g : groups_) {
    if (g.number <= folded_) continue;
    for (const auto& position : g.positions) positions_[position.log] = position.sequence;
    for (const auto& [bucket, sum] : g.buckets) sums.summary.buckets[bucket] = sum;
    if (g.counts) sums.summary.counts = *g.counts;
    if (g.clock_bound) sums.summary.clock_bound = *g.clock_bound;
    sums.last_group = g.number;
  }
  for (const auto& [log, end] : positions_) sums.summary.vector.push_back({log, end});
  return sums;
}

sums_journal::sums_journal(const stored_sums& held) : sums_(held.summary), last_group_(held.last_group) {
  for (const auto& position : held.summary.vector) positions_[position.log] = position.sequence;
}

sequence_number sums_journal::end_of(const log_id& log) const {
  const auto found = positions_.find(log);
  return found == positions_.end() ? 0 : found->second;
}

std::vector<meta_row> sums_journal::rows(const write_group& group) {
  for (const auto& position : group.positions) {
    auto& end = positions_[position.log];
    ensure(position.sequence > end, "the end of a log only goes on");
    end = position.sequence;
  }
  for (const auto& [bucket, sum] : group.buckets) sums_.buckets[bucket] = sum;
  if (group.counts) sums_.counts = *group.counts;
  ensure(!group.clock_bound || *group.clock_bound >= sums_.clock_bound, "the bound on the clock never goes back");
  if (group.clock_bound) sums_.clock_bound = *group.clock_bound;
  ++last_group_;
  ++groups_since_fold_;
  bucket_changes_ += group.buckets.size();
  std::vector<meta_row> rows;
  if (groups_since_fold_ >= group_slots || bucket_changes_ >= bucket_changes_between_folds) {
    fold(rows);
  } else {
    rows.push_back(group_row(group));
  }
  if (group.disks) rows.push_back(disks_row(*group.disks));
  if (group.members) rows.push_back(members_row(*group.members));
  return rows;
}

meta_row sums_journal::group_row(const write_group& group) const {
  meta_row row{std::string(group_prefix), {}};
  append_big_endian(row.key, static_cast<std::uint16_t>(last_group_ % group_slots));
  append_big_endian(row.value, last_group_);
  append_big_endian(row.value, static_cast<std::uint8_t>((group.counts ? has_counts : 0)
                                                         | (group.clock_bound ? has_clock_bound : 0)));
  if (group.counts) {
    append_big_endian(row.value, group.counts->live);
    append_big_endian(row.value, group.counts->tombstones);
  }
  if (group.clock_bound) append_big_endian(row.value, *group.clock_bound);
  ensure(group.positions.size() <= 0xFFFF && group.buckets.size() <= 0xFFFF, "what a group changes fits its row");
  append_big_endian(row.value, static_cast<std::uint16_t>(group.positions.size()));
  for (const auto& position : group.positions) {
    append_big_endian(row.value, to_number(position.log.origin));
    append_big_endian(row.value, position.log.epoch);
    append_big_endian(row.value, position.sequence);
  }
  append_big_endian(row.value, static_cast<std::uint16_t>(group.buckets.size()));
  for (const auto& [bucket, sum] : group.buckets) {
    append_big_endian(row.value, bucket);
    append(row.value, sum);
  }
  seal(row.key, row.value);
  return row;
}

void sums_journal::fold(std::vector<meta_row>& rows) {
  for (const auto& [log, end] : positions_) rows.push_back(position_row(log, end));
  for (std::size_t b = 0; b < sums_.buckets.size(); ++b)
    rows.push_back(bucket_row(static_cast<std::uint8_t>(b), sums_.buckets[b]));
  rows.push_back(number_row(std::string(counts_key), sums_.counts.live, sums_.counts.tombstones));
  rows.push_back(number_row(std::string(clock_bound_key), sums_.clock_bound));
  rows.push_back(number_row(std::string(folded_key), last_group_));
  groups_since_fold_ = 0;
  bucket_changes_ = 0;
}

}  // namespace quorate::storage
