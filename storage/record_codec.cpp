#include "storage/record_codec.hpp"

#include "proto/ensure.hpp"
#include "proto/limits.hpp"
#include "storage/big_endian.hpp"
#include "storage/checksum.hpp"
#include "storage/keys.hpp"

namespace quorate::storage {

namespace {

constexpr std::uint8_t record_format = 1;
constexpr std::uint8_t flag_deleted = 1;
constexpr std::size_t record_header_bytes = 20;

}  // namespace

status check_storable(const stored_record& record) {
  if (record.alias.size() > limits::alias_bytes_max)
    return {errc::internal, "a record with an alias of " + std::to_string(record.alias.size()) + " bytes, the limit is "
                                + std::to_string(limits::alias_bytes_max)};
  if (record.deleted && !(record.alias.empty() && record.value.empty()))
    return {errc::internal, "a tombstone with contents"};
  return {};
}

void encode_record(std::string_view stored_key, const stored_record& record, std::string& out) {
  ensure(check_storable(record).ok(), "only a record that can be read back is stored");
  out.clear();
  out.reserve(record_header_bytes + record.alias.size() + record.value.size() + checksum_bytes);
  append_big_endian(out, record_format);
  append_big_endian(out, record.deleted ? flag_deleted : std::uint8_t{0});
  append_big_endian(out, record.stamp.time);
  append_big_endian(out, to_number(record.stamp.node));
  append_big_endian(out, static_cast<std::uint16_t>(record.alias.size()));
  out.append(record.alias);
  out.append(record.value);
  seal(stored_key, out);
}

result<stored_record> decode_record(std::string_view stored_key, std::string_view stored) {
  const auto payload = unseal(stored_key, stored);
  if (!payload) return status(errc::corruption, "a stored record does not match its checksum");
  byte_reader in(*payload);
  const auto format = in.number<std::uint8_t>();
  if (format != record_format)
    return status(errc::corruption, "a stored record has the unknown format " + std::to_string(format));
  const auto flags = in.number<std::uint8_t>();
  stored_record record;
  record.deleted = (flags & flag_deleted) != 0;
  record.stamp.time = in.number<std::uint64_t>();
  record.stamp.node = node_id{in.number<std::uint64_t>()};
  record.alias = in.bytes(in.number<std::uint16_t>());
  record.value = in.rest();
  if (!in.complete()) return status(errc::corruption, "a stored record is too short");
  if ((flags & ~flag_deleted) != 0) return status(errc::corruption, "a stored record has unknown flags");
  if (record.deleted && !(record.alias.empty() && record.value.empty()))
    return status(errc::corruption, "a stored tombstone has contents");
  return record;
}

result<std::string_view> decode_log_value(std::string_view stored_key, std::string_view stored) {
  const auto bytes = unseal(stored_key, stored);
  if (!bytes) return status(errc::corruption, "a stored log entry does not match its checksum");
  return *bytes;
}

}  // namespace quorate::storage
