#include "tests/migrate/program.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "chaos/command.hpp"
#include "chaos/gate/sqlite_file.hpp"

namespace quorate::migrate_tests {

namespace {

constexpr std::chrono::minutes run_bound(10);

std::vector<std::string> arguments_of(const std::string& from, const std::string& to,
                                      const std::vector<std::string>& more) {
  std::vector<std::string> all{"migrate", "--from", from, "--to", to, "--json"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::vector<std::string> with_program(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), QUORATE_PROGRAM);
  return arguments;
}

}  // namespace

place::place() : directory_(std::move(*chaos::scratch_directory::make())) {}

ended run(const place& where, std::vector<std::string> arguments) {
  const auto end = chaos::run_to_end(
      {with_program(std::move(arguments)), "quorate", {}, {"XDG_STATE_HOME=" + where.path()}}, run_bound);
  REQUIRE_MESSAGE(end.ok(), end.error().message());
  return {end->exit_code, end->output, {}};
}

ended migrate(const place& where, const std::string& from, const std::string& to, std::vector<std::string> arguments) {
  auto end = run(where, arguments_of(from, to, arguments));
  const auto first = end.output.find('{');
  const auto last = end.output.rfind("\n}");
  if (first != std::string::npos && last != std::string::npos)
    end.json = nlohmann::json::parse(end.output.substr(first, last + 2 - first), nullptr, false);
  CAPTURE(end.output);
  CHECK_FALSE(end.json.is_discarded());
  return end;
}

chaos::process begin(const place& where, const std::string& from, const std::string& to,
                     std::vector<std::string> arguments) {
  auto started = chaos::process::start(
      {with_program(arguments_of(from, to, arguments)), {"XDG_STATE_HOME=" + where.path()}, where.file("begun.log")});
  REQUIRE_MESSAGE(started.ok(), started.error().message());
  return std::move(*started);
}

std::string require_equal(const ended& migration) {
  INFO(migration.output.substr(0, 4'000));
  REQUIRE(migration.code == 0);
  REQUIRE(migration.json.is_object());
  CHECK(migration.json["errors"].empty());
  CHECK(migration.json["rows_read"] == migration.json["rows_written"]);
  REQUIRE(migration.json["digest"]["source"] == migration.json["digest"]["target"]);
  return migration.json["digest"]["source"];
}

std::vector<std::string> differences(const std::string& ours, const std::string& theirs) {
  const auto a = chaos::sqlite_file::open(ours);
  const auto b = chaos::sqlite_file::open(theirs);
  REQUIRE_MESSAGE(a.ok(), a.error().message());
  REQUIRE_MESSAGE(b.ok(), b.error().message());
  auto all = a->faults();
  const auto found = chaos::differences(*a, *b, 10);
  REQUIRE_MESSAGE(found.ok(), found.error().message());
  all.insert(all.end(), found->begin(), found->end());
  return all;
}

std::unique_ptr<chaos::private_postgres> start_postgres() {
  const auto* needed = std::getenv("QUORATE_NEED_POSTGRES");
  if (!chaos::private_postgres::installed() && (needed == nullptr || std::string(needed) != "1")) {
    MESSAGE("skipped: " << chaos::private_postgres::needed());
    return nullptr;
  }
  auto started = chaos::private_postgres::start();
  REQUIRE_MESSAGE(started.ok(), started.error().message());
  return std::move(*started);
}

std::uint64_t many_memories() {
  const auto* given = std::getenv("QUORATE_MIGRATE_MEMORIES");
  return given == nullptr ? 5'000 : std::strtoull(given, nullptr, 10);
}

}  // namespace quorate::migrate_tests
