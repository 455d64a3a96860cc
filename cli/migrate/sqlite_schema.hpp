// The schema of an ai-memory database file, version 13: made in a new file, looked at in one that is there.
//
// Functions of one thread over an open file.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "cli/migrate/sqlite_database.hpp"
#include "memory/transfer_row.hpp"
#include "proto/status.hpp"

namespace quorate::cli::migrate {

inline constexpr std::int64_t sqlite_schema_version = 13;

/// What of the six tables a file has.
struct sqlite_layout {
  std::int64_t version = 0;  ///< 0: the file does not say
  /// By table: what to select for each of columns_of(table), in their order; empty when the file lacks the table.
  std::array<std::vector<std::string>, memory::all_tables.size()> selected;
};

/// Every version up to 13 can be read: missing tables count as empty, missing columns as their defaults. errc::
/// invalid_argument of "--from" for a newer version, or a file that is none of ai-memory's.
result<sqlite_layout> look_at(sqlite_database& file);

/// Makes all of the schema in a file that is empty. In one that is not, checks that it is version 13 (or does not say)
/// and has all that is written to; else an invalid_argument of "--to".
status make_or_check(sqlite_database& file);

}  // namespace quorate::cli::migrate
