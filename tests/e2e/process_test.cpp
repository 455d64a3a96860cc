#include "chaos/process.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include "chaos/ports.hpp"
#include "chaos/scratch_directory.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

constexpr milliseconds bound(10'000);

struct shell {
  shell() {
    auto made = scratch_directory::make();
    REQUIRE(made.ok());
    scratch = std::move(*made);
  }
  result<process> run(const std::string& script, std::vector<std::string> environment = {}) {
    return process::start({{"/bin/sh", "-c", script}, std::move(environment), output()});
  }
  std::string output() const { return scratch.path() + "/output"; }
  std::string text() const {
    std::ifstream file(output());
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  scratch_directory scratch;
};

}  // namespace

TEST_SUITE("chaos.process") {
  TEST_CASE("a child's exit code, output and environment arrive") {
    shell sh;
    auto child = sh.run("echo \"hello $NAME\"; echo also >&2; exit 7", {"NAME=world"});
    REQUIRE(child.ok());
    const auto end = child->wait(bound);
    REQUIRE(end.has_value());
    CHECK(end->exit_code == 7);
    CHECK(text_of(*end) == "exit code 7");
    CHECK(sh.text() == "hello world\nalso\n");
    CHECK(child->wait(milliseconds(0))->exit_code == 7);
  }

  TEST_CASE("a child that runs on is reported as running, and killed by signal 9") {
    shell sh;
    auto child = sh.run("exec sleep 1000");
    REQUIRE(child.ok());
    CHECK(child->running());
    CHECK(!child->wait(milliseconds(20)));
    child->kill();
    CHECK(!child->running());
    CHECK(child->wait(milliseconds(0))->signal == SIGKILL);
  }

  TEST_CASE("a program that does not exist is an error, not a child") {
    shell sh;
    const auto child = process::start({{"/does/not/exist"}, {}, sh.output()});
    REQUIRE(!child.ok());
    CHECK(child.error().message().find("/does/not/exist") != std::string::npos);
  }

  TEST_CASE("a stopped child runs no more until it is continued") {
    shell sh;
    auto child = sh.run("while :; do :; done");
    REQUIRE(child.ok());
    REQUIRE(wait_until(bound, [&] { return cpu_us_of(child->pid()) > 0; }));
    child->stop_running();
    const auto used = cpu_us_of(child->pid());
    CHECK(!child->wait(milliseconds(100)));
    CHECK(cpu_us_of(child->pid()) == used);
    child->signal(SIGCONT);
    CHECK(wait_until(bound, [&] { return cpu_us_of(child->pid()) > used; }));
  }

  TEST_CASE("the destructor leaves no process behind") {
    shell sh;
    pid_t pid = 0;
    {
      auto child = sh.run("exec sleep 1000");
      REQUIRE(child.ok());
      pid = child->pid();
    }
    CHECK(::kill(pid, 0) == -1);
  }
}

TEST_SUITE("chaos.ports") {
  TEST_CASE("free ports are different, and nobody listens on them") {
    const auto ports = free_ports(20);
    REQUIRE(ports.ok());
    CHECK(std::set<std::uint16_t>(ports->begin(), ports->end()).size() == 20);
    for (const auto port : *ports) CHECK(!accepts_connections("127.0.0.1:" + std::to_string(port)));
  }
}

TEST_SUITE("chaos.scratch_directory") {
  TEST_CASE("a scratch directory is removed with what it holds, and stays when it is to be kept") {
    std::string removed;
    std::string kept;
    {
      auto one = scratch_directory::make();
      REQUIRE(one.ok());
      removed = one->path();
      std::ofstream(removed + "/file") << "x";
      auto two = scratch_directory::make(removed + "-parent");
      REQUIRE(two.ok());
      two->keep();
      kept = two->path();
    }
    CHECK(!std::filesystem::exists(removed));
    CHECK(std::filesystem::exists(kept));
    std::filesystem::remove_all(removed + "-parent");
  }
}

}  // namespace quorate::chaos
