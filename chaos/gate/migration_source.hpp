// What phase 3 moves: an embedded data directory with memories and a few rows of every other table, made through the
// program as a person would make it.
//
// Main thread. What a record may hold is in it somewhere: all scripts, the longest content, metadata of many levels and
// numbers of many digits, times in every way to write them, an expiry that has passed, sources nobody knows. A failure
// leaves a directory that is filled in part.
#pragma once

#include <string>

#include "chaos/gate/program.hpp"
#include "proto/status.hpp"

namespace quorate::chaos {

/// Of the source alone: enough that every table of the store has rows, and everything that is odd is in it.
inline constexpr std::size_t migration_records_min = 200;

/// Exactly `records` memories (migration_records_min or more) in the new directory `data`; `scratch` is for the file
/// that is imported. The same memories for the same number, but for what the program draws and stamps itself.
status make_migration_source(const quorate_program& program, const std::string& data, const std::string& scratch,
                             std::size_t records);

}  // namespace quorate::chaos
