#include "chaos/private_postgres.hpp"

#include <doctest/doctest.h>
#include <sys/mount.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include "chaos/command.hpp"
#include "chaos/ports.hpp"
#include "tests/drill/entered.hpp"

namespace quorate::chaos {
namespace {

constexpr std::chrono::seconds bound(15);

/// Nothing, with a word why, where PostgreSQL is not installed and nobody insists.
std::unique_ptr<private_postgres> server() {
  const char* needed = std::getenv("QUORATE_NEED_POSTGRES");
  if (!private_postgres::installed() && (needed == nullptr || std::strcmp(needed, "1") != 0)) {
    MESSAGE("skipped: PostgreSQL is not installed; install postgresql-15, or set QUORATE_NEED_POSTGRES=1 to fail");
    return nullptr;
  }
  auto made = private_postgres::start();
  REQUIRE_MESSAGE(made.ok(), made.error().message());
  return std::move(*made);
}

/// As others come in: by the URL.
result<command_end> select_one(const std::string& url) {
  return run_to_end({{"psql", url, "--no-password", "-At", "-c", "select 1"}, "postgresql-client-15", ""}, bound);
}

std::string answer(const private_postgres& server, const std::string& statement) {
  const auto text = server.ask(statement);
  REQUIRE_MESSAGE(text.ok(), text.error().message());
  return *text;
}

/// How many processes have the directory in their command line or work in it.
int processes_of(const std::string& directory) {
  int count = 0;
  std::error_code error;
  for (const auto& process : std::filesystem::directory_iterator("/proc", error)) {
    std::ifstream file(process.path() / "cmdline");
    std::string line((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const auto place = std::filesystem::read_symlink(process.path() / "cwd", error).string();
    count += line.find(directory) != std::string::npos || place == directory ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_SUITE("drill.private_postgres") {
  TEST_CASE("a server of our own lets in who has the password, keeps what it is told, and leaves nothing behind") {
    auto postgres = server();
    if (!postgres) return;
    CHECK(postgres->url().starts_with("postgres://ai_memory:" + postgres->password() + "@127.0.0.1:"));
    const auto one = select_one(postgres->url());
    REQUIRE(one.ok());
    CHECK(one->output == "1\n");
    const auto refused = select_one(postgres->wrong_password_url());
    REQUIRE(refused.ok());
    CHECK(refused->exit_code != 0);
    CHECK(refused->output.find("password authentication failed") != std::string::npos);
    CHECK(answer(*postgres, "show fsync") == "on");
    CHECK(answer(*postgres, "show server_encoding") == "UTF8");
    CHECK(answer(*postgres, "select current_database(), current_user") == "ai_memory_test|ai_memory");
    CHECK(!postgres->ask("select nonsense").ok());

    const auto directory = answer(*postgres, "show data_directory");
    CHECK(std::filesystem::exists(directory));
    CHECK(processes_of(directory) > 1);
    postgres.reset();
    CHECK(processes_of(directory) == 0);
    CHECK(!std::filesystem::exists(directory));
  }

  TEST_CASE("what was committed is there after a kill and after a stop") {
    auto postgres = server();
    if (!postgres) return;
    const auto directory = answer(*postgres, "show data_directory");
    const auto url = postgres->url();
    answer(*postgres, "create table seen(number int); insert into seen select generate_series(1, 1000)");
    const auto port = url.substr(url.rfind(':') + 1);
    const auto address = "127.0.0.1:" + port.substr(0, port.find('/'));
    CHECK(accepts_connections(address));
    postgres->kill();
    CHECK_FALSE(postgres->running());
    CHECK(processes_of(directory) == 0);
    CHECK_FALSE(accepts_connections(address));
    CHECK(!postgres->ask("select 1").ok());
    auto again = postgres->restart();
    REQUIRE_MESSAGE(again.ok(), again.message());
    CHECK(postgres->url() == url);
    CHECK(answer(*postgres, "select count(*) from seen") == "1000");
    const auto stopped = postgres->stop();
    CHECK_MESSAGE(stopped.ok(), stopped.message());
    CHECK(processes_of(directory) == 0);
    again = postgres->restart();
    REQUIRE_MESSAGE(again.ok(), again.message());
    CHECK(answer(*postgres, "select sum(number) from seen") == "500500");
  }

  TEST_CASE("where there is none, one line says what to install") {
    if (private_postgres::installed()) {
      if (!entered().mounts) {
        MESSAGE("skipped: PostgreSQL is installed, and it cannot be hidden here: " << entered().why_no_mounts);
        return;
      }
      // Seen by this program alone, and gone with it.
      if (std::filesystem::exists("/usr/lib/postgresql"))
        REQUIRE(mount("none", "/usr/lib/postgresql", "tmpfs", 0, nullptr) == 0);
    }
    const std::string path = std::getenv("PATH");
    setenv("PATH", "/nowhere", 1);
    CHECK_FALSE(private_postgres::installed());
    const auto made = private_postgres::start();
    setenv("PATH", path.c_str(), 1);
    if (std::filesystem::exists("/usr/lib/postgresql")) umount("/usr/lib/postgresql");
    REQUIRE(!made.ok());
    CHECK(made.error().message() == "needs PostgreSQL; install postgresql-15");
  }
}

}  // namespace quorate::chaos
