#include "cli/migrate/sqlite_store.hpp"

#include <sys/stat.h>

#include <charconv>
#include <limits>

#include "cli/migrate/row_merge.hpp"
#include "cli/migrate/sqlite_database.hpp"
#include "cli/migrate/sqlite_schema.hpp"

namespace quorate::cli::migrate {

namespace {

using memory::table;

/// Other programs may have given rows numbers below 1.
constexpr std::int64_t before_all_rows = std::numeric_limits<std::int64_t>::min();

std::string state_of(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return "-";
  return std::to_string(facts.st_dev) + '/' + std::to_string(facts.st_ino) + ' ' + std::to_string(facts.st_size) + ' '
         + std::to_string(facts.st_mtim.tv_sec) + '.' + std::to_string(facts.st_mtim.tv_nsec);
}

sql_row values_of(const sqlite_statement& statement, std::size_t count) {
  sql_row values;
  values.reserve(count + 1);
  for (std::size_t i = 0; i < count; ++i) values.push_back(statement.value(static_cast<int>(i)));
  return values;
}

class sqlite_source final : public row_source {
 public:
  sqlite_source(std::unique_ptr<sqlite_database> file, sqlite_layout layout)
      : file_(std::move(file)), layout_(std::move(layout)) {}

  result<std::optional<row_batch>> next(std::size_t rows_max) override {
    if (!begun_) {
      // One transaction, so one instant.
      if (status failed = file_->run("BEGIN"); !failed) return failed;
      begun_ = true;
    }
    for (; at_ < memory::all_tables.size(); ++at_, after_row_ = before_all_rows, rows_.reset(), ended_ = false) {
      if (layout_.selected[at_].empty()) continue;
      auto batch = read(rows_max);
      if (!batch) return batch.error();
      if (!batch->position.empty()) return std::optional(std::move(*batch));
    }
    return std::optional<row_batch>();
  }

  void continue_after(std::string position) override {
    const auto* end = position.data() + position.size();
    const auto table_read = std::from_chars(position.data(), end, at_);
    if (table_read.ptr != end) std::from_chars(table_read.ptr + 1, end, after_row_);
  }

  result<std::string> fingerprint() override {
    return state_of(file_->path()) + ", " + state_of(file_->path() + "-wal");
  }

  std::uint64_t rows_about() override {
    std::uint64_t sum = 0;
    for (const auto which : memory::all_tables) {
      if (layout_.selected[static_cast<std::size_t>(which)].empty()) continue;
      const auto count = file_->ask("SELECT count(*) FROM " + std::string(memory::name_of(which)));
      if (const auto* number = count ? std::get_if<std::int64_t>(&*count) : nullptr)
        sum += static_cast<std::uint64_t>(*number);
    }
    return sum;
  }

 private:
  /// The next rows of the present table; no position at its end.
  result<row_batch> read(std::size_t rows_max) {
    const auto which = memory::all_tables[at_];
    if (!rows_) {
      std::string query = "SELECT ";
      for (const auto& expression : layout_.selected[at_]) query += expression + ", ";
      auto prepared = file_->prepare(query + "rowid FROM " + std::string(memory::name_of(which))
                                     + " WHERE rowid > ?1 ORDER BY rowid");
      if (!prepared) return prepared.error();
      rows_ = std::move(*prepared);
      rows_->bind(1, after_row_);
    }
    row_batch batch;
    batch.of = which;
    const auto columns = columns_of(which).size();
    // A statement that has ended would begin again.
    while (!ended_ && batch.rows.size() + batch.unreadable.size() < rows_max) {
      const auto there = rows_->step();
      if (!there) return there.error();
      ended_ = !*there;
      if (ended_) break;
      take(values_of(*rows_, columns), &batch);
      after_row_ = std::get<std::int64_t>(rows_->value(static_cast<int>(columns)));
      batch.position = std::to_string(at_) + ':' + std::to_string(after_row_);
    }
    return batch;
  }

  void take(const sql_row& values, row_batch* batch) const {
    std::string remark;
    auto row = from_sql(batch->of, values, &remark);
    if (!row) {
      const auto* id = std::get_if<std::string>(&values[0]);
      batch->unreadable.push_back({std::string(memory::name_of(batch->of)) + " row "
                                       + (id == nullptr ? "without an id" : *id) + ": " + row.error().context(),
                                   {}});
      return;
    }
    if (!remark.empty()) batch->remarks.push_back(memory::describe(*row) + ": " + remark);
    batch->rows.push_back(std::move(*row));
  }

  const std::unique_ptr<sqlite_database> file_;
  const sqlite_layout layout_;
  std::optional<sqlite_statement> rows_;  ///< of the present table
  std::size_t at_ = 0;                    ///< which of all_tables
  std::int64_t after_row_ = before_all_rows;
  bool ended_ = false;  ///< `rows_`
  bool begun_ = false;
};

class sqlite_target final : public row_target {
 public:
  sqlite_target(std::unique_ptr<sqlite_database> file, bool has_vectors)
      : file_(std::move(file)), has_vectors_(has_vectors) {}

  result<std::vector<row_result>> write(const std::vector<v1::TransferRow>& rows) override {
    if (status failed = file_->run("BEGIN IMMEDIATE"); !failed) return failed;
    auto results = write_in_transaction(rows);
    const status ended = results ? file_->run("COMMIT") : results.error();
    if (!ended) {
      // What failed is what is reported; without the commit nothing of the batch is there in any case.
      static_cast<void>(file_->run("ROLLBACK").ok());
      return ended;
    }
    return results;
  }

  result<std::vector<v1::TransferRow>> fetch(const std::vector<v1::TransferRow>& rows) override {
    std::vector<v1::TransferRow> there;
    if (rows.empty()) return there;
    const auto which = memory::table_of(rows.front());
    const auto columns = columns_of(which);
    const auto statement = prepared(which, reads_, &sqlite_target::read_statement);
    if (!statement) return statement.error();
    for (const auto& row : rows) {
      const auto values = to_sql(row);
      for (std::size_t i = 0; i < key_columns_of(which); ++i) (*statement)->bind(static_cast<int>(i + 1), values[i]);
      const auto found = (*statement)->step();
      if (!found) return found.error();
      std::string remark;
      // One that is none of ours is overwritten.
      if (*found)
        if (auto read = from_sql(which, values_of(**statement, columns.size()), &remark); read)
          there.push_back(std::move(*read));
      (*statement)->reset();
    }
    return there;
  }

  result<std::string> identity() override {
    struct stat facts {};
    if (::stat(file_->path().c_str(), &facts) != 0) return std::string("-");
    return std::to_string(facts.st_dev) + '/' + std::to_string(facts.st_ino);
  }

 private:
  using statements = std::array<std::optional<sqlite_statement>, memory::all_tables.size()>;

  std::string write_statement(table which) const {
    std::string names;
    std::string values;
    std::string keys;
    std::string changes;
    const auto columns = columns_of(which);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string name = columns[i].name;
      names += (i == 0 ? "" : ", ") + name;
      values += i == 0 ? "?" : ", ?";
      if (i < key_columns_of(which))
        keys += (i == 0 ? "" : ", ") + name;
      else
        changes += (changes.empty() ? "" : ", ") + name + " = excluded." + name;
    }
    // The vector of another text would find it for ever: ai-memory makes those that are missing.
    if (which == table::memories && has_vectors_)
      changes +=
          ", embedding = CASE WHEN memories.title = excluded.title AND memories.content = excluded.content "
          "THEN memories.embedding END";
    return "INSERT INTO " + std::string(memory::name_of(which)) + " (" + names + ") VALUES (" + values
           + ") ON CONFLICT (" + keys + ") DO UPDATE SET " + changes;
  }

  std::string read_statement(table which) const {
    std::string names;
    std::string keys;
    const auto columns = columns_of(which);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      names += (i == 0 ? "" : ", ") + std::string(columns[i].name);
      if (i < key_columns_of(which)) keys += (i == 0 ? "" : " AND ") + std::string(columns[i].name) + " = ?";
    }
    return "SELECT " + names + " FROM " + std::string(memory::name_of(which)) + " WHERE " + keys;
  }

  result<sqlite_statement*> prepared(table which, statements& all, std::string (sqlite_target::*text)(table) const) {
    auto& statement = all[static_cast<std::size_t>(which)];
    if (!statement) {
      auto made = file_->prepare((this->*text)(which));
      if (!made) return made.error();
      statement = std::move(*made);
    }
    return &*statement;
  }

  result<std::vector<row_result>> write_in_transaction(const std::vector<v1::TransferRow>& rows) {
    if (rows.empty()) return std::vector<row_result>();
    const auto which = memory::table_of(rows.front());
    const auto there = fetch(rows);
    if (!there) return there.error();
    auto results = compare_rows(rows, *there);
    const auto statement = prepared(which, writes_, &sqlite_target::write_statement);
    if (!statement) return statement.error();
    std::vector<std::size_t> left;
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (results[i].end == row_end::written) left.push_back(i);
    // A title may be taken only until a later row of the batch gives it up.
    for (std::size_t before = left.size() + 1; !left.empty() && left.size() < before;) {
      before = left.size();
      std::vector<std::size_t> refused;
      for (const auto i : left) {
        const auto values = to_sql(rows[i]);
        for (std::size_t v = 0; v < values.size(); ++v) (*statement)->bind(static_cast<int>(v + 1), values[v]);
        const auto done = (*statement)->step();
        (*statement)->reset();
        if (done) {
          results[i] = {};
          continue;
        }
        if (!sqlite_database::of_one_row(done.error())) return done.error();
        results[i] = {row_end::failed, why_refused(which, done.error())};
        refused.push_back(i);
      }
      left = std::move(refused);
    }
    return results;
  }

  static std::string why_refused(table which, const status& error) {
    const auto said = error.context();
    if (which == table::links && said.find("FOREIGN KEY") != std::string::npos) return "one of its ends is not there";
    if (which == table::memories && said.find("UNIQUE") != std::string::npos)
      return "another memory there has its title in its namespace";
    return said;
  }

  const std::unique_ptr<sqlite_database> file_;
  const bool has_vectors_;  ///< the memories have a column for embeddings
  statements writes_;
  statements reads_;
};

}  // namespace

result<std::unique_ptr<row_source>> open_sqlite_source(const std::string& path) {
  auto file = sqlite_database::open(path, sqlite_access::read);
  if (!file) return file.error();
  auto layout = look_at(**file);
  if (!layout) return layout.error();
  return std::make_unique<sqlite_source>(std::move(*file), std::move(*layout));
}

result<std::unique_ptr<row_target>> open_sqlite_target(const std::string& path) {
  auto file = sqlite_database::open(path, sqlite_access::change);
  if (!file) return file.error();
  if (status failed = make_or_check(**file); !failed) return failed;
  const auto vectors = (*file)->ask("SELECT count(*) FROM pragma_table_info('memories') WHERE name = 'embedding'");
  if (!vectors) return vectors.error();
  return std::make_unique<sqlite_target>(std::move(*file), *vectors == sql_value(std::int64_t{1}));
}

}  // namespace quorate::cli::migrate
