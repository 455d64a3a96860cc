#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "chaos/command.hpp"
#include "chaos/scratch_directory.hpp"

namespace quorate::chaos {
namespace {

constexpr std::chrono::seconds gate_bound(120);

nlohmann::json read(const std::string& path) {
  std::ifstream file(path);
  return nlohmann::json::parse(file, nullptr, false);
}

result<command_end> gate(const std::vector<std::string>& flags, const std::string& out) {
  std::vector<std::string> words{CHAOS_PROGRAM, "gate", "--quorate", QUORATE_PROGRAM, "--out", out};
  words.insert(words.end(), flags.begin(), flags.end());
  return run_to_end({words, "", ""}, gate_bound);
}

}  // namespace

TEST_SUITE("gate.summary") {
  TEST_CASE("a phase that was not run fails the campaign, whatever the others say") {
    const auto scratch = scratch_directory::make();
    REQUIRE(scratch.ok());
    const auto out = scratch->path() + "/only-two";
    const auto ended = gate({"--phases", "2"}, out);
    REQUIRE(ended.ok());
    CAPTURE(ended->output);
    CHECK(ended->exit_code == 1);
    const auto phase = read(out + "/phase2.json");
    REQUIRE(phase.is_object());
    CHECK(phase["pass"] == true);
    CHECK(phase["ok"] == 200);
    CHECK(phase["probe1_single_peer_down"] == "201");
    CHECK(phase["probe2_both_peers_down"] == "503");
    const auto summary = read(out + "/campaign-summary.json");
    REQUIRE(summary.is_object());
    CHECK(summary["campaign_id"] == "only-two");
    CHECK(summary["overall_pass"] == false);
    CHECK(summary["expected_phases"] == nlohmann::json({1, 2, 3, 4}));
    CHECK(summary["reasons"].size() == 3);
    CHECK_FALSE(std::filesystem::exists(out + "/phase4.json"));

    SUBCASE("phases may be accepted as failing: the exit code changes, the verdict does not") {
      const auto again = gate({"--phases", "2", "--accept-failing", "1,3,4"}, scratch->path() + "/accepted");
      REQUIRE(again.ok());
      CHECK(again->exit_code == 0);
      CHECK(read(scratch->path() + "/accepted/campaign-summary.json")["overall_pass"] == false);
    }
    SUBCASE("a directory that holds a run is not written over") {
      const auto again = gate({"--phases", "2"}, out);
      REQUIRE(again.ok());
      CHECK(again->exit_code == 2);
      CHECK(again->output.find("holds files already") != std::string::npos);
    }
  }

  TEST_CASE("what the program lacks is said to be missing") {
    const auto scratch = scratch_directory::make();
    REQUIRE(scratch.ok());
    const auto out = scratch->path() + "/functional";
    REQUIRE(gate({"--phases", "1,3", "--quick"}, out).ok());
    for (const std::string node : {"a", "b", "c"}) {
      const auto phase = read(out + "/phase1-node-" + node + ".json");
      REQUIRE(phase.is_object());
      CHECK(phase["host"] == node);
      for (const auto& check : phase["checks"])
        if (check["name"] == "store" || check["name"] == "get" || check["name"] == "update" || check["name"] == "list"
            || check["name"] == "delete" || check["name"] == "stats")
          CHECK_MESSAGE(check["status"] == "pass", check.dump());
      CHECK(phase["pass"] == phase["reasons"].empty());
    }
    const auto migration = read(out + "/phase3.json");
    REQUIRE(migration.is_object());
    CHECK(migration["pass"] == migration["reasons"].empty());
  }

  TEST_CASE("bad flags end with one line and exit code 2") {
    const auto scratch = scratch_directory::make();
    REQUIRE(scratch.ok());
    const auto out = scratch->path() + "/out";
    for (const std::vector<std::string>& flags :
         {std::vector<std::string>{"--phases", "5"}, {"--accept-failing", "x"}, {"--cycles", "0"}}) {
      const auto ended = gate(flags, out);
      REQUIRE(ended.ok());
      CAPTURE(ended->output);
      CHECK(ended->exit_code == 2);
      CHECK_FALSE(std::filesystem::exists(out + "/campaign-summary.json"));
    }
    const auto unknown =
        run_to_end({{CHAOS_PROGRAM, "drill", "--fault", "earthquake", "--out", out}, "", ""}, gate_bound);
    REQUIRE(unknown.ok());
    CHECK(unknown->exit_code == 2);
    CHECK(unknown->output.find("no class of faults") != std::string::npos);
    const auto absent = run_to_end(
        {{CHAOS_PROGRAM, "drill", "--quorate", "/nowhere/quorate", "--fault", "kill_all", "--out", out}, "", ""},
        gate_bound);
    REQUIRE(absent.ok());
    CHECK(absent->exit_code == 2);
    CHECK(absent->output.find("is missing") != std::string::npos);
  }
}

}  // namespace quorate::chaos
