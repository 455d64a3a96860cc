// Values of the column families `records` and `log`: structs ⇄ checksummed bytes.
//
// Pure functions, any thread. A decoder answers the exact value that was encoded under that key, or errc::corruption.
// Layout, byte by byte: docs/formats.md.
#pragma once

#include <string>
#include <string_view>

#include "proto/record.hpp"

namespace quorate::storage {

/// Whether a record can be stored: an alias within limits::alias_bytes_max, neither alias nor value in a tombstone.
/// Otherwise errc::internal, since nothing that checks its input makes one.
status check_storable(const stored_record& record);

/// Replaces `out` by the stored form of `record` under the stored key. The record is storable.
void encode_record(std::string_view stored_key, const stored_record& record, std::string& out);
result<stored_record> decode_record(std::string_view stored_key, std::string_view stored);

/// The bytes of the entry inside a value of `log`; a view into `stored`.
result<std::string_view> decode_log_value(std::string_view stored_key, std::string_view stored);

}  // namespace quorate::storage
