#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "chaos/command.hpp"
#include "chaos/private_postgres.hpp"
#include "chaos/scratch_directory.hpp"

namespace quorate::chaos {
namespace {

constexpr std::chrono::seconds phase_bound(300);

bool may_skip() {
  const char* needed = std::getenv("QUORATE_NEED_POSTGRES");
  if (private_postgres::installed() || (needed != nullptr && std::strcmp(needed, "1") == 0)) return false;
  MESSAGE("skipped: PostgreSQL is not installed; install postgresql-15, or set QUORATE_NEED_POSTGRES=1 to fail");
  return true;
}

/// Phase 3 with this program.
nlohmann::json phase_with(const std::string& program) {
  const auto scratch = scratch_directory::make();
  REQUIRE(scratch.ok());
  const auto out = scratch->path() + "/out";
  const auto ended = run_to_end(
      {{CHAOS_PROGRAM, "gate", "--quorate", program, "--phases", "3", "--quick", "--out", out}, "", ""}, phase_bound);
  REQUIRE_MESSAGE(ended.ok(), ended.error().message());
  std::ifstream file(out + "/phase3.json");
  auto phase = nlohmann::json::parse(file, nullptr, false);
  REQUIRE_MESSAGE(phase.is_object(), ended->output);
  return phase;
}

}  // namespace

TEST_SUITE("gate.migration") {
  TEST_CASE("records move over SQLite and PostgreSQL and back") {
    if (may_skip()) return;
    const auto phase = phase_with(QUORATE_PROGRAM);
    CHECK_MESSAGE(phase["pass"] == true, phase["reasons"].dump(1));
    CHECK(phase["src_count"] == 1'000);
    CHECK(phase["dst_count"] == 1'000);
    for (const auto* report : {"report_forward", "report_idempotent", "report_reverse"}) {
      CHECK(phase[report]["memories_read"] == 1'000);
      CHECK(phase[report]["memories_written"] == 1'000);
      CHECK(phase[report]["errors"].empty());
    }
  }

  TEST_CASE("a migration that loses a digit, a link and a word, and tells the password, fails whatever it reports") {
    if (may_skip()) return;
    const auto phase = phase_with(DAMAGING_PROGRAM);
    CHECK(phase["pass"] == false);
    std::set<std::string> failed;
    for (const auto& check : phase["checks"])
      if (check["status"] != "pass") failed.insert(check["name"]);
    const std::set<std::string> expected{"the round trip changes nothing",
                                         "the way through a data directory changes nothing",
                                         "third.db is a sound file of schema 13", "no password is printed"};
    CHECK_MESSAGE(failed == expected, phase["reasons"].dump(1));
    CHECK(phase["report_reverse"]["errors"].empty());
    CHECK(phase["dst_count"] == 1'000);
  }
}

}  // namespace quorate::chaos
