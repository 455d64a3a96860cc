// Entries as bytes: plain structs ⇄ quorate.v1.Entry. The only file that knows both.
//
// Pure functions, any thread.
#pragma once

#include "proto/record.hpp"

namespace quorate {

/// Serialises; deterministic for equal entries.
std::string encode(const entry& e);

/// Parses and checks: known key kinds, a sequence, a time, at least one mutation, within limits::entry_bytes_max.
/// Anything else is errc::corruption with the reason.
result<entry> decode_entry(std::string_view bytes);

}  // namespace quorate
