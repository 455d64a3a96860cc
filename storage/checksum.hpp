// The checksum at the end of every stored value: finds flipped bits, cut values and values under a wrong key.
//
// Pure functions, any thread. Layout: docs/formats.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quorate::storage {

inline constexpr std::size_t checksum_bytes = 8;

/// XXH3-64 of `key` plus XXH3-64 of `payload`.
std::uint64_t checksum(std::string_view key, std::string_view payload);

/// Appends the checksum of what `value` holds under `key`.
void seal(std::string_view key, std::string& value);

/// The payload of a sealed value; nothing when the checksum does not match.
std::optional<std::string_view> unseal(std::string_view key, std::string_view sealed);

}  // namespace quorate::storage
