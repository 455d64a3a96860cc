#include <doctest/doctest.h>
#include <fcntl.h>
#include <rocksdb/db.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>

#include "storage/meta_codec.hpp"
#include "support.hpp"

using namespace quorate;
using namespace quorate::storage;
using namespace quorate::storage::testing;

namespace {

namespace fs = std::filesystem;

status error_of_open(const rocks_options& options) {
  auto opened = open_rocks_store(options);
  return opened.ok() ? status() : opened.error();
}

bool mentions(const status& s, std::string_view text) { return s.message().find(text) != std::string::npos; }

/// Names and contents of all files.
std::map<std::string, std::string> everything_in(const std::string& directory) {
  std::map<std::string, std::string> files;
  for (const auto& file : fs::directory_iterator(directory))
    files[file.path().filename()] = file.is_regular_file() ? read_bytes(file.path()) : "";
  return files;
}

/// Changes rows of a closed store behind its back.
template <class Change>
void tamper(const std::string& directory, Change change) {
  const rocksdb::Options options;
  std::vector<std::string> names;
  REQUIRE(rocksdb::DB::ListColumnFamilies(options, directory, &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const auto& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  REQUIRE(rocksdb::DB::Open(options, directory, families, &handles, &db).ok());
  CHECK(change(*db).ok());
  for (auto* handle : handles) CHECK(db->DestroyColumnFamilyHandle(handle).ok());
  delete db;
}

/// What the row `format` of a closed store says.
std::uint32_t format_in(const std::string& directory) {
  std::string stored;
  tamper(directory, [&](rocksdb::DB& db) { return db.Get({}, "format", &stored); });
  const auto number = decode_format(stored);
  REQUIRE(number.ok());
  return *number;
}

/// The same of an open one, by way of a snapshot.
std::uint32_t format_in_open(const store& s) {
  std::uint32_t number = 0;
  snapshot_parser parser;
  const auto reading = s.snapshot();
  for (auto block = reading->next(); block.ok() && !block->empty(); block = reading->next())
    CHECK(parser
              .feed(*block,
                    [&](const snapshot_row& row) {
                      if (row.family == 0 && row.key == format_key) number = *decode_format(row.value);
                      return status();
                    })
              .ok());
  return number;
}

/// Runs as a user without special rights.
class plain_user {
 public:
  plain_user() : own_(::geteuid()) {
    if (own_ == 0) REQUIRE(::seteuid(65534) == 0);
  }
  ~plain_user() { CHECK(::seteuid(own_) == 0); }

 private:
  uid_t own_;
};

}  // namespace

TEST_SUITE("storage.rocks_open") {
  TEST_CASE("what was committed is there after reopening") {
    temporary_directory directory;
    const auto options = options_at(directory / "data");
    std::uint64_t epoch = 0;
    {
      const auto s = must_open(options);
      for (std::uint64_t n = 1; n <= 200; ++n) REQUIRE(s->commit(numbered_group(n, 2'000)).ok());
      epoch = *s->begin_epoch(1, 2);
    }
    // More than memtables hold: some of it comes from tables, some from the log.
    CHECK_FALSE(files_with_extension(options.directory, ".sst").empty());
    for (int round = 1; round <= 3; ++round) {
      const auto s = must_open(options);
      CHECK(groups_held(*s, 2'000) == 200);
      CHECK(s->summary()->epoch == epoch);
      CHECK(*s->begin_epoch(1, 2) == ++epoch);
    }
  }

  TEST_CASE("a new directory is created for its owner alone") {
    temporary_directory directory;
    const auto path = directory / "data";
    must_open(options_at(path));
    CHECK((fs::status(path).permissions() & fs::perms::all) == fs::perms::owner_all);
  }

  TEST_CASE("an empty directory that exists and a name with a slash at the end will do") {
    temporary_directory directory;
    fs::create_directory(directory / "empty");
    must_open(options_at(directory / "empty/"));
    must_open(options_at(directory / "new/"));
    must_open(options_at(directory / "new"));
  }

  TEST_CASE("a directory that cannot be used is an invalid --data that says why") {
    temporary_directory directory;
    status error;
    std::string reason;
    SUBCASE("parent missing") {
      error = error_of_open(options_at(directory / "missing/data"));
      reason = directory / "missing cannot be used";
    }
    SUBCASE("parent is a file") {
      write_bytes(directory / "file", "x");
      error = error_of_open(options_at(directory / "file/data"));
      reason = "Not a directory";
    }
    SUBCASE("a file") {
      write_bytes(directory / "file", "x");
      error = error_of_open(options_at(directory / "file"));
      reason = "is not a directory";
    }
    SUBCASE("holds other files") {
      fs::create_directory(directory / "home");
      write_bytes(directory / "home/letter.txt", "x");
      error = error_of_open(options_at(directory / "home"));
      reason = "letter.txt";
      CHECK(everything_in(directory / "home").size() == 1);
    }
    SUBCASE("no name") {
      error = error_of_open(options_at(""));
      reason = "no name";
    }
    SUBCASE("not readable") {
      fs::permissions(directory.path(), fs::perms::all);
      fs::create_directory(directory / "data");
      fs::permissions(directory / "data", fs::perms::none);
      const plain_user user;
      error = error_of_open(options_at(directory / "data"));
      reason = "not readable and writable";
    }
    SUBCASE("parent not writable") {
      fs::permissions(directory.path(), fs::perms(0555));
      const plain_user user;
      error = error_of_open(options_at(directory / "data"));
      reason = "cannot be created";
    }
    fs::permissions(directory.path(), fs::perms::owner_all);
    CAPTURE(error);
    CHECK(error.code() == errc::invalid_argument);
    CHECK(error.field() == "--data");
    CHECK(mentions(error, reason));
    CHECK_FALSE(mentions(error, "\n"));
  }

  TEST_CASE("a directory of another node or cluster is refused without a change to it") {
    temporary_directory directory;
    const auto options = options_at(directory / "data");
    must_open(options)->commit(numbered_group(1)).ok();
    const auto before = everything_in(options.directory);

    auto other_node = options;
    other_node.identity.node_name = "node-b";
    const auto node_error = error_of_open(other_node);
    CHECK(node_error.code() == errc::wrong_node);
    CHECK(mentions(node_error, options.directory));
    CHECK(mentions(node_error, "'node-a'"));
    CHECK(mentions(node_error, "'node-b'"));

    auto other_cluster = options;
    other_cluster.identity.cluster_id = "cluster-2";
    const auto cluster_error = error_of_open(other_cluster);
    CHECK(cluster_error.code() == errc::wrong_cluster);
    CHECK(mentions(cluster_error, "'cluster-1'"));
    CHECK(mentions(cluster_error, "'cluster-2'"));

    CHECK(everything_in(options.directory) == before);
    CHECK(groups_held(*must_open(options)) == 1);
  }

  TEST_CASE("a newer format is refused with both numbers and without a change") {
    temporary_directory directory;
    const auto options = options_at(directory / "data");
    must_open(options);
    tamper(options.directory, [](rocksdb::DB& db) {
      const auto row = format_row(format_number + 41);
      return db.Put({}, row.key, row.value);
    });
    const auto before = everything_in(options.directory);
    const auto error = error_of_open(options);
    CHECK(error.code() == errc::format_too_new);
    CHECK(mentions(error, std::to_string(format_number + 41)));
    CHECK(mentions(error, "up to " + std::to_string(format_number)));
    CHECK(everything_in(options.directory) == before);
  }

  TEST_CASE("a directory of format 1 is read, and from then on has this format and all it had") {
    temporary_directory directory;
    const auto options = options_at(directory / "data");
    for (std::uint64_t n = 1; n <= 3; ++n) REQUIRE(must_open(options)->commit(numbered_group(n)).ok());
    tamper(options.directory, [](rocksdb::DB& db) { return db.Put({}, "format", format_row(1).value); });
    // Looking at it changes nothing.
    CHECK(owner_of_directory(options.directory)->node_name == "node-a");
    CHECK(format_in(options.directory) == 1);
    {
      const auto s = must_open(options);
      CHECK(groups_held(*s) == 3);
      CHECK_FALSE(s->summary()->members);
      // Who opens it may find that it must not begin here: then it is the older release's as before.
      CHECK(format_in_open(*s) == 1);
    }
    CHECK(format_in(options.directory) == 1);
    SUBCASE("a life begins") {
      const auto s = must_open(options);
      REQUIRE(s->begin_epoch(1, 1).ok());
      CHECK(format_in_open(*s) == format_number);
    }
    SUBCASE("a group is written") {
      const auto s = must_open(options);
      write_group members;
      members.members = member_list{{"node-a"}, 1, {}};
      REQUIRE(s->commit(members).ok());
      CHECK(format_in_open(*s) == format_number);
    }
    CHECK(format_in(options.directory) == format_number);
    CHECK(groups_held(*must_open(options)) == 3);
  }

  TEST_CASE("a directory of format 1 is not upgraded by whom it does not belong to") {
    temporary_directory directory;
    const auto options = options_at(directory / "data");
    must_open(options);
    tamper(options.directory, [](rocksdb::DB& db) { return db.Put({}, "format", format_row(1).value); });
    auto other = options;
    other.identity.node_name = "node-b";
    CHECK(error_of_open(other).code() == errc::wrong_node);
    CHECK(format_in(options.directory) == 1);
  }

  TEST_CASE("a newer format is recognised also when it has a column family more") {
    temporary_directory directory;
    const auto options = options_at(directory / "data");
    must_open(options);
    tamper(options.directory, [](rocksdb::DB& db) {
      const auto row = format_row(format_number + 1);
      rocksdb::ColumnFamilyHandle* added = nullptr;
      auto s = db.CreateColumnFamily({}, "added", &added);
      if (s.ok()) s = db.Put({}, row.key, row.value);
      if (s.ok()) s = db.DestroyColumnFamilyHandle(added);
      return s;
    });
    CHECK(error_of_open(options).code() == errc::format_too_new);
  }

  TEST_CASE("rows that say what a directory is are checked") {
    temporary_directory directory;
    const auto options = options_at(directory / "data");
    must_open(options)->commit(numbered_group(1)).ok();
    SUBCASE("format damaged") {
      tamper(options.directory, [](rocksdb::DB& db) { return db.Put({}, "format", "what"); });
    }
    SUBCASE("format zero") {
      tamper(options.directory, [](rocksdb::DB& db) { return db.Put({}, "format", format_row(0).value); });
    }
    auto expected = errc::corruption;
    SUBCASE("format missing") {
      // Then it is not ours to call damaged, nor to set aside.
      tamper(options.directory, [](rocksdb::DB& db) { return db.Delete({}, "format"); });
      expected = errc::invalid_argument;
    }
    SUBCASE("identity damaged") {
      tamper(options.directory, [](rocksdb::DB& db) { return db.Put({}, "identity", "who"); });
    }
    SUBCASE("identity missing") {
      tamper(options.directory, [](rocksdb::DB& db) { return db.Delete({}, "identity"); });
    }
    const auto error = error_of_open(options);
    CAPTURE(error);
    CHECK(error.code() == expected);
    CHECK(mentions(error, options.directory));
  }

  TEST_CASE("a directory in use is refused and free again once closed") {
    temporary_directory directory;
    const auto options = options_at(directory / "data");
    auto holder = must_open(options);
    REQUIRE(holder->commit(numbered_group(1)).ok());
    const auto error = error_of_open(options);
    CHECK(error.code() == errc::in_use);
    CHECK(mentions(error, options.directory));
    REQUIRE(holder->commit(numbered_group(2)).ok());
    holder.reset();
    CHECK(groups_held(*must_open(options)) == 2);
  }

  TEST_CASE("a directory in use by another process is refused") {
    temporary_directory directory;
    const auto options = options_at(directory / "data");
    must_open(options);
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    // Record locks belong to a process, so it takes another one; it ends when its end of the pipe is closed.
    int release[2];
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
    const auto error = error_of_open(options);
    ::close(release[1]);
    int ended = 0;
    CHECK(::waitpid(child, &ended, 0) == child);
    ::close(ready[0]);
    ::close(ready[1]);
    CAPTURE(error);
    CHECK(error.code() == errc::in_use);
    must_open(options);
  }
}
