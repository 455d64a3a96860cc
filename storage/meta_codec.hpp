// Rows of the column family `default`: what a data directory is and whose. Its sums: storage/sums_journal.
//
// Pure functions, any thread. Every value ends with a checksum. Layout, byte by byte: docs/formats.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/big_endian.hpp"
#include "storage/checksum.hpp"
#include "storage/store.hpp"

namespace quorate::storage {

/// The layout this release writes, and the newest it reads. Older ones are upgraded at opening (docs/formats.md).
inline constexpr std::uint32_t format_number = 2;
inline constexpr std::uint32_t oldest_format_number = 1;

/// A row, ready to be written.
struct meta_row {
  std::string key;
  std::string value;
};

inline constexpr std::string_view format_key = "format";
inline constexpr std::string_view identity_key = "identity";
inline constexpr std::string_view epoch_key = "epoch";
inline constexpr std::string_view disks_key = "disks";
inline constexpr std::string_view members_key = "members";

meta_row format_row(std::uint32_t number);
meta_row identity_row(const store_identity& identity);
meta_row epoch_row(std::uint64_t epoch);
meta_row disks_row(const member_disks& disks);
meta_row members_row(const member_list& members);

result<std::uint32_t> decode_format(std::string_view stored);
result<store_identity> decode_identity(std::string_view stored);
result<member_disks> decode_disks(std::string_view stored);
result<member_list> decode_members(std::string_view stored);

/// Whether the numbers of the rows can hold these; errc::internal otherwise.
status check_storable(const member_disks& disks);
status check_storable(const member_list& members);

/// errc::corruption.
status damaged_row(std::string_view name);

/// A row of numbers.
template <class... Number>
meta_row number_row(std::string key, Number... numbers) {
  meta_row row{std::move(key), {}};
  (append_big_endian(row.value, numbers), ...);
  seal(row.key, row.value);
  return row;
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

}  // namespace quorate::storage
