// Backups that share tables: each is whole, holds all that was committed before it, and is refused when a byte changed.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "storage/incremental_backup.hpp"
#include "support.hpp"
#include "tests/support/eventually.hpp"

using namespace quorate;
using namespace quorate::storage;
using namespace quorate::storage::testing;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t value_bytes = 20'000;

void commit(store& s, std::uint64_t first, std::uint64_t last) {
  for (auto n = first; n <= last; ++n) REQUIRE(s.commit(numbered_group(n, value_bytes)).ok());
}

incremental_backup must_back_up(const store& s, const std::string& directory) {
  backup_lock lock;
  REQUIRE(lock.take_to_write(directory).ok());
  const auto made = s.back_up({directory, {}, {}});
  REQUIRE_MESSAGE(made.ok(), made.error().message());
  return *made;
}

/// How many groups a backup holds.
std::uint64_t groups_in(const std::string& backups, backup_number number, const std::string& target) {
  const auto restored = restore_rocks_store(options_at(target), backups, number);
  REQUIRE_MESSAGE(restored.ok(), restored.error().message());
  return groups_held(*must_open(options_at(target)), value_bytes);
}

std::vector<fs::path> files_below(const std::string& directory) {
  std::vector<fs::path> files;
  for (const auto& file : fs::recursive_directory_iterator(directory))
    if (file.is_regular_file()) files.push_back(file.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TEST_CASE("storage.incremental: each backup holds all before it, and copies only what is new") {
  const temporary_directory scratch;
  const auto backups = scratch / "backups";
  store_summary before;
  incremental_backup first, second;
  {
    const auto s = must_open(options_at(scratch / "data"));
    commit(*s, 1, 200);
    first = must_back_up(*s, backups);
    before = *s->summary();
    commit(*s, 201, 203);
    second = must_back_up(*s, backups);
  }
  CHECK(first.new_bytes == first.bytes);
  CHECK(first.bytes > 200 * value_bytes);
  CHECK(second.number == first.number + 1);
  CHECK(second.bytes > first.new_bytes / 2);
  CHECK(second.new_bytes < first.new_bytes / 5);
  MESSAGE("copied " << first.new_bytes << " bytes, then " << second.new_bytes);
  for (const auto& made : {first, second}) {
    const auto verified = verify_incremental_backup(backups, made.number);
    REQUIRE_MESSAGE(verified.ok(), verified.error().message());
    CHECK(verified->bytes == made.bytes);
    CHECK(verified->files == made.files);
  }
  CHECK(groups_in(backups, second.number, scratch / "second") == 203);
  CHECK(groups_in(backups, first.number, scratch / "first") == 200);
  const auto after = *must_open(options_at(scratch / "first"))->summary();
  CHECK(after.vector == before.vector);
  CHECK(after.buckets == before.buckets);
  CHECK(after.counts == before.counts);
  CHECK(after.epoch == before.epoch);
}

TEST_CASE("storage.incremental: reads do not make the next backups copy everything again") {
  const temporary_directory scratch;
  const auto backups = scratch / "backups";
  auto options = options_at(scratch / "data");
  options.memtable_bytes = 64u << 20;  // no table before the first backup makes one
  const auto s = must_open(options);
  commit(*s, 1, 200);
  const auto first = must_back_up(*s, backups);
  std::uint64_t later = 0;
  for (std::uint64_t n = 201; n <= 203; ++n) {
    commit(*s, n, n);
    // Gives back a snapshot, at which RocksDB looks for tables to write once more.
    REQUIRE(s->find(key_kind::memory, "no such alias").ok());
    // Where it finds one it is done within that time.
    const auto tables = [&] { return files_with_extension(options.directory, ".sst"); };
    const auto before = tables();
    quorate::testing::eventually([&] { return tables() != before; }, std::chrono::milliseconds(200));
    later += must_back_up(*s, backups).new_bytes;
  }
  MESSAGE("copied " << first.new_bytes << " bytes, then " << later << " in three backups");
  CHECK(later < first.new_bytes / 5);
}

TEST_CASE("storage.incremental: what one backup copied of the write-ahead log the next does not copy again") {
  const temporary_directory scratch;
  const auto backups = scratch / "backups";
  auto options = options_at(scratch / "data");
  options.memtable_bytes = 64u << 20;
  const auto s = must_open(options);
  commit(*s, 1, 10);
  must_back_up(*s, backups);
  commit(*s, 11, 210);
  const auto much = must_back_up(*s, backups);
  commit(*s, 211, 211);
  const auto little = must_back_up(*s, backups);
  CHECK(much.new_bytes > 200 * value_bytes);
  CHECK(little.new_bytes < much.new_bytes / 5);
}

TEST_CASE("storage.incremental: what is committed while it is made is there as far as it goes, each group whole") {
  const temporary_directory scratch;
  const auto backups = scratch / "backups";
  const auto s = must_open(options_at(scratch / "data"));
  std::atomic<std::uint64_t> committed = 0;
  std::atomic<bool> enough = false;
  status failed;
  // Ahead of a backup by so much only: a slow one would never come to an end of it.
  constexpr std::uint64_t ahead_max = 500;
  std::atomic<std::uint64_t> wanted = ahead_max;
  std::thread writer([&] {
    for (std::uint64_t n = 1; !enough && failed.ok(); ++n) {
      while (n > wanted && !enough) std::this_thread::yield();
      failed = s->commit(numbered_group(n, value_bytes));
      if (failed.ok()) committed = n;
    }
  });
  std::vector<std::pair<backup_number, std::uint64_t>> made;
  for (int i = 0; i < 4; ++i) {
    const auto already = committed.load();
    wanted = already + ahead_max;
    made.emplace_back(must_back_up(*s, backups).number, already);
    wanted = committed + ahead_max;
    while (committed < already + 20) std::this_thread::yield();
  }
  enough = true;
  writer.join();
  REQUIRE_MESSAGE(failed.ok(), failed.message());
  for (const auto& [number, already] : made) {
    const auto held = groups_in(backups, number, scratch / ("from-" + std::to_string(number)));
    CHECK(held >= already);
    CHECK(held <= committed);
  }
}

TEST_CASE("storage.incremental: the disk of a restored store is a new one, and it belongs to whom is named") {
  const temporary_directory scratch;
  const auto backups = scratch / "backups";
  {
    const auto s = must_open(options_at(scratch / "data"));
    write_group group;
    group.disks = member_disks{77, true, {{node_id{9}, 5}}};
    group.members = member_list{{"node-a", "node-b"}, 2, "node-a"};
    REQUIRE(s->commit(group).ok());
    must_back_up(*s, backups);
  }
  auto wanted = options_at(scratch / "restored");
  wanted.identity.node_name = "other";
  REQUIRE(restore_rocks_store(wanted, backups, 1).ok());
  CHECK(owner_of_directory(wanted.directory)->node_name == "other");
  const auto s = must_open(wanted);
  CHECK(s->summary()->disks == member_disks{});
  CHECK_FALSE(s->summary()->members);
  CHECK(*s->begin_epoch(0, 0) > 0);

  auto unnamed = options_at(scratch / "unnamed");
  unnamed.identity = {};
  REQUIRE(restore_rocks_store(unnamed, backups, 1).ok());
  CHECK(owner_of_directory(unnamed.directory)->node_name == options_at("x").identity.node_name);

  const auto again = restore_rocks_store(unnamed, backups, 1);
  CHECK(again.error().code() == errc::invalid_argument);
  CHECK(again.error().field() == "--data");
  CHECK(restore_rocks_store(options_at(scratch / "none"), backups, 2).error().code() == errc::not_found);
  CHECK_FALSE(fs::exists(scratch / "none"));
  CHECK_FALSE(fs::exists(scratch / "none.restoring"));
}

TEST_CASE("storage.incremental: a changed byte in any file is found, and nothing is made of it") {
  const temporary_directory scratch;
  const auto backups = scratch / "backups";
  {
    const auto s = must_open(options_at(scratch / "data"));
    commit(*s, 1, 3);
    must_back_up(*s, backups);
  }
  for (const auto& file : files_below(backups)) {
    // The list of files is covered by the manifest of who makes backups.
    if (file.filename() == "quorate.lock" || file.parent_path().filename() == "meta") continue;
    CAPTURE(file.string());
    const auto bytes = read_bytes(file);
    const auto step = std::max<std::size_t>(1, bytes.size() / 7);
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      auto changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      write_bytes(file, changed);
      REQUIRE(verify_incremental_backup(backups, 1).error().code() == errc::corruption);
    }
    auto changed = bytes;
    if (!changed.empty()) {
      changed.back() = static_cast<char>(changed.back() ^ 0x80);
      write_bytes(file, changed);
      CHECK(restore_rocks_store(options_at(scratch / "restored"), backups, 1).error().code() == errc::corruption);
    }
    write_bytes(file, bytes + "x");
    CHECK(verify_incremental_backup(backups, 1).error().code() == errc::corruption);
    fs::remove(file);
    CHECK(verify_incremental_backup(backups, 1).error().code() == errc::corruption);
    CHECK(restore_rocks_store(options_at(scratch / "restored"), backups, 1).error().code() == errc::corruption);
    CHECK_FALSE(fs::exists(scratch / "restored"));
    CHECK_FALSE(fs::exists(scratch / "restored.restoring"));
    write_bytes(file, bytes);
  }
  CHECK(verify_incremental_backup(backups, 1).ok());
}

TEST_CASE("storage.incremental: a backup that is given up leaves nothing, and the next one is whole") {
  const temporary_directory scratch;
  const auto backups = scratch / "backups";
  auto options = options_at(scratch / "data");
  options.memtable_bytes = 64u << 20;
  const auto s = must_open(options);
  // One table of several stretches: a copy is given up within a file.
  commit(*s, 1, 400);
  backup_lock lock;
  REQUIRE(lock.take_to_write(backups).ok());
  SUBCASE("at once") {
    const auto given_up = s->back_up({backups, [] { return true; }, {}});
    CHECK(given_up.error().code() == errc::shutting_down);
  }
  SUBCASE("under way") {
    std::atomic<int> asked = 0;
    const auto given_up = s->back_up({backups, [&] { return ++asked > 1; }, {}});
    CHECK(asked > 1);
    CHECK(given_up.error().code() == errc::shutting_down);
  }
  SUBCASE("for want of space") {
    const auto refused = s->back_up({backups, {}, UINT64_MAX});
    CHECK(refused.error().code() == errc::disk_full);
  }
  const auto left = files_below(backups);
  REQUIRE(left.size() == 1);
  CHECK(left.front().filename() == "quorate.lock");
  const auto made = s->back_up({backups, {}, 0});
  REQUIRE_MESSAGE(made.ok(), made.error().message());
  CHECK(made->number == 1);
  CHECK(groups_in(backups, 1, scratch / "restored") == 400);
}

TEST_CASE("storage.incremental: old backups go, and with them what only they had") {
  const temporary_directory scratch;
  const auto backups = scratch / "backups";
  const auto s = must_open(options_at(scratch / "data"));
  for (std::uint64_t n = 0; n < 4; ++n) {
    commit(*s, n * 10 + 1, n * 10 + 10);
    CHECK(must_back_up(*s, backups).number == n + 1);
  }
  REQUIRE(remove_backups_before(backups, 3).ok());
  CHECK(verify_incremental_backup(backups, 2).error().code() == errc::not_found);
  CHECK(groups_in(backups, 3, scratch / "third") == 30);
  CHECK(groups_in(backups, 4, scratch / "fourth") == 40);
  CHECK(must_back_up(*s, backups).number == 5);
}

TEST_CASE("storage.incremental: a directory holds the backups of one node, and one at a time changes it") {
  const temporary_directory scratch;
  const auto backups = scratch / "backups";
  {
    const auto s = must_open(options_at(scratch / "data"));
    must_back_up(*s, backups);
  }
  auto options = options_at(scratch / "of-another");
  options.identity.node_name = "other";
  const auto other = must_open(options);
  backup_lock lock;
  REQUIRE(lock.take_to_write(backups).ok());
  const auto refused = other->back_up({backups, {}, {}});
  CHECK(refused.error().code() == errc::invalid_argument);
  backup_lock second;
  CHECK(second.take_to_write(backups).code() == errc::in_use);
  backup_lock reading;
  CHECK(reading.take_to_read(backups).code() == errc::in_use);
}

TEST_CASE("storage.incremental: readers share a directory and keep writers out; a store in memory has no backups") {
  const temporary_directory scratch;
  const auto backups = scratch / "backups";
  {
    backup_lock lock;
    REQUIRE(lock.take_to_write(backups).ok());
  }
  backup_lock one, two, writer;
  CHECK(one.take_to_read(backups).ok());
  CHECK(two.take_to_read(backups).ok());
  CHECK(writer.take_to_write(backups).code() == errc::in_use);
  CHECK(owner_of_directory(scratch / "absent").error().field() == "--data");
}
