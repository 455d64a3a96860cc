#include "chaos/gate/sqlite_file.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "chaos/scratch_directory.hpp"

namespace quorate::chaos {
namespace {

/// The tables of ai-memory, without the indexes that make it fast.
constexpr auto schema = R"(
CREATE TABLE memories(id TEXT PRIMARY KEY, tier TEXT NOT NULL, namespace TEXT NOT NULL DEFAULT 'global',
  title TEXT NOT NULL, content TEXT NOT NULL, tags TEXT NOT NULL DEFAULT '[]', priority INTEGER NOT NULL DEFAULT 5,
  confidence REAL NOT NULL DEFAULT 1.0, source TEXT NOT NULL DEFAULT 'api', access_count INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL, last_accessed_at TEXT, expires_at TEXT,
  metadata TEXT NOT NULL DEFAULT '{}', embedding BLOB,
  scope_idx TEXT GENERATED ALWAYS AS (CASE WHEN json_valid(metadata)
  THEN coalesce(json_extract(metadata, '$.scope'), 'private') ELSE 'private' END) VIRTUAL);
CREATE TABLE memory_links(source_id TEXT NOT NULL REFERENCES memories(id) ON DELETE CASCADE,
  target_id TEXT NOT NULL REFERENCES memories(id) ON DELETE CASCADE, relation TEXT NOT NULL DEFAULT 'related_to',
  created_at TEXT NOT NULL, PRIMARY KEY(source_id, target_id, relation));
CREATE TABLE archived_memories(id TEXT PRIMARY KEY, tier TEXT, namespace TEXT, title TEXT, content TEXT, tags TEXT,
  priority INTEGER, confidence REAL, source TEXT, access_count INTEGER, created_at TEXT, updated_at TEXT,
  last_accessed_at TEXT, expires_at TEXT, archived_at TEXT, archive_reason TEXT, metadata TEXT);
CREATE TABLE namespace_meta(namespace TEXT PRIMARY KEY, standard_id TEXT, updated_at TEXT, parent_namespace TEXT);
CREATE TABLE pending_actions(id TEXT PRIMARY KEY, action_type TEXT, memory_id TEXT, namespace TEXT, payload TEXT,
  requested_by TEXT, requested_at TEXT, status TEXT, decided_by TEXT, decided_at TEXT, approvals TEXT);
CREATE TABLE subscriptions(id TEXT PRIMARY KEY, url TEXT, events TEXT, secret_hash TEXT, namespace_filter TEXT,
  agent_filter TEXT, created_by TEXT, created_at TEXT, last_dispatched_at TEXT, dispatch_count INTEGER,
  failure_count INTEGER);
CREATE TABLE schema_version(version INTEGER NOT NULL);
INSERT INTO schema_version VALUES(13);
CREATE VIRTUAL TABLE memories_fts USING fts5(title, content, tags, content='memories', content_rowid='rowid');
CREATE TRIGGER memories_ai AFTER INSERT ON memories BEGIN
  INSERT INTO memories_fts(rowid, title, content, tags) VALUES(new.rowid, new.title, new.content, new.tags); END;
INSERT INTO memories VALUES('one', 'mid', 'n', 'first', 'some words', '["a","b"]', 5, 0.5, 'api', 3, '2025-01-01T00:00:00Z',
  '2025-01-01T00:00:00.000000001+00:00', NULL, NULL, '{"x":1.0,"y":123456789012345678901234567890}', x'00');
INSERT INTO memories(id, tier, title, content, created_at, updated_at) VALUES('two', 'long', 'second', 'more', 't', 't');
INSERT INTO memory_links VALUES('one', 'two', 'related_to', 't');
INSERT INTO archived_memories VALUES('old', 'mid', 'n', 'third', 'gone', '[]', 1, 1.0, 'cli', 0, 't', 't', NULL, NULL, 't',
  'forget', '{}');
INSERT INTO namespace_meta VALUES('n', 'one', 't', NULL);
INSERT INTO pending_actions VALUES('act', 'store', NULL, 'n', '{"k":[1]}', 'me', 't', 'pending', NULL, NULL, '[]');
INSERT INTO subscriptions VALUES('sub', 'u', '*', 'ff', NULL, NULL, 'me', 't', NULL, 1, 0);
)";

class files {
 public:
  files() {
    auto made = scratch_directory::make();
    REQUIRE(made.ok());
    scratch_ = std::move(*made);
    for (const auto* name : {"ours", "theirs"}) change(name, schema);
  }

  void change(const std::string& name, const std::string& statements) const {
    sqlite3* file = nullptr;
    REQUIRE(sqlite3_open(path(name).c_str(), &file) == SQLITE_OK);
    char* error = nullptr;
    const int done = sqlite3_exec(file, statements.c_str(), nullptr, nullptr, &error);
    CHECK_MESSAGE(done == SQLITE_OK, std::string(error ? error : ""));
    sqlite3_free(error);
    sqlite3_close(file);
  }
  sqlite_file open(const std::string& name) const {
    auto opened = sqlite_file::open(path(name));
    REQUIRE_MESSAGE(opened.ok(), opened.error().message());
    return std::move(*opened);
  }
  std::vector<std::string> apart(std::size_t max = 100) const {
    auto found = differences(open("ours"), open("theirs"), max);
    REQUIRE_MESSAGE(found.ok(), found.error().message());
    return *found;
  }
  std::string path(const std::string& name) const { return scratch_.path() + "/" + name + ".db"; }

 private:
  scratch_directory scratch_;
};

bool holds(const std::vector<std::string>& lines, const std::string& part) {
  for (const auto& line : lines)
    if (line.find(part) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_SUITE("chaos.sqlite_file") {
  TEST_CASE("a sound file has no faults, and its rows are counted and found") {
    const files all;
    const auto file = all.open("ours");
    const auto faults = file.faults();
    CHECK_MESSAGE(faults.empty(), (faults.empty() ? "" : faults.front()));
    for (const auto table : store_tables) {
      const auto rows = file.count(table);
      REQUIRE(rows.ok());
      CHECK(*rows == (table == "memories" ? 2 : 1));
    }
    CHECK(*file.found("words") == 1);
    CHECK(*file.found("nowhere") == 0);
    CHECK(!file.count("nowhere").ok());
    CHECK(!sqlite_file::open(all.path("absent")).ok());
  }

  TEST_CASE("files that say the same are the same, however it is written") {
    const files all;
    CHECK(all.apart().empty());
    all.change("theirs", R"(UPDATE memories SET embedding = NULL;
      UPDATE memories SET metadata = '{ "y" : 1.2345678901234567890123456789E29, "x" : 1 }' WHERE id = 'one';
      UPDATE pending_actions SET payload = '{"k": [1]}';)");
    CHECK(all.apart().empty());
  }

  TEST_CASE("one change in one column of one row is seen, in every table") {
    const std::pair<std::string, std::string> changes[] = {
        {"UPDATE memories SET content = 'some Words' WHERE id = 'one'", "content"},
        {"UPDATE memories SET tags = '[\"b\",\"a\"]' WHERE id = 'one'", "tags"},
        {"UPDATE memories SET confidence = 0.50000000000000011 WHERE id = 'one'", "confidence"},
        {"UPDATE memories SET access_count = 4 WHERE id = 'one'", "access_count"},
        {"UPDATE memories SET updated_at = '2025-01-01T00:00:00.000000+00:00' WHERE id = 'one'", "updated_at"},
        {"UPDATE memories SET expires_at = '' WHERE id = 'one'", "expires_at"},
        {"UPDATE memories SET metadata = '{\"x\":1,\"y\":123456789012345678901234567891}' WHERE id = 'one'",
         "metadata"},
        {"UPDATE memories SET metadata = '{\"x\":1,' WHERE id = 'two'", "metadata"},
        {"UPDATE memories SET namespace = x'676c6f62616c' WHERE id = 'two'", "namespace"},
        {"DELETE FROM memories WHERE id = 'two'", "is missing"},
        {"INSERT INTO memories(id, tier, title, content, created_at, updated_at) VALUES('3', 'mid', 'x', 'y', 't', "
         "'t')",
         "was not there before"},
        {"UPDATE archived_memories SET archive_reason = 'ttl_expired'", "archived_memories"},
        {"UPDATE namespace_meta SET parent_namespace = 'm'", "parent_namespace"},
        {"UPDATE pending_actions SET approvals = '[{\"agent_id\":\"x\"}]'", "approvals"},
        {"UPDATE subscriptions SET secret_hash = NULL", "secret_hash"},
        {"UPDATE memory_links SET relation = 'supersedes'", "memory_links"},
        {"UPDATE memory_links SET created_at = 'u'", "created_at"}};
    for (const auto& [statement, part] : changes) {
      CAPTURE(statement);
      const files all;
      all.change("theirs", statement);
      const auto found = all.apart();
      CHECK(holds(found, part));
      CHECK(found.size() <= 2);
      CHECK(all.apart(1).size() == 1);
    }
  }

  TEST_CASE("what makes a file unsound is named") {
    const std::pair<std::string, std::string> damages[] = {
        {"UPDATE schema_version SET version = 12", "schema_version"},
        {"INSERT INTO schema_version VALUES(13)", "schema_version"},
        {"INSERT INTO memory_links VALUES('one', 'nobody', 'related_to', 't')", "foreign_key_check"},
        // There is no trigger for it here: the index says what the record said before.
        {"UPDATE memories SET content = 'other' WHERE id = 'one'", "memories_fts"},
        {"DROP TABLE memories_fts", "memories_fts"},
        {"DROP TABLE subscriptions", "subscriptions"},
        {"ALTER TABLE pending_actions DROP COLUMN approvals", "pending_actions"},
        {"ALTER TABLE memories ADD COLUMN more TEXT", "memories"}};
    for (const auto& [statement, part] : damages) {
      CAPTURE(statement);
      const files all;
      all.change("ours", statement);
      CHECK(holds(all.open("ours").faults(), part));
    }
  }
}

}  // namespace quorate::chaos
