// The content digest: 256 sums of record hashes. Addition commutes, so the order of arrival does not matter, and a
// replaced record is subtracted without looking at any other. Equal sums = equal content (up to a 2^-128 accident).
//
// Owned by the writer; the store keeps a copy, changed in the same batch as the records.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/record.hpp"
#include "storage/store.hpp"

namespace quorate::core {

class digest {
 public:
  digest() = default;
  explicit digest(const storage::digest_buckets& buckets) : buckets_(buckets) {}

  /// Replaces what stood under the key (nothing for a new key) by `after`.
  void replace(const record_key& key, const std::optional<stored_record>& before, const stored_record& after);

  const storage::digest_buckets& buckets() const { return buckets_; }
  /// Buckets changed since the last call, with their new sums.
  std::vector<std::pair<std::uint8_t, storage::digest_sum>> take_changes();

 private:
  storage::digest_buckets buckets_{};
  std::array<bool, limits::digest_buckets> changed_{};
};

/// 16 bytes over all buckets.
std::string root_of(const storage::digest_buckets& buckets);
/// The 16 bytes of one sum, high half first.
std::string bytes_of(const storage::digest_sum& sum);

/// The hash of one record: key, version, tombstone mark, alias, value.
storage::digest_sum hash_of(const record_key& key, const stored_record& record);
std::uint8_t bucket_of(const record_key& key);

}  // namespace quorate::core
