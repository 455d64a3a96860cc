// RFC 3339 text ⇄ Unix milliseconds. Records keep the text they came with; this is for checks and comparisons.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quorate::memory {

/// Strict RFC 3339 date-time: T or t or a space, fraction of any length (cut to milliseconds), Z or ±hh:mm.
/// Nothing for anything else (month 13, February 30, missing offset, ...). A leap second counts as the next one.
std::optional<std::int64_t> parse_timestamp(std::string_view text);

/// "2026-11-21T22:30:30.123+00:00"
std::string format_timestamp(std::int64_t unix_ms);

}  // namespace quorate::memory
