// What becomes of each row of a batch in a store that leaves the decision to us: SQLite, PostgreSQL.
//
// Pure.
#pragma once

#include <vector>

#include "cli/migrate/row_store.hpp"

namespace quorate::cli::migrate {

/// One result a row, in order: unchanged when `there` has it as it is, kept when what is there was changed later, else
/// written, which is yet to be done.
std::vector<row_result> compare_rows(const std::vector<v1::TransferRow>& rows,
                                     const std::vector<v1::TransferRow>& there);

}  // namespace quorate::cli::migrate
