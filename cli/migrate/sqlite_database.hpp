// One SQLite file, and statements on it, with errors as values.
//
// Owned by a source or a target; one thread. Closes what it opened. The only door to sqlite3.h besides its .cpp is the
// forward declaration here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cli/migrate/sql_row.hpp"
#include "proto/status.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace quorate::cli::migrate {

enum class sqlite_access : std::uint8_t {
  read,    ///< the file must be there
  change,  ///< made when absent
};

class sqlite_statement {
 public:
  sqlite_statement() = default;

  void bind(int parameter, const sql_value& value);  ///< counted from 1; texts must live until the next `reset`
  /// Whether there is a row; false at the end.
  result<bool> step();
  sql_value value(int column) const;  ///< counted from 0; a BLOB counts as text
  void reset();

 private:
  friend class sqlite_database;
  struct finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, finalize> statement_;
  const class sqlite_database* database_ = nullptr;
};

class sqlite_database {
 public:
  /// invalid_argument of "--from" or "--to" when it cannot be opened, or is none.
  static result<std::unique_ptr<sqlite_database>> open(const std::string& path, sqlite_access access);
  ~sqlite_database();
  sqlite_database(const sqlite_database&) = delete;
  sqlite_database& operator=(const sqlite_database&) = delete;

  status run(const std::string& statements);
  result<sqlite_statement> prepare(const std::string& text);
  /// The first value of the first row; NULL when there is none.
  result<sql_value> ask(const std::string& query);
  /// How many rows the last statement changed.
  std::int64_t changed() const;

  const std::string& path() const { return path_; }
  /// What SQLite says of the last failed call, with the file, and what to do.
  status error(int code) const;
  /// That a rule of the tables was broken by one row, rather than that the file cannot be written.
  static bool of_one_row(const status& error) { return error.code() == errc::conflict; }

 private:
  sqlite_database(std::string path, sqlite_access access) : path_(std::move(path)), access_(access) {}

  const std::string path_;
  const sqlite_access access_;
  sqlite3* db_ = nullptr;
};

}  // namespace quorate::cli::migrate
