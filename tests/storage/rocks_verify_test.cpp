// A store read through against its checksums: every changed byte of a table is found, and a whole store never accused.
#include <doctest/doctest.h>
#include <rocksdb/db.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "storage/keys.hpp"
#include "support.hpp"

using namespace quorate;
using namespace quorate::storage;
using namespace quorate::storage::testing;

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t groups = 60;
constexpr std::size_t value_bytes = 20'000;  // tables of more than one step

struct reading {
  status end;
  std::size_t bytes = 0;
};

reading read_through(const store& s) {
  reading seen;
  const auto all = s.verify();
  REQUIRE(all);
  while (true) {
    const auto read = all->next();
    if (!read) seen.end = read.error();
    if (!read || !*read) return seen;
    REQUIRE(**read > 0);
    seen.bytes += **read;
  }
}

/// A closed store with one table of each kind: too few for the library to compact them while a test looks.
rocks_options make_store(const std::string& directory) {
  auto options = options_at(directory);
  options.memtable_bytes = 16u << 20;
  {
    const auto s = must_open(options);
    for (std::uint64_t n = 1; n <= groups; ++n) REQUIRE(s->commit(numbered_group(n, value_bytes)).ok());
  }
  must_open(options);  // makes tables of the log
  must_open(options);  // leaves nothing that is no longer needed
  return options;
}

/// Changes one byte in place, under an open database; the destructor changes it back.
class flipped_byte {
 public:
  flipped_byte(fs::path file, std::size_t at) : file_(std::move(file)), at_(at) { flip(); }
  flipped_byte(const flipped_byte&) = delete;
  ~flipped_byte() { flip(); }

 private:
  void flip() const {
    std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at_));
    const auto byte = static_cast<char>(file.get() ^ 0x04);
    file.seekp(static_cast<std::streamoff>(at_));
    file.put(byte);
    file.flush();
    REQUIRE(file.good());
  }
  fs::path file_;
  std::size_t at_;
};

/// The closed database with library's own options, thus without what this program adds.
template <class Change>
void with_plain_database(const std::string& directory, Change change) {
  const rocksdb::Options options;
  std::vector<std::string> names;
  REQUIRE(rocksdb::DB::ListColumnFamilies(options, directory, &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const auto& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  REQUIRE(rocksdb::DB::Open(options, directory, families, &handles, &db).ok());
  for (auto* handle : handles) change(*db, *handle);
  for (auto* handle : handles) CHECK(db->DestroyColumnFamilyHandle(handle).ok());
  delete db;
}

}  // namespace

TEST_SUITE("storage.rocks_verify") {
  TEST_CASE("a whole store is read to its end, tables and rows") {
    temporary_directory directory;
    const auto options = make_store(directory / "data");
    const auto s = must_open(options);
    std::size_t table_bytes = 0;
    for (const auto& table : files_with_extension(options.directory, ".sst")) table_bytes += fs::file_size(table);
    const auto seen = read_through(*s);
    CHECK_MESSAGE(seen.end.ok(), seen.end);
    CHECK(seen.bytes > table_bytes + groups * value_bytes);
    CHECK(groups_held(*s, value_bytes) == groups);
  }

  TEST_CASE("an empty store is whole") {
    temporary_directory directory;
    const auto s = must_open(options_at(directory / "data"));
    CHECK(read_through(*s).end.ok());
  }

  TEST_CASE("a changed byte anywhere in a table of an open store is found, what memory still has notwithstanding") {
    temporary_directory directory;
    const auto options = make_store(directory / "data");
    const auto s = must_open(options);
    // What it reads is in memory then. (Not by way of a snapshot, whose release lets the library rewrite the tables.)
    REQUIRE(s->scan(key_kind::memory, "", "", 1'000, std::size_t{1} << 30).ok());
    REQUIRE(s->read_log(own_log, 1, std::size_t{1} << 30).ok());
    REQUIRE(read_through(*s).end.ok());
    int flips = 0;
    for (const auto& table : files_with_extension(options.directory, ".sst")) {
      const auto size = fs::file_size(table);
      // All over the data, and every byte of the end: index, filter, properties, footer.
      for (std::size_t at = 0; at < size; at += at + 700 < size ? size / 8 + 1 : 7) {
        CAPTURE(table);
        CAPTURE(at);
        const flipped_byte damage(table, at);
        const auto seen = read_through(*s);
        REQUIRE(seen.end.code() == errc::corruption);
        REQUIRE(seen.end.context().find(table.filename()) != std::string::npos);
        ++flips;
      }
    }
    CHECK(flips > 100);
    CHECK(read_through(*s).end.ok());
  }

  TEST_CASE("a table that is cut short, or gone, is found") {
    temporary_directory directory;
    const auto options = make_store(directory / "data");
    const auto s = must_open(options);
    const auto table = files_with_extension(options.directory, ".sst").front();
    SUBCASE("cut short") { fs::resize_file(table, fs::file_size(table) - 1); }
    SUBCASE("longer") { fs::resize_file(table, fs::file_size(table) + 1); }
    SUBCASE("gone") { fs::remove(table); }
    const auto end = read_through(*s).end;
    CAPTURE(end);
    CHECK(end.code() == errc::corruption);
  }

  TEST_CASE("tables from before the manifest kept checksums are read by their blocks") {
    temporary_directory directory;
    const auto options = make_store(directory / "data");
    with_plain_database(options.directory, [](rocksdb::DB& db, rocksdb::ColumnFamilyHandle& handle) {
      rocksdb::CompactRangeOptions all;
      all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
      REQUIRE(db.CompactRange(all, &handle, nullptr, nullptr).ok());
    });
    const auto s = must_open(options);
    CHECK(read_through(*s).end.ok());
    const auto tables = files_with_extension(options.directory, ".sst");
    REQUIRE_FALSE(tables.empty());
    for (const auto& table : tables)
      for (std::size_t tenth = 0; tenth < 9; ++tenth) {
        CAPTURE(table);
        CAPTURE(tenth);
        const flipped_byte damage(table, fs::file_size(table) * tenth / 10);
        REQUIRE(read_through(*s).end.code() == errc::corruption);
      }
    CHECK(read_through(*s).end.ok());
  }

  TEST_CASE("a row that does not match its own checksum is found though its block does") {
    temporary_directory directory;
    const auto options = make_store(directory / "data");
    std::string family;
    SUBCASE("record") { family = "records"; }
    SUBCASE("log entry") { family = "log"; }
    SUBCASE("sums") { family = rocksdb::kDefaultColumnFamilyName; }
    with_plain_database(options.directory, [&](rocksdb::DB& db, rocksdb::ColumnFamilyHandle& handle) {
      if (handle.GetName() != family) return;
      const std::unique_ptr<rocksdb::Iterator> rows(db.NewIterator({}, &handle));
      rows->SeekToLast();
      // The format and whose it is are read at opening; any other row of the sums will do.
      while (rows->Valid() && (rows->key() == "format" || rows->key() == "identity")) rows->Prev();
      REQUIRE(rows->Valid());
      auto value = rows->value().ToString();
      REQUIRE_FALSE(value.empty());
      value[value.size() / 2] = static_cast<char>(value[value.size() / 2] ^ 0x01);
      REQUIRE(db.Put({}, &handle, rows->key(), value).ok());
    });
    const auto s = must_open(options);
    const auto end = read_through(*s).end;
    CAPTURE(end);
    CHECK(end.code() == errc::corruption);
  }

  TEST_CASE("an entry that is missing is damage, wherever in its log it was") {
    temporary_directory directory;
    const auto options = make_store(directory / "data");
    sequence_number missing = 0;
    SUBCASE("the first") { missing = 1; }
    SUBCASE("one in between") { missing = groups / 2; }
    SUBCASE("the last") { missing = groups; }
    with_plain_database(options.directory, [&](rocksdb::DB& db, rocksdb::ColumnFamilyHandle& handle) {
      if (handle.GetName() != "log") return;
      std::string gone;
      append_log_key(gone, own_log, missing);
      REQUIRE(db.Delete({}, &handle, gone).ok());
    });
    const auto s = must_open(options);
    const auto all = s->read_log(own_log, 1, std::size_t{1} << 30);
    CHECK(all.error().code() == errc::corruption);
    CHECK(all.error().context().find("entry " + std::to_string(missing) + " of log 7/1000 is missing")
          != std::string::npos);
    CHECK(s->read_log(own_log, missing, 1).error().code() == errc::corruption);
    // What is asked for is there.
    if (missing > 2) CHECK(s->read_log(own_log, missing - 2, 1)->size() == 1);
    if (missing < groups) CHECK(s->read_log(own_log, missing + 1, std::size_t{1} << 30)->size() == groups - missing);
    CHECK(s->read_log(own_log, groups + 1, 1)->empty());
    // The writer does not put another one there.
    CHECK(s->commit(numbered_group(groups, value_bytes)).code() == errc::internal);
    CHECK(s->commit(numbered_group(groups + 1, value_bytes)).ok());
  }

  TEST_CASE("all entries of a log are missing: that is not its end") {
    temporary_directory directory;
    const auto options = options_at(directory / "data");
    REQUIRE(must_open(options)->commit(numbered_group(1)).ok());
    with_plain_database(options.directory, [&](rocksdb::DB& db, rocksdb::ColumnFamilyHandle& handle) {
      if (handle.GetName() != "log") return;
      std::string gone;
      append_log_key(gone, own_log, 1);
      REQUIRE(db.Delete({}, &handle, gone).ok());
    });
    const auto s = must_open(options);
    CHECK(s->read_log(own_log, 1, 1).error().code() == errc::corruption);
    CHECK(s->read_log(own_log, 0, 1).error().code() == errc::invalid_argument);
    CHECK(s->read_log(own_log, 2, 1)->empty());
  }

  TEST_CASE("a store that is written to, flushed and compacted meanwhile is whole at every reading") {
    temporary_directory directory;
    const auto s = must_open(options_at(directory / "data"));
    std::atomic<bool> done{false};
    std::thread writer([&] {
      for (std::uint64_t n = 1; n <= 400; ++n)
        if (!s->commit(numbered_group(n, 2'000)).ok()) break;
      done = true;
    });
    int readings = 0;
    status end;
    while (end.ok() && (!done || readings < 3)) {
      end = read_through(*s).end;
      ++readings;
    }
    writer.join();
    CAPTURE(readings);
    CHECK_MESSAGE(end.ok(), end);
    CHECK(groups_held(*s, 2'000) == 400);
  }
}
