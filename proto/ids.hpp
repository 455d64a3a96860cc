// The names of things: nodes, logs, positions in logs, versions.
//
// Plain values without behaviour beyond comparison; every layer speaks them. Standard library only.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace quorate {

/// A member, as a number: XXH3-64 of its name. Two members whose names collide are refused at start-up.
enum class node_id : std::uint64_t {};

constexpr std::uint64_t to_number(node_id id) { return static_cast<std::uint64_t>(id); }

/// One log: the node that wrote it and the life of its writer. An epoch is never used twice.
struct log_id {
  node_id origin{};
  std::uint64_t epoch = 0;
  auto operator<=>(const log_id&) const = default;
};

/// Place of an entry in its log, counted from 1; 0 is "before the first".
using sequence_number = std::uint64_t;

/// The last entry of a log that is meant; in a vector: the last one held without a gap.
struct log_position {
  log_id log;
  sequence_number sequence = 0;
  auto operator<=>(const log_position&) const = default;
};

/// A hybrid logical clock reading (Unix milliseconds << 16 | counter) and the node that took it.
/// Highest wins; the node breaks ties. The zero version is below every real one.
struct version {
  std::uint64_t time = 0;
  node_id node{};
  auto operator<=>(const version&) const = default;
  explicit operator bool() const { return time != 0; }
};

constexpr std::uint64_t milliseconds_of(std::uint64_t hybrid_time) { return hybrid_time >> 16; }
constexpr std::uint64_t hybrid_time_at(std::uint64_t unix_ms) { return unix_ms << 16; }

}  // namespace quorate

template <>
struct std::hash<quorate::log_id> {
  std::size_t operator()(const quorate::log_id& log) const noexcept {
    return std::hash<std::uint64_t>{}(to_number(log.origin) * 0x9E3779B97F4A7C15ull ^ log.epoch);
  }
};
