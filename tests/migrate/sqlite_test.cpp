#include <doctest/doctest.h>

#include "chaos/gate/sqlite_file.hpp"
#include "chaos/scratch_directory.hpp"
#include "cli/migrate/sqlite_store.hpp"
#include "tests/migrate/reference_database.hpp"

namespace quorate::cli::migrate {
namespace {

struct scratch {
  chaos::scratch_directory directory = std::move(*chaos::scratch_directory::make());
  std::string file(const std::string& name) const { return directory.path() + '/' + name; }
};

std::vector<row_batch> all_of(row_source& source, std::size_t rows_max = 100) {
  std::vector<row_batch> all;
  for (;;) {
    auto batch = source.next(rows_max);
    REQUIRE(batch);
    if (!*batch) return all;
    CHECK((*batch)->rows.size() <= rows_max);
    all.push_back(std::move(**batch));
  }
}

std::vector<row_batch> read(const std::string& path) {
  auto source = open_sqlite_source(path);
  REQUIRE(source);
  return all_of(**source);
}

void copy(const std::string& from, const std::string& to) {
  auto target = open_sqlite_target(to);
  REQUIRE(target);
  for (const auto& batch : read(from)) {
    CHECK(batch.unreadable.empty());
    const auto results = (*target)->write(batch.rows);
    REQUIRE(results);
    for (const auto& one : *results) CHECK(one.end == row_end::written);
  }
}

std::vector<std::string> differences(const std::string& ours, const std::string& theirs) {
  const auto a = chaos::sqlite_file::open(ours);
  const auto b = chaos::sqlite_file::open(theirs);
  REQUIRE(a);
  REQUIRE(b);
  CHECK(a->faults() == std::vector<std::string>());
  const auto found = chaos::differences(*a, *b, 10);
  REQUIRE(found);
  return *found;
}

v1::TransferRow row_with(const std::string& id, const std::string& title, const std::string& updated_at) {
  v1::TransferRow row;
  auto& m = *row.mutable_memory();
  m.set_id(id);
  m.set_tier(v1::TIER_LONG);
  m.set_namespace_("n");
  m.set_title(title);
  m.set_content("c");
  m.set_priority(5);
  m.set_confidence(1);
  m.set_source("api");
  m.set_created_at("2026-01-01T00:00:00Z");
  m.set_updated_at(updated_at);
  m.set_metadata("{}");
  return row;
}

row_result write_one(row_target& target, const v1::TransferRow& row) {
  const auto results = target.write({row});
  REQUIRE(results);
  return results->at(0);
}

}  // namespace

TEST_CASE("a reference database is copied row by row, with its index of words") {
  const scratch place;
  reference::make_database(place.file("a.db"), 1'001);
  copy(place.file("a.db"), place.file("b.db"));
  CHECK(differences(place.file("a.db"), place.file("b.db")) == std::vector<std::string>());
  CHECK(reference::ask(place.file("b.db"), "SELECT count(*) FROM memories_fts WHERE memories_fts MATCH 'quorum'")
        == reference::ask(place.file("a.db"), "SELECT count(*) FROM memories_fts WHERE memories_fts MATCH 'quorum'"));
  CHECK(reference::ask(place.file("b.db"), "SELECT max(version) FROM schema_version") == 13);
}

TEST_CASE("a file that the reference made is written to, and its own checks hold") {
  const scratch place;
  reference::make_database(place.file("a.db"), 300);
  reference::make_database(place.file("b.db"), 100);
  reference::run(place.file("b.db"), "UPDATE memories SET content = 'older', updated_at = '2020-01-01T00:00:00Z'");
  copy(place.file("a.db"), place.file("c.db"));
  auto target = open_sqlite_target(place.file("b.db"));
  REQUIRE(target);
  for (const auto& batch : read(place.file("a.db"))) REQUIRE((*target)->write(batch.rows));
  CHECK(differences(place.file("b.db"), place.file("a.db")) == std::vector<std::string>());
}

TEST_CASE("a second copy changes nothing") {
  const scratch place;
  reference::make_database(place.file("a.db"), 200);
  copy(place.file("a.db"), place.file("b.db"));
  auto target = open_sqlite_target(place.file("b.db"));
  REQUIRE(target);
  for (const auto& batch : read(place.file("a.db"))) {
    const auto results = (*target)->write(batch.rows);
    REQUIRE(results);
    for (const auto& one : *results) CHECK(one.end == row_end::unchanged);
  }
}

TEST_CASE("a source goes on behind any position") {
  const scratch place;
  reference::make_database(place.file("a.db"), 150);
  const auto whole = read(place.file("a.db"));
  REQUIRE(whole.size() > 4);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    auto source = open_sqlite_source(place.file("a.db"));
    REQUIRE(source);
    (*source)->continue_after(whole[i].position);
    const auto rest = all_of(**source);
    REQUIRE(rest.size() == whole.size() - i - 1);
    for (std::size_t k = 0; k < rest.size(); ++k) CHECK(rest[k].position == whole[i + 1 + k].position);
  }
}

TEST_CASE("of two versions of a row the later one is there in the end; a taken title is refused") {
  const scratch place;
  auto target = open_sqlite_target(place.file("a.db"));
  REQUIRE(target);
  const auto first = row_with("1", "t", "2026-01-02T00:00:00Z");
  CHECK(write_one(**target, first).end == row_end::written);
  CHECK(write_one(**target, first).end == row_end::unchanged);
  CHECK(write_one(**target, row_with("1", "older", "2026-01-01T00:00:00Z")).end == row_end::kept);
  CHECK(write_one(**target, row_with("1", "newer", "2026-01-03T00:00:00+01:00")).end == row_end::written);
  const auto refused = write_one(**target, row_with("2", "newer", "2026-01-03T00:00:00Z"));
  CHECK(refused.end == row_end::failed);
  CHECK(refused.why == "another memory there has its title in its namespace");
  v1::TransferRow link;
  link.mutable_link()->set_source_id("1");
  link.mutable_link()->set_target_id("3");
  link.mutable_link()->set_relation("related_to");
  link.mutable_link()->set_created_at("2026-01-03T00:00:00Z");
  CHECK(write_one(**target, link).why == "one of its ends is not there");
  const auto there = (*target)->fetch({row_with("1", "", ""), row_with("2", "", "")});
  REQUIRE(there);
  REQUIRE(there->size() == 1);
  CHECK(there->at(0).memory().title() == "newer");
}

TEST_CASE("a title may pass from one row to another, in any order") {
  const scratch place;
  auto target = open_sqlite_target(place.file("a.db"));
  REQUIRE(target);
  CHECK(write_one(**target, row_with("1", "t", "2026-01-01T00:00:00Z")).end == row_end::written);
  const auto results =
      (*target)->write({row_with("2", "t", "2026-01-02T00:00:00Z"), row_with("1", "u", "2026-01-02T00:00:00Z")});
  REQUIRE(results);
  for (const auto& one : *results) CHECK_MESSAGE(one.end == row_end::written, one.why);
}

TEST_CASE("an embedding stays only with the text it was made of") {
  const scratch place;
  auto target = open_sqlite_target(place.file("a.db"));
  REQUIRE(target);
  CHECK(write_one(**target, row_with("1", "t", "2026-01-01T00:00:00Z")).end == row_end::written);
  reference::run(place.file("a.db"), "UPDATE memories SET embedding = x'00'");
  auto same_text = row_with("1", "t", "2026-01-02T00:00:00Z");
  same_text.mutable_memory()->set_priority(9);
  CHECK(write_one(**target, same_text).end == row_end::written);
  CHECK(reference::ask(place.file("a.db"), "SELECT count(*) FROM memories WHERE embedding IS NOT NULL") == 1);
  CHECK(write_one(**target, row_with("1", "other", "2026-01-03T00:00:00Z")).end == row_end::written);
  CHECK(reference::ask(place.file("a.db"), "SELECT count(*) FROM memories WHERE embedding IS NOT NULL") == 0);
}

TEST_CASE("rows with any row number are read") {
  const scratch place;
  reference::make_database(place.file("a.db"), 3);
  reference::run(place.file("a.db"), "UPDATE memories SET rowid = -rowid");
  std::size_t rows = 0;
  for (const auto& batch : read(place.file("a.db")))
    if (batch.of == memory::table::memories) rows += batch.rows.size();
  CHECK(rows == 3);
}

TEST_CASE("rows that are none of ours are named one by one, the others are read") {
  const scratch place;
  reference::make_database(place.file("a.db"), 20);
  reference::run(place.file("a.db"),
                 "UPDATE memories SET content = CAST(x'ff' AS TEXT) WHERE id = 'note-3';"
                 "UPDATE memories SET priority = 'high' WHERE id = 'note-13';"
                 "UPDATE memories SET tags = '{', metadata = 'none', tier = 'eternal' WHERE rowid = 1");
  std::vector<std::string> unreadable;
  std::vector<std::string> remarks;
  std::size_t rows = 0;
  for (const auto& batch : read(place.file("a.db"))) {
    if (batch.of == memory::table::memories) rows += batch.rows.size();
    for (const auto& row : batch.unreadable) unreadable.push_back(row.line);
    remarks.insert(remarks.end(), batch.remarks.begin(), batch.remarks.end());
  }
  CHECK(rows == 18);
  CHECK(unreadable
        == std::vector<std::string>{"memories row note-3: content is not UTF-8",
                                    "memories row note-13: priority is not an integer"});
  REQUIRE(remarks.size() == 1);
  CHECK(remarks[0].find("tags are no list of texts") != std::string::npos);
  CHECK(remarks[0].find("tier is unknown") != std::string::npos);
  CHECK(remarks[0].find("metadata is no JSON object") != std::string::npos);
}

TEST_CASE("older files are read: what they lack is empty or has its default") {
  const scratch place;
  // Version 1: without confidence, source, metadata and all later tables.
  reference::run(place.file("a.db"),
                 "CREATE TABLE memories (id TEXT PRIMARY KEY, tier TEXT NOT NULL, namespace TEXT NOT NULL, title TEXT "
                 "NOT NULL, content TEXT NOT NULL, tags TEXT NOT NULL, priority INTEGER NOT NULL, access_count INTEGER "
                 "NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, last_accessed_at TEXT, expires_at "
                 "TEXT); INSERT INTO memories VALUES ('1', 'mid', 'n', 't', 'c', '[]', 3, 2, '2026-01-01T00:00:00Z', "
                 "'2026-01-01T00:00:00Z', NULL, NULL)");
  const auto batches = read(place.file("a.db"));
  REQUIRE(batches.size() == 1);
  REQUIRE(batches[0].rows.size() == 1);
  const auto& m = batches[0].rows[0].memory();
  CHECK(m.confidence() == 1.0);
  CHECK(m.source() == "api");
  CHECK(m.metadata() == "{}");
  CHECK(m.priority() == 3);
  const auto refused = open_sqlite_target(place.file("a.db"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("has an older schema: its table memories has no column") != std::string::npos);
}

TEST_CASE("what is no database of ours is refused, and says why") {
  const scratch place;
  const auto why = [](const auto& opened) {
    REQUIRE_FALSE(opened);
    return opened.error().message();
  };
  CHECK(why(open_sqlite_source(place.file("none.db"))).find("--from: cannot open the SQLite file") == 0);
  reference::run(place.file("other.db"), "CREATE TABLE x (y)");
  CHECK(why(open_sqlite_source(place.file("other.db"))).find("it has no table memories") != std::string::npos);
  CHECK(why(open_sqlite_target(place.file("other.db"))).find("it has no table memories") != std::string::npos);
  reference::make_database(place.file("new.db"), 1);
  reference::run(place.file("new.db"), "UPDATE schema_version SET version = 14");
  CHECK(why(open_sqlite_source(place.file("new.db"))).find("has schema version 14") != std::string::npos);
  CHECK(why(open_sqlite_target(place.file("new.db"))).find("has schema version 14") != std::string::npos);
  reference::make_database(place.file("bare.db"), 1);
  reference::run(place.file("bare.db"), "DROP TRIGGER memories_ad");
  CHECK(why(open_sqlite_target(place.file("bare.db"))).find("has no trigger memories_ad") != std::string::npos);
}

}  // namespace quorate::cli::migrate
