// What a loss of power takes back: bytes, names, renames and deletions nobody synced, and nothing else.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "storage/testing/faulty_file_system.hpp"
#include "support.hpp"

using namespace quorate::storage::testing;

namespace {

namespace fs = std::filesystem;

enum class synced { nothing, bytes, names, both };

/// A directory on a disk that forgets, and one that does things there as a store would.
struct forgetful_place {
  temporary_directory scratch;
  std::string data = (scratch / "data");
  std::unique_ptr<faulty_file_system> files = std::make_unique<faulty_file_system>();

  forgetful_place() { fs::create_directory(data); }

  std::string path(const std::string& name) const { return data + "/" + name; }

  void write(const std::string& name, const std::string& content, synced how) const {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    REQUIRE(files->NewWritableFile(path(name), {}, &file, nullptr).ok());
    REQUIRE(file->Append(content, {}, nullptr).ok());
    if (how == synced::bytes || how == synced::both) REQUIRE(file->Sync({}, nullptr).ok());
    REQUIRE(file->Close({}, nullptr).ok());
    if (how == synced::names || how == synced::both) sync_names();
  }
  void append_more(const std::string& name, const std::string& first, const std::string& more) const {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    REQUIRE(files->NewWritableFile(path(name), {}, &file, nullptr).ok());
    REQUIRE(file->Append(first, {}, nullptr).ok());
    REQUIRE(file->Sync({}, nullptr).ok());
    REQUIRE(file->Append(more, {}, nullptr).ok());
    REQUIRE(file->Close({}, nullptr).ok());
    sync_names();
  }
  void rename(const std::string& from, const std::string& to) const {
    REQUIRE(files->RenameFile(path(from), path(to), {}, nullptr).ok());
  }
  void remove(const std::string& name) const { REQUIRE(files->DeleteFile(path(name), {}, nullptr).ok()); }
  void sync_names() const {
    std::unique_ptr<rocksdb::FSDirectory> directory;
    REQUIRE(files->NewDirectory(data, {}, &directory, nullptr).ok());
    REQUIRE(directory->Fsync({}, nullptr).ok());
  }
  std::string read(const std::string& name) const {
    std::ifstream file(path(name));
    if (!file) return "(none)";
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
  }
};

}  // namespace

TEST_SUITE("storage.unsynced_changes") {
  TEST_CASE("a file is there after a loss of power only with its name synced, and as far as its bytes were") {
    forgetful_place on;
    on.write("neither", "text", synced::nothing);
    on.write("bytes", "text", synced::bytes);
    CHECK(on.read("neither") == "text");
    on.files->lose_power();
    CHECK(on.read("neither") == "(none)");
    CHECK(on.read("bytes") == "(none)");

    on.write("names", "text", synced::names);
    on.append_more("part", "synced", "not synced");
    on.write("both", "text", synced::both);
    on.files->lose_power();
    CHECK(on.read("names") == "");
    CHECK(on.read("part") == "synced");
    CHECK(on.read("both") == "text");
  }

  TEST_CASE("an unsynced rename is taken back") {
    forgetful_place on;
    on.write("CURRENT", "old", synced::both);
    on.write("CURRENT.next", "new", synced::both);
    on.rename("CURRENT.next", "CURRENT");
    CHECK(on.read("CURRENT") == "new");
    on.files->lose_power();
    CHECK(on.read("CURRENT") == "old");
    CHECK(on.read("CURRENT.next") == "new");

    on.rename("CURRENT.next", "CURRENT");
    on.sync_names();
    on.files->lose_power();
    CHECK(on.read("CURRENT") == "new");
    CHECK(on.read("CURRENT.next") == "(none)");
  }

  TEST_CASE("an unsynced deletion is taken back") {
    forgetful_place on;
    on.write("log", "what was thought gone", synced::both);
    on.remove("log");
    CHECK(on.read("log") == "(none)");
    on.files->lose_power();
    CHECK(on.read("log") == "what was thought gone");

    on.remove("log");
    on.sync_names();
    on.files->lose_power();
    CHECK(on.read("log") == "(none)");
  }

  TEST_CASE("a file made anew over an old one is the old one again") {
    forgetful_place on;
    on.write("file", "old", synced::both);
    on.write("file", "new", synced::bytes);
    CHECK(on.read("file") == "new");
    on.files->lose_power();
    CHECK(on.read("file") == "old");
  }

  TEST_CASE("many changes of one name are taken back to the one that was synced") {
    forgetful_place on;
    on.write("a", "first", synced::both);
    on.rename("a", "b");
    on.write("a", "second", synced::bytes);
    on.rename("a", "b");
    on.remove("b");
    on.write("b", "third", synced::bytes);
    on.files->lose_power();
    CHECK(on.read("a") == "first");
    CHECK(on.read("b") == "(none)");
  }

  TEST_CASE("of unsynced bytes a part may stay, of synced ones all do") {
    bool some = false;
    for (std::uint64_t torn = 1; torn <= 20; ++torn) {
      forgetful_place on;
      on.append_more("file", "synced", std::string(100, 'x'));
      on.files->lose_power(torn);
      const auto left = on.read("file");
      REQUIRE(left.starts_with("synced"));
      some = some || (left.size() > 6 && left.size() < 106);
    }
    CHECK(some);
  }

  TEST_CASE("forgetting that was cut short is done again from the beginning") {
    for (int steps = 0; steps <= 3; ++steps) {
      CAPTURE(steps);
      forgetful_place on;
      on.write("CURRENT", "old", synced::both);
      on.write("log", "kept", synced::both);
      on.write("next", "new", synced::bytes);
      on.rename("next", "CURRENT");
      on.remove("log");
      on.write("log", "another", synced::bytes);
      // The same steps once more over what a first run left: its ledger is still there, with some of its graves.
      const auto beside = on.data + ".unsynced";
      fs::copy(beside + "/ledger", on.path("../ledger"));
      on.files->lose_power();
      fs::create_directory(beside);
      fs::copy(on.path("../ledger"), beside + "/ledger");
      for (int i = 0; i < steps; ++i) unsynced_changes::forget(on.data);
      CHECK(on.read("CURRENT") == "old");
      CHECK(on.read("log") == "kept");
      CHECK(on.read("next") == "(none)");
    }
  }

  TEST_CASE("what a killed process did not sync is gone, too") {
    forgetful_place on;
    on.write("log", "synced", synced::both);
    const auto child = ::fork();
    if (child == 0) {
      faulty_file_system files;
      std::unique_ptr<rocksdb::FSWritableFile> file;
      files.NewWritableFile(on.path("new"), {}, &file, nullptr).PermitUncheckedError();
      file->Append("text", {}, nullptr).PermitUncheckedError();
      file->Sync({}, nullptr).PermitUncheckedError();
      files.DeleteFile(on.path("log"), {}, nullptr).PermitUncheckedError();
      ::raise(SIGKILL);
    }
    int how = 0;
    REQUIRE(::waitpid(child, &how, 0) == child);
    REQUIRE(WIFSIGNALED(how));
    CHECK(on.read("new") == "text");
    CHECK(on.read("log") == "(none)");
    unsynced_changes::forget(on.data);
    CHECK(on.read("new") == "(none)");
    CHECK(on.read("log") == "synced");
    CHECK_FALSE(fs::exists(on.data + ".unsynced"));
  }
}
