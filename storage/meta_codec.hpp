// Rows of the column family `default`: what a data directory is, whose, and what it holds in sum.
//
// Pure functions, any thread. Every value ends with a checksum. Layout, byte by byte: docs/formats.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/store.hpp"

namespace quorate::storage {

/// The layout this release writes, and the newest it reads.
inline constexpr std::uint32_t format_number = 1;

/// A row, ready to be written.
struct meta_row {
  std::string key;
  std::string value;
};

inline constexpr std::string_view format_key = "format";
inline constexpr std::string_view identity_key = "identity";
inline constexpr std::string_view epoch_key = "epoch";

meta_row format_row(std::uint32_t number);
meta_row identity_row(const store_identity& identity);
meta_row epoch_row(std::uint64_t epoch);
meta_row clock_bound_row(std::uint64_t bound);
meta_row counts_row(const record_counts& counts);
meta_row position_row(const log_position& position);
meta_row bucket_row(std::uint8_t bucket, const digest_sum& sum);

result<std::uint32_t> decode_format(std::string_view stored);
result<store_identity> decode_identity(std::string_view stored);

/// Puts what the row says into `summary`. A row this release does not know is errc::corruption: rows are only added
/// together with a new format number. Rows must come in key order.
status add_row(std::string_view key, std::string_view stored, store_summary& summary);

}  // namespace quorate::storage
