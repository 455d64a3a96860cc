// Damage to a closed database: what is opened holds a prefix of what was committed, or is refused.
#include <doctest/doctest.h>

#include "storage/data_directory.hpp"
#include "storage/wal_check.hpp"
#include "support.hpp"

using namespace quorate;
using namespace quorate::storage;
using namespace quorate::storage::testing;

namespace {

namespace fs = std::filesystem;

/// A closed store with some groups in its newest write-ahead log, and copies of it to damage.
class patient {
 public:
  patient(std::uint64_t groups, std::size_t value_bytes) : value_bytes_(value_bytes) {
    const auto s = must_open(options_for(original()));
    wal_ = files_with_extension(original(), ".log").back().filename();
    for (std::uint64_t n = 1; n <= groups; ++n) {
      REQUIRE(s->commit(numbered_group(n, value_bytes)).ok());
      ends_.push_back(fs::file_size(original() + "/" + wal_));
    }
  }

  std::string original() const { return directory_ / "data"; }
  std::string wal_bytes() const { return read_bytes(original() + "/" + wal_); }
  /// Size of the log after group n.
  std::size_t end_of(std::uint64_t n) const { return ends_[n - 1]; }

  /// What opening says after the log's bytes were replaced; the number of groups when it says ok.
  result<std::uint64_t> opened_with(const std::string& bytes) const {
    const auto copy = directory_ / "copy";
    copy_directory(original(), copy);
    write_bytes(copy + "/" + wal_, bytes);
    const auto s = open_rocks_store(options_for(copy));
    if (!s.ok()) return s.error();
    return groups_held(**s, value_bytes_);
  }

  /// What check_wals alone says.
  status checked_with(const std::string& bytes) const {
    const auto copy = directory_ / wal_;
    write_bytes(copy, bytes);
    return check_wals({copy});
  }

 private:
  /// With memtables that hold all groups, so that all are in one log.
  static rocks_options options_for(const std::string& directory) {
    auto options = options_at(directory);
    options.memtable_bytes = 8u << 20;
    return options;
  }

  temporary_directory directory_;
  std::size_t value_bytes_;
  std::string wal_;
  std::vector<std::size_t> ends_;
};

std::string flipped(std::string bytes, std::size_t at, int mask) {
  bytes[at] = static_cast<char>(bytes[at] ^ mask);
  return bytes;
}

std::string zeroed(std::string bytes, std::size_t at, std::size_t count) {
  return bytes.replace(at, count, count, '\0');
}

}  // namespace

TEST_SUITE("storage.rocks_damage") {
  TEST_CASE("a log cut anywhere in its last group opens without that group") {
    const patient p(4, 10);
    const auto bytes = p.wal_bytes();
    REQUIRE(bytes.size() == p.end_of(4));
    CHECK(*p.opened_with(bytes) == 4);
    for (auto size = p.end_of(3); size < bytes.size(); ++size) {
      CAPTURE(size);
      const auto groups = p.opened_with(bytes.substr(0, size));
      REQUIRE_MESSAGE(groups.ok(), groups.error());
      REQUIRE(*groups == 3);
    }
  }

  TEST_CASE("a log cut anywhere opens with the groups before the cut") {
    // Groups of three values of 9 kB: records that cross the blocks of the log.
    const patient p(8, 9'000);
    const auto bytes = p.wal_bytes();
    for (std::uint64_t n = 1; n < 8; ++n)
      for (const auto size :
           {p.end_of(n), p.end_of(n) + 1, p.end_of(n) + 7, p.end_of(n) + 5'000, p.end_of(n + 1) - 1}) {
        CAPTURE(size);
        const auto groups = p.opened_with(bytes.substr(0, size));
        REQUIRE_MESSAGE(groups.ok(), groups.error());
        REQUIRE(*groups == n);
      }
  }

  TEST_CASE("a log may go on after a torn tail was dropped") {
    temporary_directory directory;
    const auto options = options_at(directory / "data");
    std::uint64_t held = 0;
    for (int round = 0; round < 8; ++round) {
      {
        const auto s = must_open(options);
        REQUIRE(groups_held(*s) == held);
        for (int i = 0; i < 3; ++i) REQUIRE(s->commit(numbered_group(++held)).ok());
      }
      const auto wal = files_with_extension(options.directory, ".log").back();
      fs::resize_file(wal, fs::file_size(wal) - 5);
      --held;
    }
  }

  TEST_CASE("every flipped byte of the log is refused or loses nothing") {
    const patient p(5, 10);
    const auto bytes = p.wal_bytes();
    int refused = 0;
    int harmless = 0;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      // Lengths and types sit in the first bytes of a fragment: all masks there, one elsewhere.
      CAPTURE(at);
      const auto groups = p.opened_with(flipped(bytes, at, at % 2 == 0 ? 0xFF : 0x40));
      if (groups.ok()) {
        REQUIRE(*groups == 5);
        ++harmless;
      } else {
        REQUIRE(groups.error().code() == errc::corruption);
        ++refused;
      }
    }
    CHECK(refused > 0);
    CHECK(harmless < refused);
  }

  TEST_CASE("a group whose length is damaged is not taken for a torn tail") {
    const patient p(5, 10);
    const auto bytes = p.wal_bytes();
    for (std::uint64_t n = 1; n < 5; ++n)
      for (const auto& [offset, mask] : {std::pair{4, 0x80}, {5, 0x01}, {5, 0x80}}) {
        CAPTURE(n);
        CAPTURE(offset);
        const auto damaged = flipped(bytes, p.end_of(n) + static_cast<std::size_t>(offset), mask);
        CHECK(p.checked_with(damaged).code() == errc::corruption);
        CHECK(p.opened_with(damaged).error().code() == errc::corruption);
      }
  }

  TEST_CASE("a zeroed stretch before whole groups is refused") {
    const patient p(5, 10);
    const auto bytes = p.wal_bytes();
    for (std::uint64_t n = 1; n < 4; ++n) {
      const auto size = p.end_of(n + 1) - p.end_of(n);
      CHECK(p.opened_with(zeroed(bytes, p.end_of(n), size)).error().code() == errc::corruption);
      CHECK(p.opened_with(zeroed(bytes, p.end_of(n), 7)).error().code() == errc::corruption);
    }
  }

  TEST_CASE("a group cut out of the log is refused") {
    const patient p(5, 10);
    auto bytes = p.wal_bytes();
    bytes.erase(p.end_of(2), p.end_of(3) - p.end_of(2));
    CHECK(p.opened_with(bytes).error().code() == errc::corruption);
  }

  TEST_CASE("a group damaged at the end of an older log is not taken for a torn tail") {
    const patient p(4, 10);
    const auto bytes = p.wal_bytes();
    temporary_directory directory;
    write_bytes(directory / "000004.log", bytes.substr(0, p.end_of(2)));
    write_bytes(directory / "000008.log", bytes.substr(p.end_of(2)));
    const auto wals = list_wals(directory.path());
    REQUIRE(wals.ok());
    REQUIRE(wals->size() == 2);
    CHECK(check_wals(*wals).ok());

    const auto cut = bytes.substr(0, p.end_of(2) - 1);
    write_bytes(directory / "000004.log", cut);
    CHECK(check_wals(*wals).code() == errc::corruption);
    // The torn tail of an earlier life, after which writing went on, is none.
    write_bytes(directory / "000008.log", bytes.substr(p.end_of(1)));
    CHECK(check_wals(*wals).ok());
    // Nor are logs that were deleted because they are no longer needed.
    write_bytes(directory / "000004.log", bytes.substr(0, p.end_of(1)));
    write_bytes(directory / "000008.log", bytes.substr(p.end_of(3)));
    CHECK(check_wals(*wals).ok());
  }

  TEST_CASE("logs are read in the order of their numbers") {
    temporary_directory directory;
    for (const auto* name : {"1000000.log", "999999.log", "x.log", "LOG", "000012.sst", ".log"})
      write_bytes(directory / name, "");
    const auto wals = list_wals(directory.path());
    REQUIRE(wals.ok());
    CHECK(*wals == std::vector{directory / "999999.log", directory / "1000000.log"});
  }

  TEST_CASE("a log that cannot be read is a storage failure") {
    temporary_directory directory;
    CHECK(check_wals({directory / "missing.log"}).code() == errc::storage_failure);
  }

  TEST_CASE("a database without the file that names its state is refused instead of started anew") {
    const patient p(2, 10);
    const auto options = options_at(p.original());
    fs::remove(options.directory + "/CURRENT");
    const auto opened = open_rocks_store(options);
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.error().code() == errc::corruption);
  }

  TEST_CASE("a missing or damaged manifest is corruption") {
    const patient p(2, 10);
    const auto options = options_at(p.original());
    fs::path manifest;
    for (const auto& file : fs::directory_iterator(options.directory))
      if (file.path().filename().string().starts_with("MANIFEST-")) manifest = file.path();
    REQUIRE_FALSE(manifest.empty());
    SUBCASE("missing") { fs::remove(manifest); }
    SUBCASE("damaged") { write_bytes(manifest, flipped(read_bytes(manifest), 20, 0x10)); }
    const auto opened = open_rocks_store(options);
    REQUIRE_FALSE(opened.ok());
    CAPTURE(opened.error());
    CHECK(opened.error().code() == errc::corruption);
  }

  TEST_CASE("a flipped byte in a table is never read as data") {
    temporary_directory directory;
    const auto options = options_at(directory / "data");
    constexpr std::uint64_t groups = 60;
    {
      const auto s = must_open(options);
      for (std::uint64_t n = 1; n <= groups; ++n) REQUIRE(s->commit(numbered_group(n, 2'000)).ok());
    }
    const auto tables = files_with_extension(options.directory, ".sst");
    REQUIRE_FALSE(tables.empty());
    const auto copy = directory / "copy";
    int noticed = 0;
    for (const auto& table : tables) {
      const auto bytes = read_bytes(table);
      for (std::size_t at = 50; at < bytes.size(); at += bytes.size() / 4) {
        copy_directory(options.directory, copy);
        write_bytes(fs::path(copy) / table.filename(), flipped(bytes, at, 0x04));
        const auto s = open_rocks_store(options_at(copy));
        if (!s.ok()) {
          CHECK(s.error().code() == errc::corruption);
          ++noticed;
          continue;
        }
        const auto page = (*s)->scan(key_kind::memory, "", "", 1'000'000, std::size_t{1} << 40);
        const auto entries = (*s)->read_log(own_log, 1, std::size_t{1} << 40);
        const auto summary = (*s)->summary();
        for (const auto& error : {page.error(), entries.error(), summary.error()}) {
          if (error.ok()) continue;
          CHECK(error.code() == errc::corruption);
          ++noticed;
        }
        if (page.ok() && entries.ok() && summary.ok()) CHECK(groups_held(**s, 2'000) == groups);
      }
    }
    CHECK(noticed > 0);
  }
}
