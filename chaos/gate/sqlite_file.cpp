#include "chaos/gate/sqlite_file.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <utility>

#include "chaos/gate/canonical_json.hpp"

namespace quorate::chaos {
namespace {

constexpr std::size_t shown_bytes = 60;
constexpr auto schema_version = "13";

struct table_shape {
  std::string_view name;
  std::vector<std::string_view> identity;
  std::vector<std::string_view> columns;  ///< all others that are compared
  std::vector<std::string_view> json;     ///< of the columns, those that count by value
};

/// As the reference of the schema has them, in the order of `store_tables`.
const std::vector<table_shape>& shapes() {
  static const std::vector<table_shape> all{
      {"memories",
       {"id"},
       {"tier", "namespace", "title", "content", "tags", "priority", "confidence", "source", "access_count",
        "created_at", "updated_at", "last_accessed_at", "expires_at", "metadata"},
       {"tags", "metadata"}},
      {"archived_memories",
       {"id"},
       {"tier", "namespace", "title", "content", "tags", "priority", "confidence", "source", "access_count",
        "created_at", "updated_at", "last_accessed_at", "expires_at", "archived_at", "archive_reason", "metadata"},
       {"tags", "metadata"}},
      {"namespace_meta", {"namespace"}, {"standard_id", "updated_at", "parent_namespace"}, {}},
      {"pending_actions",
       {"id"},
       {"action_type", "memory_id", "namespace", "payload", "requested_by", "requested_at", "status", "decided_by",
        "decided_at", "approvals"},
       {"payload", "approvals"}},
      {"subscriptions",
       {"id"},
       {"url", "events", "secret_hash", "namespace_filter", "agent_filter", "created_by", "created_at",
        "last_dispatched_at", "dispatch_count", "failure_count"},
       {}},
      {"memory_links", {"source_id", "target_id", "relation"}, {"created_at"}, {}}};
  return all;
}

template <class Words>
std::string joined(const Words& words) {
  std::string text;
  for (const auto& word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

/// The value with its type before it, so that 1 and "1" differ.
std::string value_at(sqlite3_stmt* row, int column) {
  const auto bytes = [&] {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(row, column));
    return std::string(data ? data : "", static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
  };
  switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL: return "null";
    case SQLITE_INTEGER: return "integer " + std::to_string(sqlite3_column_int64(row, column));
    case SQLITE_FLOAT: {
      char text[40];
      std::snprintf(text, sizeof text, "real %.17g", sqlite3_column_double(row, column));
      return text;
    }
    case SQLITE_TEXT: return "text " + bytes();
    default: return "bytes " + bytes();
  }
}

/// Calls `row` for each row of the answer.
status query(sqlite3* file, const std::string& text, const std::vector<std::string>& values,
             const std::function<void(sqlite3_stmt*)>& row) {
  sqlite3_stmt* raw = nullptr;
  const int prepared = sqlite3_prepare_v2(file, text.c_str(), -1, &raw, nullptr);
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(raw, sqlite3_finalize);
  if (prepared != SQLITE_OK) return status(errc::internal, text + ": " + sqlite3_errmsg(file));
  for (std::size_t i = 0; i < values.size(); ++i)
    sqlite3_bind_text(raw, static_cast<int>(i) + 1, values[i].data(), static_cast<int>(values[i].size()),
                      SQLITE_TRANSIENT);
  int step = SQLITE_ROW;
  while ((step = sqlite3_step(raw)) == SQLITE_ROW) row(raw);
  return step == SQLITE_DONE ? status() : status(errc::internal, text + ": " + sqlite3_errmsg(file));
}

/// The first column of the answer.
result<std::vector<std::string>> list(sqlite3* file, const std::string& text,
                                      const std::vector<std::string>& values = {}) {
  std::vector<std::string> all;
  auto done = query(file, text, values, [&](sqlite3_stmt* row) {
    const auto* shown = reinterpret_cast<const char*>(sqlite3_column_text(row, 0));
    all.emplace_back(shown ? shown : "");
  });
  if (!done) return done;
  return all;
}

using rows = std::map<std::vector<std::string>, std::vector<std::string>>;

result<rows> rows_of(sqlite3* file, const table_shape& table) {
  auto names = table.identity;
  names.insert(names.end(), table.columns.begin(), table.columns.end());
  rows all;
  auto done = query(file, "SELECT " + joined(names) + " FROM " + std::string(table.name), {}, [&](sqlite3_stmt* row) {
    std::vector<std::string> identity;
    std::vector<std::string> values;
    for (std::size_t i = 0; i < names.size(); ++i) {
      auto value = value_at(row, static_cast<int>(i));
      if (std::find(table.json.begin(), table.json.end(), names[i]) != table.json.end() && value.starts_with("text "))
        if (auto canonical = canonical_json(std::string_view(value).substr(5))) value = "json " + *canonical;
      (i < table.identity.size() ? identity : values).push_back(std::move(value));
    }
    all.emplace(std::move(identity), std::move(values));
  });
  if (!done) return done;
  return all;
}

std::string shown(std::string value) {
  if (value.size() <= shown_bytes) return value;
  const auto size = value.size();
  value.resize(shown_bytes);
  return value + "… (" + std::to_string(size) + " bytes)";
}

/// The end of two values from a little before the first byte that differs.
std::pair<std::string, std::string> shown_apart(std::string ours, std::string theirs) {
  const auto [first, ignored] = std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end());
  const auto same = static_cast<std::size_t>(first - ours.begin());
  if (same > shown_bytes / 2) {
    ours = "…" + ours.substr(same - shown_bytes / 4);
    theirs = "…" + theirs.substr(same - shown_bytes / 4);
  }
  return {shown(ours), shown(theirs)};
}

}  // namespace

void sqlite_file::closer::operator()(sqlite3* file) const { sqlite3_close(file); }

result<sqlite_file> sqlite_file::open(const std::string& path) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  sqlite_file made;
  made.path_ = path;
  made.file_.reset(raw);
  if (opened != SQLITE_OK)
    return status(errc::internal, "cannot open " + path + ": " + (raw ? sqlite3_errmsg(raw) : "no memory"));
  sqlite3_busy_timeout(raw, 5'000);
  return made;
}

result<std::uint64_t> sqlite_file::count(std::string_view table) const {
  std::uint64_t number = 0;
  auto done = query(file_.get(), "SELECT count(*) FROM " + std::string(table), {},
                    [&](sqlite3_stmt* row) { number = static_cast<std::uint64_t>(sqlite3_column_int64(row, 0)); });
  if (!done) return done;
  return number;
}

result<std::uint64_t> sqlite_file::found(const std::string& words) const {
  std::uint64_t number = 0;
  auto done =
      query(file_.get(),
            "SELECT count(*) FROM memories_fts JOIN memories ON memories.rowid = memories_fts.rowid "
            "WHERE memories_fts MATCH ?",
            {words}, [&](sqlite3_stmt* row) { number = static_cast<std::uint64_t>(sqlite3_column_int64(row, 0)); });
  if (!done) return done;
  return number;
}

std::vector<std::string> sqlite_file::faults() const {
  std::vector<std::string> all;
  const auto look = [&](const std::string& text, const std::vector<std::string>& wanted) {
    const auto got = list(file_.get(), text);
    if (!got)
      all.push_back(got.error().message());
    else if (*got != wanted)
      all.push_back(text + ": " + shown(joined(*got)));
  };
  look("PRAGMA integrity_check", {"ok"});
  look("PRAGMA foreign_key_check", {});
  look("SELECT version FROM schema_version", {schema_version});
  // Against the records as well as within itself; the plain check looks at the index alone.
  look("INSERT INTO memories_fts(memories_fts, rank) VALUES('integrity-check', 1)", {});
  look("INSERT INTO memories_fts(memories_fts) VALUES('integrity-check')", {});
  for (const auto& table : shapes()) {
    auto wanted = table.identity;
    wanted.insert(wanted.end(), table.columns.begin(), table.columns.end());
    std::vector<std::string> sorted(wanted.begin(), wanted.end());
    std::sort(sorted.begin(), sorted.end());
    const auto got = list(
        file_.get(), "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0 AND name <> 'embedding' ORDER BY name",
        {std::string(table.name)});
    if (!got)
      all.push_back(got.error().message());
    else if (*got != sorted)
      all.push_back(std::string(table.name) + " has other columns: " + joined(*got));
  }
  return all;
}

result<std::vector<std::string>> differences(const sqlite_file& ours, const sqlite_file& theirs, std::size_t max) {
  std::vector<std::string> all;
  for (const auto& table : shapes()) {
    const auto here = rows_of(ours.file_.get(), table);
    if (!here) return here.error();
    auto there = rows_of(theirs.file_.get(), table);
    if (!there) return there.error();
    const auto say = [&](const std::vector<std::string>& identity, const std::string& what) {
      if (all.size() < max) all.push_back(std::string(table.name) + " " + shown(joined(identity)) + ": " + what);
    };
    for (const auto& [identity, values] : *here) {
      const auto other = there->find(identity);
      if (other == there->end()) {
        say(identity, "is missing");
        continue;
      }
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i] == other->second[i]) continue;
        const auto [was, is] = shown_apart(values[i], other->second[i]);
        say(identity, std::string(table.columns[i]).append(" was ").append(was).append(", is ").append(is));
      }
      there->erase(other);
    }
    for (const auto& [identity, values] : *there) say(identity, "was not there before");
  }
  return all;
}

}  // namespace quorate::chaos
