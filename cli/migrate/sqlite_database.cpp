#include "cli/migrate/sqlite_database.hpp"

#include <sqlite3.h>

namespace quorate::cli::migrate {

namespace {

/// How long to wait for another process that holds the file.
constexpr int busy_timeout_ms = 5'000;

}  // namespace

void sqlite_statement::finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void sqlite_statement::bind(int parameter, const sql_value& value) {
  auto* s = statement_.get();
  // Parameters are those of the text it was prepared from, so a bind cannot fail.
  if (const auto* number = std::get_if<std::int64_t>(&value))
    sqlite3_bind_int64(s, parameter, *number);
  else if (const auto* real = std::get_if<double>(&value))
    sqlite3_bind_double(s, parameter, *real);
  else if (const auto* text = std::get_if<std::string>(&value))
    sqlite3_bind_text64(s, parameter, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
  else
    sqlite3_bind_null(s, parameter);
}

result<bool> sqlite_statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_->error(code);
}

sql_value sqlite_statement::value(int column) const {
  auto* s = statement_.get();
  switch (sqlite3_column_type(s, column)) {
    case SQLITE_INTEGER: return static_cast<std::int64_t>(sqlite3_column_int64(s, column));
    case SQLITE_FLOAT: return sqlite3_column_double(s, column);
    case SQLITE_NULL: return {};
    case SQLITE_TEXT: sqlite3_column_text(s, column); [[fallthrough]];  // UTF-8, whatever the file has
    default: break;
  }
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(s, column));
  return std::string(bytes == nullptr ? "" : bytes, static_cast<std::size_t>(sqlite3_column_bytes(s, column)));
}

void sqlite_statement::reset() { sqlite3_reset(statement_.get()); }

result<std::unique_ptr<sqlite_database>> sqlite_database::open(const std::string& path, sqlite_access access) {
  std::unique_ptr<sqlite_database> made(new sqlite_database(path, access));
  const int mode = access == sqlite_access::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  if (const int code = sqlite3_open_v2(path.c_str(), &made->db_, mode, nullptr); code != SQLITE_OK)
    return made->error(code);
  sqlite3_extended_result_codes(made->db_, 1);
  sqlite3_busy_timeout(made->db_, busy_timeout_ms);
  // Opening reads nothing yet: this finds a file that is no database.
  if (const auto asked = made->ask("PRAGMA schema_version"); !asked) return asked.error();
  return made;
}

sqlite_database::~sqlite_database() { sqlite3_close_v2(db_); }

status sqlite_database::run(const std::string& statements) {
  const int code = sqlite3_exec(db_, statements.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? status() : error(code);
}

result<sqlite_statement> sqlite_database::prepare(const std::string& text) {
  sqlite_statement made;
  made.database_ = this;
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_, text.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  made.statement_.reset(statement);
  if (code != SQLITE_OK) return error(code);
  return made;
}

result<sql_value> sqlite_database::ask(const std::string& query) {
  auto statement = prepare(query);
  if (!statement) return statement.error();
  const auto row = statement->step();
  if (!row) return row.error();
  return *row ? statement->value(0) : sql_value();
}

std::int64_t sqlite_database::changed() const { return sqlite3_changes64(db_); }

status sqlite_database::error(int code) const {
  const auto place = "the SQLite file " + path_;
  const std::string said = db_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db_);
  const char* const flag = access_ == sqlite_access::read ? "--from" : "--to";
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT: return {errc::conflict, said};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {errc::in_use, place + " is locked by another process; stop what writes to it, then repeat"};
    case SQLITE_CANTOPEN: return status::invalid(flag, "cannot open " + place + ": is it there, and may it be read?");
    case SQLITE_NOTADB: return status::invalid(flag, path_ + " is no SQLite database, or an encrypted one");
    case SQLITE_FULL: return {errc::disk_full, place + ": no space left on the disk; make room, then repeat"};
    case SQLITE_READONLY: return status::invalid(flag, place + " may not be written");
    case SQLITE_CORRUPT: return {errc::corruption, place + " is damaged: " + said};
    default: return {errc::storage_failure, place + ": " + said};
  }
}

}  // namespace quorate::cli::migrate
