#include "cli/migrate/postgres_store.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>
#include <pqxx/pqxx>
#include <set>
#include <unordered_set>

#include "cli/migrate/postgres_schema.hpp"
#include "cli/migrate/row_merge.hpp"

namespace quorate::cli::migrate {

namespace {

using memory::table;

constexpr const char* connect_seconds = "10";

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t' || c == '\r'; }, ' ');
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

status explain(const pqxx::sql_error& error) {
  const auto said = "PostgreSQL: " + one_line(error.what());
  const auto& state = error.sqlstate();
  if (state == "53100") return {errc::disk_full, said + "; make room on the server, then repeat"};
  if (state.starts_with("57") || state.starts_with("08"))
    return {errc::unavailable, said + "; repeat, with --resume to go on from here"};
  if (state == "42501") return {errc::not_permitted, said};
  return {errc::storage_failure, said};
}

/// What libpqxx throws, as a status. Everything that talks to the server goes through here.
template <class Work>
auto guarded(const char* flag, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const pqxx::broken_connection& error) {
    // At the first connection it is most likely the URL that is wrong; later the server went away.
    if (flag != nullptr) return status::invalid(flag, "cannot connect: " + one_line(error.what()));
    return status(errc::unavailable, "PostgreSQL: the connection was lost: " + one_line(error.what())
                                         + "; repeat, with --resume to go on from here");
  } catch (const pqxx::in_doubt_error& error) {
    return status(errc::unavailable, "PostgreSQL: it is not known whether the last batch was stored: "
                                         + one_line(error.what()) + "; repeat, which does no harm");
  } catch (const pqxx::sql_error& error) {
    return explain(error);
  } catch (const std::exception& error) {
    return status(errc::storage_failure, "PostgreSQL: " + one_line(error.what()));
  }
}

/// The library would quote the part of a URL that it cannot read, which may be of the password.
status check_url(const char* flag, const std::string& url) {
  char* complaint = nullptr;
  auto* parsed = PQconninfoParse(url.c_str(), &complaint);
  bool readable = parsed != nullptr;
  for (const auto* option = parsed; readable && option->keyword != nullptr; ++option) {
    const std::string_view name = option->keyword;
    const std::string_view value = option->val == nullptr ? "" : option->val;
    // Where a / in the password ends the address, its first part is taken for a port and the rest for the database.
    if (name == "port") readable = value.find_first_not_of("0123456789,") == std::string_view::npos;
    if (name == "dbname") readable = value.find('@') == std::string_view::npos;
  }
  PQconninfoFree(parsed);
  PQfreemem(complaint);
  if (readable) return {};
  return status::invalid(flag,
                         "is no PostgreSQL URL; write % / @ : ? of a user's name or password as %25 %2F %40 %3A %3F");
}

result<std::unique_ptr<pqxx::connection>> connect(const char* flag, const std::string& url) {
  // Else a host that does not answer holds us for minutes.
  ::setenv("PGCONNECT_TIMEOUT", connect_seconds, 0);
  if (status wrong = check_url(flag, url); !wrong) return wrong;
  return guarded(flag, [&]() -> result<std::unique_ptr<pqxx::connection>> {
    auto made = std::make_unique<pqxx::connection>(url);
    pqxx::nontransaction setting(*made);
    const auto encoding = setting.exec1("SHOW server_encoding")[0].as<std::string>();
    if (encoding != "UTF8") return status::invalid(flag, "the database's encoding is " + encoding + ", not UTF8");
    setting.exec0("SET client_encoding = 'UTF8'");
    setting.exec0("SET TimeZone = 'UTC'");
    // Whoever waits for a lock says so; but neither a long read nor the pauses of a slow target end a migration.
    setting.exec0("SET lock_timeout = '10s'");
    setting.exec0("SET statement_timeout = 0");
    setting.exec0("SET idle_in_transaction_session_timeout = 0");
    setting.exec0("SET synchronous_commit = on");
    return made;
  });
}

std::set<std::string> columns_in(pqxx::transaction_base& work, table which) {
  std::set<std::string> names;
  for (const auto& row : work.exec_params("SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass($1) "
                                          "AND attnum > 0 AND NOT attisdropped",
                                          std::string(memory::name_of(which))))
    names.insert(row[0].as<std::string>());
  return names;
}

/// A row of a selection; `first` columns of it are of no interest here.
postgres_row texts_of(const pqxx::row& row) {
  postgres_row texts;
  texts.reserve(row.size());
  for (const auto& field : row)
    texts.push_back(field.is_null() ? std::nullopt
                                    : std::optional<std::string>(std::string(field.c_str(), field.size())));
  return texts;
}

std::string key_names(table which, const char* before = "") {
  std::string names;
  for (std::size_t i = 0; i < key_columns_of(which); ++i)
    names += (i == 0 ? "" : ", ") + std::string(before) + columns_of(which)[i].name;
  return names;
}

result<v1::TransferRow> read_row(table which, const pqxx::row& selected, std::string* remark) {
  const auto values = from_postgres(which, texts_of(selected));
  if (!values) return values.error();
  return from_sql(which, *values, remark);
}

class postgres_source final : public row_source {
 public:
  explicit postgres_source(std::unique_ptr<pqxx::connection> connection) : connection_(std::move(connection)) {}

  status begin() {
    return guarded(nullptr, [&]() -> status {
      work_ = std::make_unique<reading>(*connection_);
      for (const auto which : memory::all_tables) {
        const auto there = columns_in(*work_, which);
        if (there.empty() && which == table::memories)
          return status::invalid("--from", "the database has no table memories that can be seen from here");
        if (there.empty()) continue;
        for (const auto& column : columns_of(which))
          if (!there.contains(column.name))
            return status::invalid(
                "--from", "the table " + std::string(memory::name_of(which)) + " has no column " + column.name);
        selected_[static_cast<std::size_t>(which)] = postgres_selection(which, there.contains(verbatim_column));
      }
      return {};
    });
  }

  result<std::optional<row_batch>> next(std::size_t rows_max) override {
    return guarded(nullptr, [&]() -> result<std::optional<row_batch>> {
      for (; at_ < memory::all_tables.size(); ++at_, after_.clear()) {
        if (selected_[at_].empty()) continue;
        if (!open_) open_cursor();
        auto batch = take(work_->exec("FETCH FORWARD " + std::to_string(rows_max) + " FROM moving"));
        if (!batch.position.empty()) return std::optional(std::move(batch));
        work_->exec0("CLOSE moving");
        open_ = false;
      }
      return std::optional<row_batch>();
    });
  }

  void continue_after(std::string position) override {
    const auto json = nlohmann::json::parse(position, nullptr, false);
    if (!json.is_array() || json.empty()) return;
    at_ = json[0].get<std::size_t>();
    for (std::size_t i = 1; i < json.size(); ++i) after_.push_back(json[i].get<std::string>());
  }

  /// Which transaction made each row, and where it lies: all of one instant, that of the rows that are moved.
  result<std::string> fingerprint() override {
    return guarded(nullptr, [&]() -> result<std::string> {
      std::string all;
      rows_ = 0;
      for (const auto which : memory::all_tables) {
        if (selected_[static_cast<std::size_t>(which)].empty()) continue;
        const auto row = work_->exec1("SELECT count(*), sum(hashtextextended(xmin::text || ctid::text, 0)) FROM "
                                      + std::string(memory::name_of(which)));
        rows_ += row[0].as<std::uint64_t>();
        all += row[0].as<std::string>() + '/' + row[1].as<std::string>("0") + ' ';
      }
      return all;
    });
  }

  std::uint64_t rows_about() override { return rows_; }

 private:
  using reading = pqxx::transaction<pqxx::repeatable_read, pqxx::read_only>;

  void open_cursor() {
    const auto which = memory::all_tables[at_];
    std::string query =
        "DECLARE moving NO SCROLL CURSOR FOR SELECT " + selected_[at_] + " FROM " + std::string(memory::name_of(which));
    if (!after_.empty()) {
      query += " WHERE (" + key_names(which) + ") > (";
      for (std::size_t i = 0; i < after_.size(); ++i) query += (i == 0 ? "" : ", ") + work_->quote(after_[i]);
      query += ")";
    }
    work_->exec0(query + " ORDER BY " + key_names(which));
    open_ = true;
  }

  row_batch take(const pqxx::result& rows) {
    row_batch batch;
    batch.of = memory::all_tables[at_];
    for (const auto& selected : rows) {
      std::string remark;
      auto row = read_row(batch.of, selected, &remark);
      if (row && !remark.empty()) batch.remarks.push_back(memory::describe(*row) + ": " + remark);
      if (row)
        batch.rows.push_back(std::move(*row));
      else
        batch.unreadable.push_back(
            {std::string(memory::name_of(batch.of)) + " row " + selected[0].c_str() + ": " + row.error().context(),
             {}});
    }
    if (rows.empty()) return batch;
    auto position = nlohmann::json::array({at_});
    for (std::size_t i = 0; i < key_columns_of(batch.of); ++i)
      position.push_back(rows.back()[static_cast<pqxx::row_size_type>(i)].c_str());
    batch.position = position.dump();
    return batch;
  }

  const std::unique_ptr<pqxx::connection> connection_;
  std::unique_ptr<reading> work_;
  std::array<std::string, memory::all_tables.size()> selected_;  ///< by table; empty: it is not there
  std::uint64_t rows_ = 0;
  std::size_t at_ = 0;
  std::vector<std::string> after_;  ///< key of the last row that was dealt with
  bool open_ = false;
};

/// A row as libpqxx streams it: a tuple of one type.
template <std::size_t Columns>
std::array<const char*, Columns> pointers_to(const postgres_row& row) {
  std::array<const char*, Columns> all{};
  for (std::size_t i = 0; i < Columns; ++i) all[i] = row[i] ? row[i]->c_str() : nullptr;
  return all;
}

class postgres_target final : public row_target {
 public:
  explicit postgres_target(std::unique_ptr<pqxx::connection> connection) : connection_(std::move(connection)) {}

  status begin() {
    return guarded(nullptr, [&]() -> status {
      pqxx::work work(*connection_);
      if (!has_all(work)) make_tables(work);
      has_vectors_ = columns_in(work, table::memories).contains("embedding");
      if (!has_vectors_)
        remarks_.emplace_back(
            "the server has no extension vector: its tables lack the column embedding, which ai-memory needs there");
      work.commit();
      for (const auto which : memory::all_tables) prepare(which);
      return {};
    });
  }

  result<std::vector<row_result>> write(const std::vector<v1::TransferRow>& rows) override {
    return guarded(nullptr, [&]() -> result<std::vector<row_result>> {
      if (rows.empty()) return std::vector<row_result>();
      const auto which = memory::table_of(rows.front());
      pqxx::work work(*connection_);
      const auto there = read(work, rows);
      auto results = compare_rows(rows, there);
      std::unordered_set<std::string> known;
      for (const auto& row : there) known.insert(memory::identity_of(row));
      std::vector<pending_row> fresh;
      std::vector<pending_row> changed;
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (results[i].end != row_end::written) continue;
        pending_row one{i, to_postgres(which, to_sql(rows[i]))};
        if (holds_zero_byte(one.texts))
          results[i] = {row_end::failed, "holds a zero byte, which PostgreSQL's texts cannot"};
        else
          (known.contains(memory::identity_of(rows[i])) ? changed : fresh).push_back(std::move(one));
      }
      // First those that may give up a title that a new one takes.
      write_one_by_one(work, which, changed, &results);
      if (!copy(work, which, fresh)) write_one_by_one(work, which, fresh, &results);
      work.commit();
      return results;
    });
  }

  result<std::vector<v1::TransferRow>> fetch(const std::vector<v1::TransferRow>& rows) override {
    return guarded(nullptr, [&]() -> result<std::vector<v1::TransferRow>> {
      if (rows.empty()) return std::vector<v1::TransferRow>();
      pqxx::nontransaction work(*connection_);
      return read(work, rows);
    });
  }

  result<std::string> identity() override {
    return guarded(nullptr, [&]() -> result<std::string> {
      pqxx::nontransaction work(*connection_);
      return work
          .exec1(
              "SELECT oid::text || '/' || 'memories'::regclass::oid::text FROM pg_database "
              "WHERE datname = current_database()")[0]
          .as<std::string>();
    });
  }

  std::vector<std::string> remarks() override { return remarks_; }

 private:
  struct pending_row {
    std::size_t at = 0;  ///< in the batch
    postgres_row texts;
  };

  /// To change a table takes it away from everybody else, and needs its owner: not where nothing is to be changed.
  static bool has_all(pqxx::work& work) {
    for (const auto which : memory::all_tables) {
      const auto there = columns_in(work, which);
      for (const auto& name : names_of(which))
        if (!there.contains(name)) return false;
    }
    return true;
  }

  static void make_tables(pqxx::work& work) {
    bool with_vectors = true;
    try {
      pqxx::subtransaction attempt(work);
      attempt.exec0("CREATE EXTENSION IF NOT EXISTS vector");
      attempt.commit();
    } catch (const pqxx::sql_error&) {
      with_vectors = false;  // said when the tables lack what it is for
    }
    work.exec(postgres_schema(with_vectors));
  }

  static bool holds_zero_byte(const postgres_row& texts) {
    return std::any_of(texts.begin(), texts.end(),
                       [](const auto& text) { return text && text->find('\0') != std::string::npos; });
  }

  static std::vector<std::string> names_of(table which) {
    std::vector<std::string> names;
    for (const auto& column : columns_of(which)) names.emplace_back(column.name);
    names.emplace_back(verbatim_column);
    return names;
  }

  static std::string name(const char* what, table which) { return what + std::string(memory::name_of(which)); }

  void prepare(table which) {
    const auto names = names_of(which);
    std::string list;
    std::string values;
    std::string changes;
    for (std::size_t i = 0; i < names.size(); ++i) {
      list += (i == 0 ? "" : ", ") + names[i];
      values += (i == 0 ? "$" : ", $") + std::to_string(i + 1);
      if (i >= key_columns_of(which)) changes += (changes.empty() ? "" : ", ") + names[i] + " = excluded." + names[i];
    }
    // The vector of another text would find it for ever: ai-memory makes those that are missing.
    if (which == table::memories && has_vectors_)
      changes +=
          ", embedding = CASE WHEN memories.title = excluded.title AND memories.content = excluded.content "
          "THEN memories.embedding END";
    connection_->prepare(name("put_", which), "INSERT INTO " + std::string(memory::name_of(which)) + " (" + list
                                                  + ") VALUES (" + values + ") ON CONFLICT (" + key_names(which)
                                                  + ") DO UPDATE SET " + changes);
    std::string arrays;
    for (std::size_t i = 0; i < key_columns_of(which); ++i)
      arrays += (i == 0 ? "$" : ", $") + std::to_string(i + 1) + "::text[]";
    connection_->prepare(name("get_", which), "SELECT " + postgres_selection(which, true) + " FROM "
                                                  + std::string(memory::name_of(which)) + " WHERE (" + key_names(which)
                                                  + ") IN (SELECT * FROM unnest(" + arrays + "))");
  }

  /// Rows that are there but none of ours count as absent: they are overwritten.
  static std::vector<v1::TransferRow> read(pqxx::transaction_base& work, const std::vector<v1::TransferRow>& rows) {
    const auto which = memory::table_of(rows.front());
    std::vector<std::string> arrays(key_columns_of(which), "{");
    for (const auto& row : rows) {
      const auto values = to_sql(row);
      for (std::size_t i = 0; i < arrays.size(); ++i) append_element(std::get<std::string>(values[i]), &arrays[i]);
    }
    for (auto& array : arrays) array += '}';
    std::vector<v1::TransferRow> there;
    for (const auto& selected : work.exec_prepared(name("get_", which), pqxx::prepare::make_dynamic_params(arrays))) {
      std::string remark;
      if (auto row = read_row(which, selected, &remark)) there.push_back(std::move(*row));
    }
    return there;
  }

  /// An element of an array as PostgreSQL reads it. A zero byte cannot be asked for: what is found without it is
  /// another row, and nobody's.
  static void append_element(const std::string& text, std::string* array) {
    *array += array->size() == 1 ? "\"" : ",\"";
    for (const char c : text) {
      if (c == '\0') continue;
      if (c == '"' || c == '\\') *array += '\\';
      *array += c;
    }
    *array += '"';
  }

  template <std::size_t Columns>
  static void stream(pqxx::stream_to& to, const std::vector<pending_row>& rows) {
    for (const auto& row : rows) to << pointers_to<Columns>(row.texts);
  }

  /// All of the rows, or none and false when one of them breaks a rule of the table.
  static bool copy(pqxx::work& work, table which, const std::vector<pending_row>& rows) {
    if (rows.empty()) return true;
    try {
      pqxx::subtransaction attempt(work);
      pqxx::stream_to to(attempt, std::string(memory::name_of(which)), names_of(which));
      switch (which) {
        case table::memories: stream<16>(to, rows); break;
        case table::archive: stream<18>(to, rows); break;
        case table::standards: stream<5>(to, rows); break;
        case table::pending: stream<12>(to, rows); break;
        case table::subscriptions: stream<12>(to, rows); break;
        case table::links: stream<5>(to, rows); break;
      }
      to.complete();
      attempt.commit();
      return true;
    } catch (const pqxx::sql_error& error) {
      if (of_one_row(error)) return false;
      throw;
    }
  }

  static void write_one_by_one(pqxx::work& work, table which, const std::vector<pending_row>& rows,
                               std::vector<row_result>* results) {
    for (const auto& row : rows) {
      try {
        std::vector<const char*> values;
        for (const auto& text : row.texts) values.push_back(text ? text->c_str() : nullptr);
        pqxx::subtransaction attempt(work);
        attempt.exec_prepared0(name("put_", which), pqxx::prepare::make_dynamic_params(values));
        attempt.commit();
      } catch (const pqxx::sql_error& error) {
        if (!of_one_row(error)) throw;
        (*results)[row.at] = {row_end::failed, why_refused(which, error)};
      }
    }
  }

  /// Classes 22 (a value the column does not take) and 23 (a rule of the table), and limits of an index (54).
  static bool of_one_row(const pqxx::sql_error& error) {
    const auto& state = error.sqlstate();
    return state.starts_with("22") || state.starts_with("23") || state.starts_with("54");
  }

  static std::string why_refused(table which, const pqxx::sql_error& error) {
    if (which == table::links && error.sqlstate() == "23503") return "one of its ends is not there";
    if (which == table::memories && error.sqlstate() == "23505")
      return "another memory there has its title in its namespace";
    return one_line(error.what());
  }

  const std::unique_ptr<pqxx::connection> connection_;
  std::vector<std::string> remarks_;
  bool has_vectors_ = false;
};

}  // namespace

result<std::unique_ptr<row_source>> open_postgres_source(const std::string& url) {
  auto connection = connect("--from", url);
  if (!connection) return connection.error();
  auto made = std::make_unique<postgres_source>(std::move(*connection));
  if (status failed = made->begin(); !failed) return failed;
  return made;
}

result<std::unique_ptr<row_target>> open_postgres_target(const std::string& url) {
  auto connection = connect("--to", url);
  if (!connection) return connection.error();
  auto made = std::make_unique<postgres_target>(std::move(*connection));
  if (status failed = made->begin(); !failed) return failed;
  return made;
}

}  // namespace quorate::cli::migrate
