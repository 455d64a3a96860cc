// What becomes of a damaged directory: all of it is moved aside, whenever that is cut short.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>

#include "proto/limits.hpp"
#include "storage/data_directory.hpp"
#include "support.hpp"

using namespace quorate;
using namespace quorate::storage;
using namespace quorate::storage::testing;

namespace {

namespace fs = std::filesystem;

/// Names and contents of the files of a database, but its lock and what says that it is damaged.
std::map<std::string, std::string> database_in(const std::string& directory) {
  std::map<std::string, std::string> files;
  for (const auto& file : fs::directory_iterator(directory))
    if (file.is_regular_file() && file.path().filename() != "LOCK" && file.path().filename() != "damaged")
      files[file.path().filename()] = read_bytes(file.path());
  return files;
}

std::vector<std::string> copies_in(const std::string& directory) {
  std::vector<std::string> copies;
  for (const auto& file : fs::directory_iterator(directory))
    if (file.path().filename().string().starts_with("damaged-")) copies.push_back(file.path());
  return copies;
}

rocks_options make_store(const std::string& directory) {
  const auto options = options_at(directory);
  const auto s = must_open(options);
  for (std::uint64_t n = 1; n <= 20; ++n) REQUIRE(s->commit(numbered_group(n, 2'000)).ok());
  return options;
}

}  // namespace

TEST_SUITE("storage.set_aside") {
  TEST_CASE("all of a damaged directory is moved aside, and an empty store begins in its place") {
    temporary_directory directory;
    const auto options = make_store(directory / "data");
    const auto before = database_in(options.directory);
    fs::create_directory(options.directory + "/lost+found");
    const auto copy = set_aside(options.directory, "a block\nis damaged");
    REQUIRE_MESSAGE(copy.ok(), copy.error());
    CHECK(copy->reason == "a block is damaged");
    CHECK(fs::path(copy->path).parent_path() == options.directory);
    CHECK(database_in(copy->path) == before);
    CHECK(database_in(options.directory).empty());
    CHECK(read_bytes(copy->path + "/damaged").find("a block is damaged") != std::string::npos);
    CHECK(*look_at_directory(options.directory) == directory_state::fresh);
    {
      const auto s = must_open(options);
      CHECK(groups_held(*s, 2'000) == 0);
      REQUIRE(s->commit(numbered_group(1)).ok());
    }
    CHECK(groups_held(*must_open(options)) == 1);
    // The copy is a database like any other.
    auto restored = options;
    restored.directory = copy->path;
    fs::remove(copy->path + "/damaged");
    CHECK(groups_held(*must_open(restored), 2'000) == 20);
  }

  TEST_CASE("a directory known to be damaged is not opened, however whole it looks") {
    temporary_directory directory;
    const auto options = make_store(directory / "data");
    {
      const auto running = must_open(options);
      REQUIRE(mark_damaged(options.directory, "first reason").ok());
      REQUIRE(mark_damaged(options.directory, "second reason").ok());
      CHECK(groups_held(*running, 2'000) == 20);
    }
    const auto opened = open_rocks_store(options);
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.error().code() == errc::corruption);
    CHECK(opened.error().context().find("first reason") != std::string::npos);
    CHECK(set_aside(options.directory, "third reason")->reason == "first reason");
    CHECK(groups_held(*must_open(options)) == 0);
  }

  TEST_CASE("setting aside that was cut short at any step is finished by the next") {
    temporary_directory directory;
    const auto original = make_store(directory / "original").directory;
    const auto whole = database_in(original);
    REQUIRE(whole.size() > 3);
    std::vector<std::string> order{"CURRENT"};
    for (const auto& [name, content] : whole)
      if (name != "CURRENT") order.push_back(name);
    const auto data = directory / "data";
    // Before the subdirectory was made, and with so many files moved.
    for (int moved = -1; moved <= static_cast<int>(order.size()); ++moved) {
      CAPTURE(moved);
      copy_directory(original, data);
      REQUIRE(mark_damaged(data, "reason").ok());
      const auto mark = read_bytes(data + "/damaged");
      const auto copy = data + "/" + mark.substr(0, mark.find('\n'));
      if (moved >= 0) fs::create_directory(copy);
      for (int i = 0; i < moved; ++i)
        fs::rename(data + "/" + order[static_cast<std::size_t>(i)], copy + "/" + order[static_cast<std::size_t>(i)]);
      REQUIRE(open_rocks_store(options_at(data)).error().code() == errc::corruption);
      const auto finished = set_aside(data, "another reason");
      REQUIRE_MESSAGE(finished.ok(), finished.error());
      CHECK(finished->path == copy);
      CHECK(finished->reason == "reason");
      CHECK(copies_in(data).size() == 1);
      CHECK(database_in(copy) == whole);
      CHECK(*look_at_directory(data) == directory_state::fresh);
      fs::remove_all(data);
    }
  }

  TEST_CASE("a mark that was cut short is none") {
    temporary_directory directory;
    const auto options = make_store(directory / "data");
    write_bytes(options.directory + "/damaged.tmp", "damaged-2026");
    CHECK(groups_held(*must_open(options), 2'000) == 20);
    CHECK(set_aside(options.directory, "reason").ok());
    CHECK(*look_at_directory(options.directory) == directory_state::fresh);
  }

  TEST_CASE("a mark that is itself damaged leads nowhere else") {
    temporary_directory directory;
    const auto options = make_store(directory / "data");
    for (const auto* content : {"", "damaged-../../elsewhere\nreason\n", "/tmp\nreason\n"}) {
      CAPTURE(content);
      write_bytes(options.directory + "/damaged", content);
      CHECK(open_rocks_store(options).error().code() == errc::corruption);
    }
    const auto copy = set_aside(options.directory, "reason");
    REQUIRE(copy.ok());
    CHECK(fs::path(copy->path).parent_path() == options.directory);
    CHECK(*look_at_directory(options.directory) == directory_state::fresh);
  }

  TEST_CASE("more copies than a healthy disk makes are refused until they are deleted") {
    temporary_directory directory;
    const auto data = directory / "data";
    for (unsigned n = 1; n <= limits::damaged_copies_max; ++n) {
      make_store(data);
      REQUIRE(set_aside(data, "reason").ok());
      REQUIRE(copies_in(data).size() == n);
    }
    make_store(data);
    const auto before = database_in(data);
    for (int again = 0; again < 2; ++again) {
      const auto refused = set_aside(data, "reason");
      REQUIRE_FALSE(refused.ok());
      CHECK(refused.error().code() == errc::storage_failure);
      CHECK(refused.error().context().find("the disk is failing") != std::string::npos);
      CHECK(database_in(data) == before);
      CHECK(open_rocks_store(options_at(data)).error().code() == errc::corruption);
    }
    fs::remove_all(copies_in(data).front());
    CHECK(set_aside(data, "reason").ok());
    CHECK(groups_held(*must_open(options_at(data))) == 0);
  }

  TEST_CASE("a directory that another process has open is left alone") {
    temporary_directory directory;
    const auto options = make_store(directory / "data");
    const auto before = database_in(options.directory);
    int ready[2];
    int release[2];
    REQUIRE(::pipe(ready) == 0);
    REQUIRE(::pipe(release) == 0);
    const auto path = options.directory + "/LOCK";
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(release[1]);
      const int file = ::open(path.c_str(), O_RDWR);
      struct flock lock {};
      lock.l_type = F_WRLCK;
      char byte = ::fcntl(file, F_SETLK, &lock) == 0 ? 'y' : 'n';
      if (::write(ready[1], &byte, 1) == 1) byte = static_cast<char>(::read(release[0], &byte, 1));
      ::_exit(0);
    }
    REQUIRE(child > 0);
    ::close(release[0]);
    char locked = 'n';
    CHECK(::read(ready[0], &locked, 1) == 1);
    CHECK(locked == 'y');
    const auto refused = set_aside(options.directory, "reason");
    ::close(release[1]);
    int ended = 0;
    CHECK(::waitpid(child, &ended, 0) == child);
    ::close(ready[0]);
    ::close(ready[1]);
    CHECK(refused.error().code() == errc::in_use);
    CHECK(database_in(options.directory) == before);
    CHECK(groups_held(*must_open(options), 2'000) == 20);
  }
}
