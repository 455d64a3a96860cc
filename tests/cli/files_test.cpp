#include "cli/files.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "tests/cli/fake_node.hpp"

using namespace quorate::cli;
using namespace quorate::cli::tests;

namespace {

std::size_t files_in(const std::string& directory) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(directory), std::filesystem::directory_iterator()));
}

}  // namespace

TEST_SUITE("cli.files") {
  TEST_CASE("a new file has its name only once it is complete") {
    const scratch_directory scratch;
    scratch.write("out", "old");
    new_file file;
    REQUIRE(file.open(scratch.file("out")).ok());
    REQUIRE(file.append("new").ok());
    CHECK(read_file(scratch.file("out")) == "old");
    REQUIRE(file.publish().ok());
    CHECK(read_file(scratch.file("out")) == "new");
    CHECK(files_in(scratch.path()) == 1);
  }

  TEST_CASE("a new file that is given up leaves nothing behind") {
    const scratch_directory scratch;
    {
      new_file file;
      REQUIRE(file.open(scratch.file("out")).ok());
      REQUIRE(file.append("half").ok());
    }
    CHECK(files_in(scratch.path()) == 0);
  }

  TEST_CASE("a new file in a directory that is not there is an error that says so") {
    new_file file;
    const auto opened = file.open("/nowhere/at/all");
    CHECK(opened.message().find("/nowhere/at/all") != std::string::npos);
  }
}
