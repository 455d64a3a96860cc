// The tables of ai-memory in PostgreSQL, and one column more that keeps what theirs cannot hold.
//
// Times there have microseconds, JSON there has no order of keys: what a row says that its columns would lose is kept
// beside them, as a JSON object of column and text, in `quorate_verbatim`. ai-memory names its columns and never sees
// it. A text in it counts only while its column still holds what the text became: who changed the column since wins.
#pragma once

#include <optional>
#include <string>

#include "cli/migrate/sql_row.hpp"
#include "memory/transfer_row.hpp"

namespace quorate::cli::migrate {

inline constexpr const char* verbatim_column = "quorate_verbatim";

/// Every statement may be run again.
std::string postgres_schema(bool with_vectors);

/// A row as texts for its columns, NULL where nothing is set; the last one is that of `verbatim_column`.
using postgres_row = std::vector<std::optional<std::string>>;
postgres_row to_postgres(memory::table which, const sql_row& values);

/// What to select for a row: its columns, of which times come as microseconds since 1970, and last `verbatim_column`,
/// or NULL where the table has none.
std::string postgres_selection(memory::table which, bool has_verbatim);
/// The other way round. An error: a value that no row of ours can have.
result<sql_row> from_postgres(memory::table which, const postgres_row& selected);

}  // namespace quorate::cli::migrate
