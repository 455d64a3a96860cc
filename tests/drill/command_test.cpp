#include "chaos/command.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

constexpr std::chrono::seconds bound(15);

}  // namespace

TEST_SUITE("drill.command") {
  TEST_CASE("exit code and output of a program arrive, and its input is a file") {
    const auto end = run_to_end({{"sh", "-c", "cat \"$0\"; echo error >&2; exit 3"}, "dash", "two\nlines\n"}, bound);
    REQUIRE(end.ok());
    CHECK(end->exit_code == 3);
    CHECK(end->output == "two\nlines\nerror\n");
  }

  TEST_CASE("where success is expected, failure is an error with the output") {
    const auto output = output_of({{"sh", "-c", "echo no luck; exit 1"}, "dash", ""}, bound);
    REQUIRE(!output.ok());
    CHECK(output.error().message().find("no luck") != std::string::npos);
    CHECK(output_of({{"true"}, "coreutils", ""}, bound).ok());
  }

  TEST_CASE("a missing program's error names the package that holds it") {
    const auto end = run_to_end({{"no-such-program"}, "the-package", ""}, bound);
    REQUIRE(!end.ok());
    CHECK(end.error().message().find("no-such-program") != std::string::npos);
    CHECK(end.error().message().find("the-package") != std::string::npos);
  }

  TEST_CASE("a program that does not end is killed at the bound") {
    const auto start = steady_clock::now();
    const auto end = run_to_end({{"tail", "-f", "/dev/null"}, "coreutils", ""}, milliseconds(100));
    CHECK(!end.ok());
    CHECK(milliseconds_since(start) < 10'000);
  }

  TEST_CASE("a program whose network cannot be entered does not run in ours") {
    const int no_namespace = open("/dev/null", O_RDONLY | O_CLOEXEC);
    command what{{"true"}, "coreutils", ""};
    what.network_namespace = no_namespace;
    CHECK(!run_to_end(what, bound).ok());
    close(no_namespace);
  }
}

}  // namespace quorate::chaos
