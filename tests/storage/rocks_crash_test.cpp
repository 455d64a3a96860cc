// Failing disks and lost power: no group is acknowledged that is not found again, and none is found in part.
#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "storage/rocks_internal.hpp"
#include "storage/testing/faulty_disk.hpp"
#include "storage/testing/faulty_file_system.hpp"
#include "support.hpp"

using namespace quorate;
using namespace quorate::storage;
using namespace quorate::storage::testing;

namespace {

constexpr std::size_t value_bytes = 3'000;
constexpr std::uint64_t groups_max = 60;

/// Commits numbered groups after `held` until one fails; the number of the last that was acknowledged.
std::uint64_t commit_until_failure(store& s, std::uint64_t held) {
  while (held < groups_max && s.commit(numbered_group(held + 1, value_bytes)).ok()) ++held;
  return held;
}

}  // namespace

TEST_SUITE("storage.rocks_crash") {
  TEST_CASE("wherever the disk stops every acknowledged group is there after power returns") {
    // Small memtables: the history passes through creation, flushes, new logs and the deletion of old ones.
    std::uint64_t step = 1;
    std::uint64_t stopped_while_opening = 0;
    std::uint64_t stopped_while_writing = 0;
    for (std::uint64_t stop_at = 1;; stop_at += step) {
      temporary_directory directory;
      const auto options = options_at(directory / "data");
      faulty_disk disk;
      disk.files().stop_at(stop_at);
      std::uint64_t acknowledged = 0;
      {
        const auto s = disk.open(options);
        if (s.ok()) acknowledged = commit_until_failure(**s, 0);
        if (!s.ok()) ++stopped_while_opening;
        if (s.ok() && acknowledged < groups_max) ++stopped_while_writing;
      }
      const bool stopped = disk.files().stopped();
      disk.files().lose_power();

      CAPTURE(stop_at);
      const auto s = open_rocks_store(options);
      REQUIRE_MESSAGE(s.ok(), s.error());
      const auto held = groups_held(**s, value_bytes);
      REQUIRE(held >= acknowledged);
      REQUIRE(held <= acknowledged + 1);
      REQUIRE((*s)->commit(numbered_group(held + 1, value_bytes)).ok());
      if (!stopped) {
        CHECK(acknowledged == groups_max);
        break;
      }
      // Each step of the creation, then a sample of the rest.
      if (acknowledged > 2) step = 3;
    }
    CHECK(stopped_while_opening > 10);
    CHECK(stopped_while_writing > 20);
  }

  TEST_CASE("a disk that lies about syncs loses groups in the same test") {
    temporary_directory directory;
    const auto options = options_at(directory / "data");
    must_open(options);
    faulty_disk disk;
    disk.files().lie_about_syncs();
    {
      const auto s = disk.open(options);
      REQUIRE_MESSAGE(s.ok(), s.error());
      for (std::uint64_t n = 1; n <= 3; ++n) REQUIRE((*s)->commit(numbered_group(n)).ok());
    }
    disk.files().lose_power();
    const auto s = open_rocks_store(options);
    CHECK((!s.ok() || groups_held(**s) < 3));
  }

  TEST_CASE("a failed sync is final for writes and names its reason while reads go on") {
    for (const std::uint64_t failing : {1, 2, 5, 9}) {
      temporary_directory directory;
      const auto options = options_at(directory / "data");
      must_open(options);
      faulty_disk disk;
      CAPTURE(failing);
      const auto s = disk.open(options);
      REQUIRE_MESSAGE(s.ok(), s.error());
      store& opened = **s;
      disk.files().fail_log_sync(failing);
      const auto acknowledged = commit_until_failure(opened, 0);
      REQUIRE(disk.files().failed_log_syncs() == 1);
      CHECK(acknowledged < groups_max);
      CHECK(groups_held(opened, value_bytes) == acknowledged);

      // The disk works again; nobody may find out by trying.
      const auto first = opened.commit(numbered_group(acknowledged + 1, value_bytes));
      CHECK(first.code() == errc::storage_failure);
      CHECK(first.message().find("planted failure") != std::string::npos);
      CHECK(opened.commit(write_group{}).message() == first.message());
      const auto epoch = opened.begin_epoch(1, 1);
      REQUIRE_FALSE(epoch.ok());
      CHECK(epoch.error().message() == first.message());
      CHECK(groups_held(opened, value_bytes) == acknowledged);
    }
  }

  TEST_CASE("a full disk is final for writes even once there is space again") {
    temporary_directory directory;
    const auto options = options_at(directory / "data");
    must_open(options);
    faulty_disk disk;
    const auto s = disk.open(options);
    REQUIRE_MESSAGE(s.ok(), s.error());
    disk.files().fail_log_sync(3, rocksdb::IOStatus::NoSpace("planted lack of space"));
    REQUIRE(commit_until_failure(**s, 0) == 2);
    // From here on the disk takes everything again. RocksDB would look within five seconds and write its memtables to
    // new files, did nobody tell it not to.
    const auto tables = files_with_extension(options.directory, ".sst");
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(8);
    while (files_with_extension(options.directory, ".sst") == tables && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    REQUIRE(files_with_extension(options.directory, ".sst") == tables);
    for (int attempt = 0; attempt < 1'000; ++attempt) {
      const auto again = (*s)->commit(numbered_group(3, value_bytes));
      REQUIRE(again.code() == errc::disk_full);
      REQUIRE(again.message().find("planted lack of space") != std::string::npos);
    }
    CHECK(groups_held(**s, value_bytes) == 2);
  }

  TEST_CASE("an epoch whose sync failed is not handed out") {
    temporary_directory directory;
    const auto options = options_at(directory / "data");
    must_open(options);
    faulty_disk disk;
    const auto s = disk.open(options);
    REQUIRE_MESSAGE(s.ok(), s.error());
    disk.files().fail_log_sync(1);
    CHECK(disk.files().failed_log_syncs() == 0);
    const auto epoch = (*s)->begin_epoch(1, 1);
    REQUIRE_FALSE(epoch.ok());
    CHECK(epoch.error().code() == errc::storage_failure);
    CHECK((*s)->commit(numbered_group(1)).code() == errc::storage_failure);
  }
}
