#include "storage/meta_codec.hpp"

#include "storage/big_endian.hpp"
#include "storage/checksum.hpp"

namespace quorate::storage {

namespace {

constexpr std::string_view clock_bound_key = "clock_bound";
constexpr std::string_view counts_key = "counts";
constexpr std::string_view position_prefix = "position/";
constexpr std::string_view bucket_prefix = "bucket/";

status damaged(std::string_view what) {
  return {errc::corruption, "the stored row " + std::string(what) + " is damaged or not known to this release"};
}

template <class... Number>
meta_row number_row(std::string key, Number... numbers) {
  meta_row row{std::move(key), {}};
  (append_big_endian(row.value, numbers), ...);
  seal(row.key, row.value);
  return row;
}

void append_text(std::string& out, std::string_view text) {
  append_big_endian(out, static_cast<std::uint16_t>(text.size()));
  out.append(text);
}

/// Fills the numbers from a sealed value; false unless it holds exactly these.
template <class... Number>
bool read_numbers(std::string_view key, std::string_view stored, Number&... numbers) {
  const auto payload = unseal(key, stored);
  if (!payload) return false;
  byte_reader in(*payload);
  ((numbers = in.number<Number>()), ...);
  return in.complete();
}

bool read_position(std::string_view key, std::string_view stored, store_summary& summary) {
  byte_reader name(key.substr(position_prefix.size()));
  log_position position;
  position.log.origin = node_id{name.number<std::uint64_t>()};
  position.log.epoch = name.number<std::uint64_t>();
  if (!name.complete() || !read_numbers(key, stored, position.sequence)) return false;
  summary.vector.push_back(position);
  return true;
}

bool read_bucket(std::string_view key, std::string_view stored, store_summary& summary) {
  byte_reader name(key.substr(bucket_prefix.size()));
  const auto bucket = name.number<std::uint8_t>();
  return name.complete() && read_numbers(key, stored, summary.buckets[bucket].low, summary.buckets[bucket].high);
}

bool read_row(std::string_view key, std::string_view stored, store_summary& summary) {
  if (key.starts_with(bucket_prefix)) return read_bucket(key, stored, summary);
  if (key.starts_with(position_prefix)) return read_position(key, stored, summary);
  if (key == clock_bound_key) return read_numbers(key, stored, summary.clock_bound);
  if (key == counts_key) return read_numbers(key, stored, summary.counts.live, summary.counts.tombstones);
  if (key == epoch_key) return read_numbers(key, stored, summary.epoch);
  return key == format_key || key == identity_key;
}

}  // namespace

meta_row format_row(std::uint32_t number) { return number_row(std::string(format_key), number); }

meta_row identity_row(const store_identity& identity) {
  meta_row row{std::string(identity_key), {}};
  append_text(row.value, identity.cluster_id);
  append_text(row.value, identity.node_name);
  seal(row.key, row.value);
  return row;
}

meta_row epoch_row(std::uint64_t epoch) { return number_row(std::string(epoch_key), epoch); }

meta_row clock_bound_row(std::uint64_t bound) { return number_row(std::string(clock_bound_key), bound); }

meta_row counts_row(const record_counts& counts) {
  return number_row(std::string(counts_key), counts.live, counts.tombstones);
}

meta_row position_row(const log_position& position) {
  std::string key(position_prefix);
  append_big_endian(key, to_number(position.log.origin));
  append_big_endian(key, position.log.epoch);
  return number_row(std::move(key), position.sequence);
}

meta_row bucket_row(std::uint8_t bucket, const digest_sum& sum) {
  std::string key(bucket_prefix);
  append_big_endian(key, bucket);
  return number_row(std::move(key), sum.low, sum.high);
}

result<std::uint32_t> decode_format(std::string_view stored) {
  std::uint32_t number = 0;
  if (!read_numbers(format_key, stored, number)) return damaged(format_key);
  return number;
}

result<store_identity> decode_identity(std::string_view stored) {
  const auto payload = unseal(identity_key, stored);
  if (!payload) return damaged(identity_key);
  byte_reader in(*payload);
  store_identity identity;
  identity.cluster_id = in.bytes(in.number<std::uint16_t>());
  identity.node_name = in.bytes(in.number<std::uint16_t>());
  if (!in.complete()) return damaged(identity_key);
  return identity;
}

status add_row(std::string_view key, std::string_view stored, store_summary& summary) {
  if (read_row(key, stored, summary)) return {};
  // Only the readable part of the name: the rest are numbers.
  return damaged(key.substr(0, key.find('/')));
}

}  // namespace quorate::storage
