// A PostgreSQL database with ai-memory's tables as an end of a migration.
//
// No error shows the URL or its password.
#pragma once

#include <memory>
#include <string>

#include "cli/migrate/row_store.hpp"

namespace quorate::cli::migrate {

/// Reads the database as it is at the first call, in one transaction that reads only.
result<std::unique_ptr<row_source>> open_postgres_source(const std::string& url);

/// Makes the tables where they are missing. A batch is one transaction; rows that are new go in one COPY.
result<std::unique_ptr<row_target>> open_postgres_target(const std::string& url);

}  // namespace quorate::cli::migrate
