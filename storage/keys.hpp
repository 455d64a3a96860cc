// Keys as they lie on disk, one shape per column family. They sort as what they name does.
//
// Pure functions, any thread. The append functions add to `out`, so that one buffer serves many keys.
// Layout, byte by byte: docs/formats.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/limits.hpp"
#include "proto/record.hpp"

namespace quorate::storage {

/// The length of an alias is stored in two bytes.
static_assert(limits::alias_bytes_max <= 0xFFFF);

// Column family `records`: kind, key.
void append_record_key(std::string& out, key_kind kind, std::string_view bytes);
std::optional<record_key> parse_record_key(std::string_view stored);

// Column family `aliases`: kind, length of the alias, alias, key. The prefix is all but the key.
// The alias has at most limits::alias_bytes_max bytes.
void append_alias_prefix(std::string& out, key_kind kind, std::string_view alias);
void append_alias_key(std::string& out, key_kind kind, std::string_view alias, std::string_view bytes);
/// What all stored keys of aliases of this length that begin with `beginning` begin with.
void append_alias_start(std::string& out, key_kind kind, std::size_t length, std::string_view beginning);
/// The length of the alias in a stored key, if it is of that kind.
std::optional<std::size_t> alias_length(std::string_view stored, key_kind kind);
/// Length of the prefix of a stored alias key; nothing when the key is too short to have one.
std::optional<std::size_t> alias_prefix_length(std::string_view stored);

// Column family `log`: origin, epoch, sequence.
inline constexpr std::size_t log_prefix_bytes = 16;  ///< of one log
void append_log_key(std::string& out, const log_id& log, sequence_number sequence);
/// What all stored keys of one log begin with.
void append_log_prefix(std::string& out, const log_id& log);
std::optional<log_position> parse_log_key(std::string_view stored);

/// The first key after all that start with `prefix`; nothing when there is none (empty, or all bytes 0xFF).
std::optional<std::string> end_of_prefix(std::string prefix);

}  // namespace quorate::storage
