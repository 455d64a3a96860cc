// RFC 3339 text ⇄ Unix time. Records keep the text they came with; this is for checks and comparisons.
//
// Pure functions, any thread; no time zone data and no locale is consulted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quorate::memory {

/// Strict RFC 3339 date-time: T or t or a space, fraction of any length (cut to milliseconds), Z or z or ±hh:mm.
/// Nothing for anything else (month 13, February 30, missing offset, ...). A leap second counts as the next one and
/// is taken only where one can be, at the end of a month in UTC.
std::optional<std::int64_t> parse_timestamp(std::string_view text);

/// The same, cut to microseconds: what PostgreSQL keeps.
std::optional<std::int64_t> parse_timestamp_us(std::string_view text);

/// "2026-11-21T22:30:30.123+00:00". Times outside the years 0000 to 9999, which RFC 3339 cannot say, become the
/// nearest it can.
std::string format_timestamp(std::int64_t unix_ms);

/// The same of Unix microseconds, with as many digits of the second as needed: none, 3 or 6.
std::string format_timestamp_us(std::int64_t unix_us);

}  // namespace quorate::memory
