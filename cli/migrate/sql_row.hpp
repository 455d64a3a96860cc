// The tables of an ai-memory database, and a row of one as values of its columns: what SQLite and PostgreSQL share.
//
// Pure. The columns and their meaning are those of schema version 13.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "memory/transfer_row.hpp"
#include "proto/status.hpp"

namespace quorate::cli::migrate {

enum class column_kind : std::uint8_t { text, integer, real, time, json };

struct column {
  const char* name;
  column_kind kind;
  bool nullable = false;
  const char* by_default = nullptr;  ///< for files of an older version, which lack it; null: NULL
};

/// Without generated columns and embeddings, which are made of the others.
std::span<const column> columns_of(memory::table which);
/// The columns that no two rows have in common: the first ones.
std::size_t key_columns_of(memory::table which);

using sql_value = std::variant<std::monostate, std::int64_t, double, std::string>;
/// A value for each column of a table.
using sql_row = std::vector<sql_value>;

sql_row to_sql(const v1::TransferRow& row);

/// An error, one line: a value that no row of ours can have. What can be read only by taking it for something else, as
/// ai-memory does with broken tags and metadata, is said in `remark`.
result<v1::TransferRow> from_sql(memory::table which, const sql_row& values, std::string* remark);

}  // namespace quorate::cli::migrate
