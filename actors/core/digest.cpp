#include "actors/core/digest.hpp"

#include "proto/hash.hpp"

namespace quorate::core {
namespace {

void append_number(std::string& out, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}

storage::digest_sum plus(storage::digest_sum a, storage::digest_sum b) {
  auto low = a.low + b.low;
  return {low, a.high + b.high + (low < a.low ? 1 : 0)};
}

storage::digest_sum minus(storage::digest_sum a, storage::digest_sum b) {
  return {a.low - b.low, a.high - b.high - (a.low < b.low ? 1 : 0)};
}

}  // namespace

storage::digest_sum hash_of(const record_key& key, const stored_record& record) {
  // Lengths come first, so that no two different records make the same bytes.
  thread_local std::string bytes;
  bytes.clear();
  bytes.push_back(static_cast<char>(key.kind));
  bytes.push_back(record.deleted ? 1 : 0);
  append_number(bytes, record.stamp.time);
  append_number(bytes, to_number(record.stamp.node));
  append_number(bytes, key.bytes.size());
  append_number(bytes, record.alias.size());
  bytes += key.bytes;
  bytes += record.alias;
  bytes += record.value;
  auto h = hash128_of(bytes);
  return {h.low, h.high};
}

std::uint8_t bucket_of(const record_key& key) { return static_cast<std::uint8_t>(hash64_of(key.bytes)); }

void digest::replace(const record_key& key, const std::optional<stored_record>& before, const stored_record& after) {
  auto bucket = bucket_of(key);
  auto& sum = buckets_[bucket];
  if (before) sum = minus(sum, hash_of(key, *before));
  sum = plus(sum, hash_of(key, after));
  changed_[bucket] = true;
}

std::vector<std::pair<std::uint8_t, storage::digest_sum>> digest::take_changes() {
  std::vector<std::pair<std::uint8_t, storage::digest_sum>> result;
  for (std::size_t i = 0; i < buckets_.size(); ++i)
    if (changed_[i]) result.emplace_back(static_cast<std::uint8_t>(i), buckets_[i]);
  changed_.fill(false);
  return result;
}

std::string bytes_of(const storage::digest_sum& sum) {
  std::string bytes;
  append_number(bytes, sum.high);
  append_number(bytes, sum.low);
  return bytes;
}

std::string root_of(const storage::digest_buckets& buckets) {
  std::string all;
  for (const auto& sum : buckets) all += bytes_of(sum);
  auto h = hash128_of(all);
  return bytes_of({h.low, h.high});
}

}  // namespace quorate::core
