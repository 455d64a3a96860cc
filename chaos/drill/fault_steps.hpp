// Steps that several scripts of faults take, and how long they wait for what.
//
// Main thread, as the scripts.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "chaos/drill/fault_scripts.hpp"
#include "chaos/node_client.hpp"
#include "proto/status.hpp"

namespace quorate::chaos {

inline constexpr unsigned in_flight_min = 32;
inline constexpr std::chrono::milliseconds start_bound(20'000);
inline constexpr std::chrono::milliseconds stop_bound(6'000);
inline constexpr std::chrono::milliseconds notice_bound(10'000);  ///< until a node says what was done to it
inline constexpr std::chrono::milliseconds refill_bound(60'000);
inline constexpr std::chrono::seconds clock_step(3'600);

/// The fault lasts; nothing to wait for but time.
void last(std::uint64_t for_ms);

status node_failed(const std::string& what);
result<v1::StatusReply> status_of(environment& env, const std::string& node);
status wait_state(environment& env, const std::string& node, const std::string& wanted,
                  std::chrono::milliseconds bound);
/// Every two running nodes see each other, and count. Not waited for while another fault may be in the way.
status wait_all_count(const stage& on, std::chrono::milliseconds bound);
/// Until `in_flight_min` writes are; how many then were.
unsigned wait_in_flight(workload& load);

/// The one whose clock is moved.
const std::string& skewed_node(const environment& env);
/// Moves its clock; the milliseconds its peers then measure it to be off, 0 when they do not.
result<std::uint64_t> move_clock(stage& on, std::chrono::seconds offset);

}  // namespace quorate::chaos
