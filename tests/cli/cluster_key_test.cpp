#include "cli/key_file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/cli/fake_node.hpp"

using namespace quorate;
using namespace quorate::cli;
using namespace quorate::cli::tests;

namespace {

const std::string key_text = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";

std::string written(const scratch_directory& scratch, const std::string& name, const std::string& text,
                    mode_t mode = 0600) {
  const auto file = scratch.write(name, text);
  REQUIRE(::chmod(file.c_str(), mode) == 0);
  return file;
}

/// What is said against a file; empty: nothing.
std::string complaint(const std::string& file) {
  const auto key = read_cluster_key("--cluster-key-file", file);
  return key ? "" : key.error().message();
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

struct stat file_of(uid_t user, gid_t group, mode_t mode) {
  struct stat found {};
  found.st_mode = S_IFREG | mode;
  found.st_uid = user;
  found.st_gid = group;
  return found;
}

}  // namespace

TEST_SUITE("cli.cluster_key") {
  TEST_CASE("the file is 64 hexadecimal digits and a line feed") {
    const scratch_directory scratch;
    const auto key = read_cluster_key("--cluster-key-file", written(scratch, "key", key_text + "\n"));
    REQUIRE(key.ok());
    REQUIRE(key->size() == key_bytes);
    for (std::size_t i = 0; i < key->size(); ++i) CHECK((*key)[i] == static_cast<char>(i));
  }

  TEST_CASE("anything else is refused in one line that names the file") {
    const scratch_directory scratch;
    auto no_digit = key_text;
    no_digit[5] = 'g';
    const std::vector<std::pair<std::string, std::string>> wrong{
        {"", "64 hexadecimal digits"},
        {"\n", "64 hexadecimal digits"},
        {key_text, "64 hexadecimal digits"},
        {key_text + "\r\n", "64 hexadecimal digits"},
        {key_text + "\n\n", "64 hexadecimal digits"},
        {key_text.substr(1) + "\n", "64 hexadecimal digits"},
        {key_text + std::string(100'000, '0') + "\n", "64 hexadecimal digits"},
        {no_digit + "\n", "position 5"}};
    for (const auto& [text, reason] : wrong) {
      CAPTURE(text.substr(0, 80));
      const auto file = written(scratch, "wrong", text);
      const auto said = complaint(file);
      CHECK(says(said, "--cluster-key-file"));
      CHECK(says(said, file));
      CHECK(says(said, reason));
      CHECK(std::count(said.begin(), said.end(), '\n') == 0);
    }
    CHECK(says(complaint(scratch.file("none")), "quorate cluster-key " + scratch.file("none")));
    CHECK(says(complaint(scratch.path()), "is a directory"));
    const auto pipe = scratch.file("pipe");
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(says(complaint(pipe), "is not a file"));
  }

  TEST_CASE("a file that others can use is refused") {
    const scratch_directory scratch;
    for (const mode_t mode : {0640, 0604, 0620, 0602, 0610, 0601, 0644, 0666}) {
      const auto file = written(scratch, "open", key_text + "\n", mode);
      CAPTURE(mode);
      CHECK(says(complaint(file), "chmod 600 " + file));
    }
    CHECK(complaint(written(scratch, "read-only", key_text + "\n", 0400)).empty());
  }

  TEST_CASE("the file belongs to the user or to root") {
    const auto judged = [](uid_t owner, gid_t group, mode_t mode) {
      return check_key_file("--cluster-key-file", "K", file_of(owner, group, mode), 1000);
    };
    CHECK(judged(1000, 1000, 0600).ok());
    CHECK(judged(0, 0, 0600).ok());
    CHECK(says(judged(1001, 1000, 0600).message(), "chown 1000 K"));
    // As a service's credentials are: on their face readable for root's group.
    CHECK(judged(0, 0, 0440).ok());
    CHECK(says(judged(0, 1000, 0440).message(), "chmod 600 K"));
    CHECK(says(judged(1000, 0, 0440).message(), "chmod 600 K"));
    CHECK(says(judged(0, 0, 0460).message(), "chmod 600 K"));
    CHECK(says(judged(0, 0, 0444).message(), "chmod 600 K"));
    CHECK(says(judged(0, 0, 0444).message(), "mode 0444"));
    // Not for root itself, who is handed none.
    CHECK_FALSE(check_key_file("--cluster-key-file", "K", file_of(0, 0, 0440), 0).ok());
  }

  TEST_CASE("the verb makes a key that can be used, never twice the same, never over a file") {
    const scratch_directory scratch;
    const auto one = scratch.file("one"), other = scratch.file("other");
    const auto made = run_program({"cluster-key", one});
    CHECK(made.exit == 0);
    CHECK(says(made.out, one));
    CHECK(one_line(made.out));
    REQUIRE(complaint(one).empty());
    struct stat found {};
    REQUIRE(::stat(one.c_str(), &found) == 0);
    CHECK((found.st_mode & 07777) == 0600);
    REQUIRE(run_program({"cluster-key", other}).exit == 0);
    CHECK(read_file(one) != read_file(other));

    const auto before = read_file(one);
    const auto again = run_program({"cluster-key", one});
    CHECK(again.exit == 2);
    CHECK(one_line(again.err));
    CHECK(says(again.err, one));
    CHECK(read_file(one) == before);
    CHECK(std::distance(std::filesystem::directory_iterator(scratch.path()), std::filesystem::directory_iterator())
          == 2);
    CHECK(run_program({"cluster-key", scratch.file("none/key")}).exit == 2);
    CHECK(run_program({"cluster-key"}).exit == 2);
  }

  TEST_CASE("with --keep a key that is there will do, a file that is none will not") {
    const scratch_directory scratch;
    const auto file = scratch.file("key");
    const auto first = run_program({"--json", "cluster-key", "--keep", file});
    CHECK(nlohmann::json::parse(first.out) == nlohmann::json({{"file", file}, {"made", true}}));
    const auto before = read_file(file);
    const auto second = run_program({"--json", "cluster-key", "--keep", file});
    CHECK(second.exit == 0);
    CHECK(nlohmann::json::parse(second.out) == nlohmann::json({{"file", file}, {"made", false}}));
    CHECK(read_file(file) == before);
    const auto wrong = run_program({"cluster-key", "--keep", written(scratch, "text", "hello\n")});
    CHECK(wrong.exit == 2);
    CHECK(says(wrong.err, "64 hexadecimal digits"));
    CHECK(read_file(scratch.file("text")) == "hello\n");
  }
}
