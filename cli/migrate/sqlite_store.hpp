// An ai-memory database file as an end of a migration.
#pragma once

#include <memory>
#include <string>

#include "cli/migrate/row_store.hpp"

namespace quorate::cli::migrate {

/// Reads the file as it is at the first call; others may go on writing to it. Every schema version up to 13.
result<std::unique_ptr<row_source>> open_sqlite_source(const std::string& path);

/// Writes into a file of schema version 13, made when absent. A batch is one transaction.
result<std::unique_ptr<row_target>> open_sqlite_target(const std::string& path);

}  // namespace quorate::cli::migrate
