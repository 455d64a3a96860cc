#include "tests/migrate/reference_database.hpp"

#include <sqlite3.h>

#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <variant>
#include <vector>

namespace quorate::reference {

namespace {

struct closer {
  void operator()(sqlite3* file) const { sqlite3_close(file); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using file_handle = std::unique_ptr<sqlite3, closer>;
using value = std::variant<std::nullptr_t, std::int64_t, double, std::string>;

file_handle open(const std::string& path) {
  sqlite3* file = nullptr;
  const int code = sqlite3_open(path.c_str(), &file);
  file_handle handle(file);
  if (code != SQLITE_OK) throw std::runtime_error("cannot open " + path);
  sqlite3_busy_timeout(file, 5'000);
  return handle;
}

void run(sqlite3* file, const std::string& statements) {
  if (sqlite3_exec(file, statements.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    throw std::runtime_error(sqlite3_errmsg(file));
}

class inserter {
 public:
  inserter(sqlite3* file, const std::string& table, const std::string& columns) : file_(file) {
    std::string marks = "?";
    for (const char c : columns)
      if (c == ',') marks += ",?";
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(file, ("INSERT INTO " + table + " (" + columns + ") VALUES (" + marks + ")").c_str(), -1,
                           &statement, nullptr)
        != SQLITE_OK)
      throw std::runtime_error(sqlite3_errmsg(file));
    statement_.reset(statement);
  }
  void add(const std::vector<value>& values) {
    int at = 0;
    for (const auto& one : values) {
      ++at;
      if (const auto* text = std::get_if<std::string>(&one))
        sqlite3_bind_text64(statement_.get(), at, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
      else if (const auto* number = std::get_if<std::int64_t>(&one))
        sqlite3_bind_int64(statement_.get(), at, *number);
      else if (const auto* real = std::get_if<double>(&one))
        sqlite3_bind_double(statement_.get(), at, *real);
      else
        sqlite3_bind_null(statement_.get(), at);
    }
    if (sqlite3_step(statement_.get()) != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(file_));
    sqlite3_reset(statement_.get());
  }

 private:
  sqlite3* file_;
  std::unique_ptr<sqlite3_stmt, closer> statement_;
};

constexpr const char* memory_columns = R"(
  id TEXT PRIMARY KEY, tier TEXT NOT NULL, namespace TEXT NOT NULL DEFAULT 'global', title TEXT NOT NULL,
  content TEXT NOT NULL, tags TEXT NOT NULL DEFAULT '[]', priority INTEGER NOT NULL DEFAULT 5,
  confidence REAL NOT NULL DEFAULT 1.0, source TEXT NOT NULL DEFAULT 'api', access_count INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL, last_accessed_at TEXT, expires_at TEXT)";

void make_schema(sqlite3* file) {
  run(file, "PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON");
  run(file, "CREATE TABLE memories (" + std::string(memory_columns)
                + ", metadata TEXT NOT NULL DEFAULT '{}', embedding BLOB,"
                  " scope_idx TEXT GENERATED ALWAYS AS (CASE WHEN json_valid(metadata) THEN"
                  " COALESCE(json_extract(metadata, '$.scope'), 'private') ELSE 'private' END) VIRTUAL)");
  run(file,
      "CREATE INDEX idx_memories_tier ON memories(tier);"
      "CREATE INDEX idx_memories_namespace ON memories(namespace);"
      "CREATE INDEX idx_memories_priority ON memories(priority DESC);"
      "CREATE INDEX idx_memories_expires ON memories(expires_at);"
      "CREATE UNIQUE INDEX idx_memories_title_ns ON memories(title, namespace);"
      "CREATE INDEX idx_memories_scope_idx ON memories(scope_idx)");
  run(file,
      "CREATE TABLE memory_links (source_id TEXT NOT NULL, target_id TEXT NOT NULL,"
      " relation TEXT NOT NULL DEFAULT 'related_to', created_at TEXT NOT NULL,"
      " PRIMARY KEY (source_id, target_id, relation),"
      " FOREIGN KEY (source_id) REFERENCES memories(id) ON DELETE CASCADE,"
      " FOREIGN KEY (target_id) REFERENCES memories(id) ON DELETE CASCADE)");
  run(file,
      "CREATE VIRTUAL TABLE memories_fts USING fts5(title, content, tags, content='memories', content_rowid='rowid')");
  const std::string forget =
      "INSERT INTO memories_fts(memories_fts, rowid, title, content, tags) VALUES('delete', old.rowid, old.title,"
      " old.content, old.tags);";
  const std::string learn =
      "INSERT INTO memories_fts(rowid, title, content, tags) VALUES (new.rowid, new.title, new.content, new.tags);";
  run(file, "CREATE TRIGGER memories_ai AFTER INSERT ON memories BEGIN " + learn + " END");
  run(file, "CREATE TRIGGER memories_ad AFTER DELETE ON memories BEGIN " + forget + " END");
  run(file, "CREATE TRIGGER memories_au AFTER UPDATE ON memories BEGIN " + forget + learn + " END");
  run(file, "CREATE TABLE archived_memories (" + std::string(memory_columns)
                + ", archived_at TEXT NOT NULL, archive_reason TEXT NOT NULL DEFAULT 'ttl_expired',"
                  " metadata TEXT NOT NULL DEFAULT '{}');"
                  "CREATE INDEX idx_archived_namespace ON archived_memories(namespace);"
                  "CREATE INDEX idx_archived_at ON archived_memories(archived_at)");
  run(file,
      "CREATE TABLE namespace_meta (namespace TEXT PRIMARY KEY, standard_id TEXT, updated_at TEXT NOT NULL);"
      "ALTER TABLE namespace_meta ADD COLUMN parent_namespace TEXT");
  run(file,
      "CREATE TABLE pending_actions (id TEXT PRIMARY KEY, action_type TEXT NOT NULL, memory_id TEXT,"
      " namespace TEXT NOT NULL, payload TEXT NOT NULL DEFAULT '{}', requested_by TEXT NOT NULL,"
      " requested_at TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'pending', decided_by TEXT, decided_at TEXT,"
      " approvals TEXT NOT NULL DEFAULT '[]');"
      "CREATE INDEX idx_pending_status ON pending_actions(status);"
      "CREATE INDEX idx_pending_namespace ON pending_actions(namespace)");
  run(file,
      "CREATE TABLE sync_state (agent_id TEXT NOT NULL, peer_id TEXT NOT NULL, last_seen_at TEXT NOT NULL,"
      " last_pulled_at TEXT NOT NULL, last_pushed_at TEXT, PRIMARY KEY (agent_id, peer_id));"
      "CREATE INDEX idx_sync_state_agent ON sync_state(agent_id)");
  run(file,
      "CREATE TABLE subscriptions (id TEXT PRIMARY KEY, url TEXT NOT NULL, events TEXT NOT NULL DEFAULT '*',"
      " secret_hash TEXT, namespace_filter TEXT, agent_filter TEXT, created_by TEXT, created_at TEXT NOT NULL,"
      " last_dispatched_at TEXT, dispatch_count INTEGER NOT NULL DEFAULT 0,"
      " failure_count INTEGER NOT NULL DEFAULT 0);"
      "CREATE INDEX idx_subscriptions_url ON subscriptions(url)");
  run(file, "CREATE TABLE schema_version (version INTEGER NOT NULL); INSERT INTO schema_version VALUES (13)");
}

std::string two_digits(std::uint64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); }

/// Every precision and offset that occurs.
std::string time_text(std::uint64_t i) {
  constexpr std::array<const char*, 4> fractions{".123456789", "", ".123", ".654321"};
  const char* const offset = i % 11 == 10 ? "Z" : i % 13 == 12 ? "+02:00" : "+00:00";
  return "2026-0" + std::to_string(1 + i / 2'000'000 % 9) + "-" + two_digits(1 + i / 86'400 % 28) + "T"
         + two_digits(i / 3'600 % 24) + ":" + two_digits(i / 60 % 60) + ":" + two_digits(i % 60) + fractions[i % 4]
         + offset;
}

std::string content_of(std::uint64_t i) {
  constexpr std::array<const char*, 8> words{"quorum", "naïve", "漢字",      "🎉 emoji",
                                             "Ελλάδα", "שלום",  "tab\there", "line\nbreak"};
  if (i % 997 == 5) return std::string(65'536, 'x');
  std::string text = "memory " + std::to_string(i);
  for (std::uint64_t k = 0; k < 12; ++k) text.append(" ").append(words[(i * 7 + k * (1 + i % 5)) % words.size()]);
  return text;
}

std::string metadata_of(std::uint64_t i) {
  switch (i % 5) {
    case 0: return "{}";
    case 1: return R"({"agent_id":"ai:claude-)" + std::to_string(i % 9) + R"(","scope":"team"})";
    case 2:
      return R"({"z":{"deep":[1,2.50,{"null":null,"big":123456789012345678901234567890}]},"a":"\u00e9\"\\","n":1e3})";
    case 3: return R"({"empty":{},"list":[],"false":false,"minus":-0.5})";
    default: return R"({"agent_id":"human:é","k":)" + std::to_string(i) + "}";
  }
}

std::vector<value> memory_values(std::uint64_t i, const std::string& id) {
  constexpr std::array<const char*, 3> tiers{"short", "mid", "long"};
  constexpr std::array<const char*, 5> sources{"api", "claude", "import", "odd source/2", "hook"};
  constexpr std::array<double, 4> confidences{1.0, 0.1, 1.0 / 3.0, 0.0};
  const std::string tier = tiers[i % 3];
  value expires = nullptr;
  if (tier != "long" && i % 4 == 1) expires = time_text(i + 3'600);         // long past
  if (tier != "long" && i % 4 == 2) expires = "2099-12-31T23:59:59+02:00";  // far
  const std::string tags = i % 4 == 0 ? "[]" : i % 4 == 1 ? R"(["one","two","one"])" : R"(["é","tag \"quoted\""])";
  return {id,
          tier,
          i % 7 == 0 ? std::string("global") : "team/" + std::to_string(i % 50),
          "title " + std::to_string(i) + " ✓",
          content_of(i),
          tags,
          static_cast<std::int64_t>(1 + i % 10),
          confidences[i % 4],
          sources[i % 5],
          static_cast<std::int64_t>(i % 40),
          time_text(i),
          time_text(i + 5),
          i % 3 == 1 ? value(time_text(i + 9)) : value(nullptr),
          expires};
}

std::string id_of(std::uint64_t i) {
  // In no order, of several lengths and shapes.
  if (i % 10 == 3) return "note-" + std::to_string(i);
  return std::to_string(i * 2'654'435'761u % 4'294'967'296u) + "-" + std::to_string(i) + (i % 2 == 0 ? "-A" : "-b");
}

value maybe(bool there, std::string text) { return there ? value(std::move(text)) : value(nullptr); }

}  // namespace

void make_database(const std::string& path, std::uint64_t memories) {
  const auto file = open(path);
  make_schema(file.get());
  run(file.get(), "BEGIN");
  const std::string columns =
      "id,tier,namespace,title,content,tags,priority,confidence,source,access_count,created_at,updated_at,"
      "last_accessed_at,expires_at";
  inserter memory(file.get(), "memories", columns + ",metadata");
  for (std::uint64_t i = 0; i < memories; ++i) {
    auto values = memory_values(i, id_of(i));
    values.emplace_back(metadata_of(i));
    memory.add(values);
  }
  inserter archived(file.get(), "archived_memories", columns + ",archived_at,archive_reason,metadata");
  for (std::uint64_t i = 0; i < memories / 20; ++i) {
    auto values = memory_values(i, "archived-" + std::to_string(i));
    values.emplace_back(time_text(i + 20));
    values.emplace_back(std::string(i % 2 == 0 ? "ttl_expired" : "forget"));
    values.emplace_back(metadata_of(i));
    archived.add(values);
  }
  constexpr std::array<const char*, 4> relations{"related_to", "supersedes", "contradicts", "derived_from"};
  inserter link(file.get(), "memory_links", "source_id,target_id,relation,created_at");
  for (std::uint64_t i = 0; i + 1 < memories; i += 2)
    link.add({id_of(i), id_of(i + 1), std::string(relations[i / 2 % 4]), time_text(i)});
  inserter standard(file.get(), "namespace_meta", "namespace,standard_id,updated_at,parent_namespace");
  for (std::uint64_t i = 0; i < 20 && i < memories; ++i)
    standard.add({"team/" + std::to_string(i), maybe(i % 3 != 0, id_of(i)), time_text(i), maybe(i % 2 == 0, "global")});
  constexpr std::array<const char*, 3> actions{"store", "delete", "promote"};
  constexpr std::array<const char*, 3> states{"pending", "approved", "rejected"};
  inserter pending(file.get(), "pending_actions",
                   "id,action_type,memory_id,namespace,payload,requested_by,requested_at,status,decided_by,decided_at,"
                   "approvals");
  for (std::uint64_t i = 0; i < 30; ++i)
    pending.add(
        {"pending-" + std::to_string(i), std::string(actions[i % 3]), maybe(i % 3 != 0, id_of(i)),
         std::string("team/1"),
         std::string(i % 3 == 0 ? R"({"title":"t","content":"é","tags":["x"],"priority":5})" : "{}"),
         std::string("ai:writer"), time_text(i), std::string(states[i / 3 % 3]), maybe(i / 3 % 3 != 0, "human:boss"),
         maybe(i / 3 % 3 != 0, time_text(i + 7)),
         i % 4 == 1 ? R"([{"agent_id":"human:a","approved_at":")" + time_text(i + 3) + "\"}]" : std::string("[]")});
  inserter subscription(file.get(), "subscriptions",
                        "id,url,events,secret_hash,namespace_filter,agent_filter,created_by,created_at,"
                        "last_dispatched_at,dispatch_count,failure_count");
  for (std::uint64_t i = 0; i < 10; ++i)
    subscription.add({"subscription-" + std::to_string(i), "https://example.org/hook/" + std::to_string(i),
                      std::string(i % 2 == 0 ? "*" : "memory_store,memory_delete"),
                      maybe(i % 3 != 0, std::string(64, 'a')), maybe(i % 2 == 0, "team/1"), maybe(i % 4 == 0, "ai:x"),
                      maybe(i % 5 != 0, "ai:writer"), time_text(i), maybe(i % 2 == 1, time_text(i + 1)),
                      static_cast<std::int64_t>(i), static_cast<std::int64_t>(i / 2)});
  run(file.get(), "INSERT INTO sync_state VALUES ('a', 'b', '" + time_text(1) + "', '" + time_text(2) + "', NULL)");
  run(file.get(), "COMMIT");
}

void run(const std::string& path, const std::string& statements) { run(open(path).get(), statements); }

std::int64_t ask(const std::string& path, const std::string& query) {
  const auto file = open(path);
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(file.get(), query.c_str(), -1, &statement, nullptr) != SQLITE_OK)
    throw std::runtime_error(sqlite3_errmsg(file.get()));
  const std::unique_ptr<sqlite3_stmt, closer> owned(statement);
  if (sqlite3_step(statement) != SQLITE_ROW) throw std::runtime_error("no row: " + query);
  return sqlite3_column_int64(statement, 0);
}

}  // namespace quorate::reference
