#include "cli/migrate/sqlite_schema.hpp"

#include <algorithm>
#include <set>

namespace quorate::cli::migrate {

namespace {

using memory::table;

constexpr const char* schema = R"sql(
CREATE TABLE memories (
  id TEXT PRIMARY KEY,
  tier TEXT NOT NULL,
  namespace TEXT NOT NULL DEFAULT 'global',
  title TEXT NOT NULL,
  content TEXT NOT NULL,
  tags TEXT NOT NULL DEFAULT '[]',
  priority INTEGER NOT NULL DEFAULT 5,
  confidence REAL NOT NULL DEFAULT 1.0,
  source TEXT NOT NULL DEFAULT 'api',
  access_count INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  last_accessed_at TEXT,
  expires_at TEXT,
  metadata TEXT NOT NULL DEFAULT '{}',
  embedding BLOB,
  scope_idx TEXT GENERATED ALWAYS AS (
    CASE WHEN json_valid(metadata) THEN COALESCE(json_extract(metadata, '$.scope'), 'private') ELSE 'private' END
  ) VIRTUAL
);
CREATE INDEX idx_memories_tier ON memories(tier);
CREATE INDEX idx_memories_namespace ON memories(namespace);
CREATE INDEX idx_memories_priority ON memories(priority DESC);
CREATE INDEX idx_memories_expires ON memories(expires_at);
CREATE UNIQUE INDEX idx_memories_title_ns ON memories(title, namespace);
CREATE INDEX idx_memories_scope_idx ON memories(scope_idx);

CREATE TABLE memory_links (
  source_id TEXT NOT NULL REFERENCES memories(id) ON DELETE CASCADE,
  target_id TEXT NOT NULL REFERENCES memories(id) ON DELETE CASCADE,
  relation TEXT NOT NULL DEFAULT 'related_to',
  created_at TEXT NOT NULL,
  PRIMARY KEY (source_id, target_id, relation)
);

CREATE VIRTUAL TABLE memories_fts USING fts5(title, content, tags, content=memories, content_rowid=rowid);
CREATE TRIGGER memories_ai AFTER INSERT ON memories BEGIN
  INSERT INTO memories_fts(rowid, title, content, tags) VALUES (new.rowid, new.title, new.content, new.tags);
END;
CREATE TRIGGER memories_ad AFTER DELETE ON memories BEGIN
  INSERT INTO memories_fts(memories_fts, rowid, title, content, tags)
    VALUES ('delete', old.rowid, old.title, old.content, old.tags);
END;
CREATE TRIGGER memories_au AFTER UPDATE ON memories BEGIN
  INSERT INTO memories_fts(memories_fts, rowid, title, content, tags)
    VALUES ('delete', old.rowid, old.title, old.content, old.tags);
  INSERT INTO memories_fts(rowid, title, content, tags) VALUES (new.rowid, new.title, new.content, new.tags);
END;

CREATE TABLE archived_memories (
  id TEXT PRIMARY KEY,
  tier TEXT NOT NULL,
  namespace TEXT NOT NULL DEFAULT 'global',
  title TEXT NOT NULL,
  content TEXT NOT NULL,
  tags TEXT NOT NULL DEFAULT '[]',
  priority INTEGER NOT NULL DEFAULT 5,
  confidence REAL NOT NULL DEFAULT 1.0,
  source TEXT NOT NULL DEFAULT 'api',
  access_count INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  last_accessed_at TEXT,
  expires_at TEXT,
  archived_at TEXT NOT NULL,
  archive_reason TEXT NOT NULL DEFAULT 'ttl_expired',
  metadata TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX idx_archived_namespace ON archived_memories(namespace);
CREATE INDEX idx_archived_at ON archived_memories(archived_at);

CREATE TABLE namespace_meta (
  namespace TEXT PRIMARY KEY,
  standard_id TEXT,
  updated_at TEXT NOT NULL,
  parent_namespace TEXT
);

CREATE TABLE pending_actions (
  id TEXT PRIMARY KEY,
  action_type TEXT NOT NULL,
  memory_id TEXT,
  namespace TEXT NOT NULL,
  payload TEXT NOT NULL DEFAULT '{}',
  requested_by TEXT NOT NULL,
  requested_at TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending',
  decided_by TEXT,
  decided_at TEXT,
  approvals TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX idx_pending_status ON pending_actions(status);
CREATE INDEX idx_pending_namespace ON pending_actions(namespace);

CREATE TABLE sync_state (
  agent_id TEXT NOT NULL,
  peer_id TEXT NOT NULL,
  last_seen_at TEXT NOT NULL,
  last_pulled_at TEXT NOT NULL,
  last_pushed_at TEXT,
  PRIMARY KEY (agent_id, peer_id)
);
CREATE INDEX idx_sync_state_agent ON sync_state(agent_id);

CREATE TABLE subscriptions (
  id TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  events TEXT NOT NULL DEFAULT '*',
  secret_hash TEXT,
  namespace_filter TEXT,
  agent_filter TEXT,
  created_by TEXT,
  created_at TEXT NOT NULL,
  last_dispatched_at TEXT,
  dispatch_count INTEGER NOT NULL DEFAULT 0,
  failure_count INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX idx_subscriptions_url ON subscriptions(url);

CREATE TABLE schema_version (version INTEGER NOT NULL);
INSERT INTO schema_version (version) VALUES (13);
)sql";

result<std::set<std::string>> names_from(sqlite_database& file, const std::string& query) {
  auto statement = file.prepare(query);
  if (!statement) return statement.error();
  std::set<std::string> names;
  for (;;) {
    const auto row = statement->step();
    if (!row) return row.error();
    if (!*row) return names;
    if (auto name = statement->value(0); std::holds_alternative<std::string>(name))
      names.insert(std::get<std::string>(std::move(name)));
  }
}

result<std::set<std::string>> columns_in(sqlite_database& file, std::string_view table_name) {
  return names_from(file, "SELECT name FROM pragma_table_info('" + std::string(table_name) + "')");
}

result<std::int64_t> version_of(sqlite_database& file) {
  const auto columns = columns_in(file, "schema_version");
  if (!columns) return columns.error();
  if (!columns->contains("version")) return std::int64_t{0};
  const auto version = file.ask("SELECT max(version) FROM schema_version");
  if (!version) return version.error();
  const auto* number = std::get_if<std::int64_t>(&*version);
  return number == nullptr ? 0 : *number;
}

status none_of_ours(const char* flag, const sqlite_database& file) {
  return status::invalid(flag, file.path() + " is no ai-memory database: it has no table memories");
}

std::string unknown_version(std::int64_t version) {
  return " has schema version " + std::to_string(version) + "; this release knows up to "
         + std::to_string(sqlite_schema_version);
}

}  // namespace

result<sqlite_layout> look_at(sqlite_database& file) {
  sqlite_layout layout;
  for (const auto which : memory::all_tables) {
    const auto there = columns_in(file, memory::name_of(which));
    if (!there) return there.error();
    if (there->empty() && which == table::memories) return none_of_ours("--from", file);
    if (there->empty()) continue;
    auto& selected = layout.selected[static_cast<std::size_t>(which)];
    for (const auto& column : columns_of(which)) {
      if (there->contains(column.name))
        selected.emplace_back(column.name);
      else if (column.by_default != nullptr)
        selected.push_back(column.kind == column_kind::text || column.kind == column_kind::json
                               ? "'" + std::string(column.by_default) + "'"
                               : column.by_default);
      else if (column.nullable)
        selected.emplace_back("NULL");
      else
        return status::invalid("--from", file.path() + " is no ai-memory database: its table "
                                             + std::string(memory::name_of(which)) + " has no column " + column.name);
    }
  }
  const auto version = version_of(file);
  if (!version) return version.error();
  if (*version > sqlite_schema_version) return status::invalid("--from", file.path() + unknown_version(*version));
  layout.version = *version;
  return layout;
}

status make_or_check(sqlite_database& file) {
  const auto tables = names_from(file, "SELECT name FROM sqlite_master WHERE type = 'table'");
  if (!tables) return tables.error();
  // A row that was reported as written stays so without power.
  if (status failed = file.run("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON"); !failed) return failed;
  if (tables->empty()) {
    // What ai-memory itself sets. The mode stays with the file.
    if (status failed = file.run("PRAGMA journal_mode=WAL"); !failed) return failed;
    status made = file.run("BEGIN IMMEDIATE");
    if (made.ok()) made = file.run(schema);
    return made.ok() ? file.run("COMMIT") : made;
  }
  if (!tables->contains("memories")) return none_of_ours("--to", file);
  const auto version = version_of(file);
  if (!version) return version.error();
  if (*version > sqlite_schema_version) return status::invalid("--to", file.path() + unknown_version(*version));
  for (const auto which : memory::all_tables) {
    const auto there = columns_in(file, memory::name_of(which));
    if (!there) return there.error();
    for (const auto& column : columns_of(which))
      if (!there->contains(column.name))
        return status::invalid("--to", file.path() + " has an older schema: its table "
                                           + std::string(memory::name_of(which)) + " has no column " + column.name
                                           + "; open it once with ai-memory 0.6, or name a new file");
  }
  // Rows that the index of words does not know would be unsearchable, and break later deletes.
  const auto triggers =
      names_from(file, "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'memories'");
  if (!triggers) return triggers.error();
  for (const auto* name : {"memories_ai", "memories_ad", "memories_au"})
    if (!triggers->contains(name))
      return status::invalid("--to", file.path() + " has no trigger " + name
                                         + ", so its index of words would miss what is written; name a new file");
  return {};
}

}  // namespace quorate::cli::migrate
