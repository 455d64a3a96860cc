#include <doctest/doctest.h>

#include <filesystem>
#include <functional>

#include "chaos/page/verdict.hpp"
#include "chaos/scratch_directory.hpp"
#include "tests/page/fixture.hpp"

using namespace quorate::page;
using quorate::chaos::scratch_directory;

namespace {

/// A good run on disk, spoiled, and judged.
verdict judged(
    const std::function<void(test::artefacts&)>& spoil,
    const std::function<void(const std::string&)>& spoil_directory = [](const std::string&) {}) {
  auto directory = scratch_directory::make();
  REQUIRE(directory.ok());
  auto files = test::good_run("one");
  spoil(files);
  test::write_run(directory->path(), "one", files);
  spoil_directory(directory->path() + "/one");
  return judge(read_run(directory->path(), "one"));
}

verdict judged_phase_4(const std::function<void(json&)>& spoil) {
  return judged([&](test::artefacts& files) { spoil(files["phase4.json"]); });
}

bool found(const verdict& of, const std::string& where, const std::string& what) {
  for (const auto& one : of.findings) {
    if (one.where.find(where) != std::string::npos && one.what.find(what) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a run passes when everything is there and passed") {
  const auto verdict = judged([](test::artefacts&) {});
  for (const auto& one : verdict.findings) MESSAGE(one.where, ": ", one.what);
  CHECK(verdict.pass);
  CHECK(verdict.findings.empty());
  CHECK(!verdict.disagrees_with_summary());
}

TEST_CASE("a run fails for every file that is missing, and disagrees with the summary") {
  for (const auto* name : {"phase1-node-a.json", "phase1-node-b.json", "phase1-node-c.json", "phase2.json",
                           "phase3.json", "phase4.json"}) {
    CAPTURE(name);
    const auto verdict = judged([&](test::artefacts& files) { files.erase(name); });
    CHECK(!verdict.pass);
    CHECK(found(verdict, name, "is missing"));
    CHECK(verdict.disagrees_with_summary());
  }
  CHECK(!judged([](test::artefacts& files) { files.erase("campaign-summary.json"); }).pass);
}

TEST_CASE("a run fails for every file that is not a JSON object") {
  const std::string too_deep = std::string(100'000, '[') + std::string(100'000, ']');
  const std::string long_way_down = "{\"phase\":2,\"pass\":true,\"x\":" + too_deep + "}";
  for (const auto* name :
       {"campaign-summary.json", "phase1-node-b.json", "phase2.json", "phase3.json", "phase4.json"}) {
    for (const auto& bytes : {std::string(), std::string("{\"phase\": 2, \"pass\": true"), std::string("[]"),
                              std::string("null"), std::string("{\"a\":\"\xff\"}"), too_deep, long_way_down}) {
      CAPTURE(name);
      const auto verdict =
          judged([](test::artefacts&) {},
                 [&](const std::string& directory) { test::write_file(directory + "/" + name, bytes); });
      CHECK(!verdict.pass);
      CHECK(found(verdict, name, "is unreadable"));
    }
  }
  const auto verdict =
      judged([](test::artefacts& files) { files.erase("phase3.json"); },
             [](const std::string& directory) { std::filesystem::create_directory(directory + "/phase3.json"); });
  CHECK(found(verdict, "phase3.json", "not a file"));
}

TEST_CASE("only true is a pass") {
  for (const auto& value : {json(false), json(nullptr), json("true"), json(1)}) {
    CHECK(!judged([&](test::artefacts& files) { files["campaign-summary.json"]["overall_pass"] = value; }).pass);
    for (const auto* name : {"phase1-node-c.json", "phase2.json", "phase3.json", "phase4.json"})
      CHECK(!judged([&](test::artefacts& files) { files[name]["pass"] = value; }).pass);
  }
  CHECK(!judged([](test::artefacts& files) { files["phase3.json"]["phase"] = 2; }).pass);
}

TEST_CASE("a summary that expects no phases cannot pass") {
  for (const auto& value : {json(nullptr), json::array(), json({"1", "2"}), json({1, 2, 3, 4, 5}), json("1234")})
    CHECK(!judged([&](test::artefacts& files) { files["campaign-summary.json"]["expected_phases"] = value; }).pass);
}

TEST_CASE("a phase nobody expected may be absent, but not fail") {
  const auto only_some = [](test::artefacts& files) { files["campaign-summary.json"]["expected_phases"] = {1, 2, 3}; };
  CHECK(judged([&](test::artefacts& files) {
          only_some(files);
          files.erase("phase4.json");
        }).pass);
  CHECK(!judged([&](test::artefacts& files) {
           only_some(files);
           files["phase4.json"]["pass"] = false;
         }).pass);
}

TEST_CASE("every expected class must pass with a convergence of exactly 1") {
  CHECK(found(judged_phase_4([](json& phase) { phase["convergence_by_fault"]["kill_all"] = 0.999; }), "kill_all",
              "0.999"));
  CHECK(!judged_phase_4([](json& phase) { phase["convergence_by_fault"]["kill_all"] = nullptr; }).pass);
  CHECK(!judged_phase_4([](json& phase) { phase["convergence_by_fault"]["kill_all"] = "1"; }).pass);
  CHECK(!judged_phase_4([](json& phase) { phase["convergence_by_fault"]["kill_all"] = 1.5; }).pass);
  CHECK(!judged_phase_4([](json& phase) { phase.erase("convergence_by_fault"); }).pass);
  for (const auto* status : {"fail", "skipped", "invalid", "infrastructure", "PASS", ""}) {
    const auto verdict = judged_phase_4([&](json& phase) { phase["faults"]["disk_full"]["status"] = status; });
    CHECK(!verdict.pass);
    CHECK(found(verdict, "disk_full", ""));
  }
  CHECK(found(judged_phase_4([](json& phase) { phase["faults"].erase("slow_link"); }), "slow_link", "did not run"));
}

TEST_CASE("a phase without classes shows nothing") {
  CHECK(!judged_phase_4([](json& phase) { phase["expected_faults"] = json::array(); }).pass);
  CHECK(!judged_phase_4([](json& phase) {
           phase["expected_faults"] = json::array();
           phase["faults"] = json::object();
         }).pass);
  CHECK(!judged_phase_4([](json& phase) { phase["faults"] = json::object(); }).pass);
  CHECK(!judged_phase_4([](json& phase) { phase["faults"] = "all fine"; }).pass);
}

TEST_CASE("a class is not taken at its word") {
  for (const auto* field : {"lost", "phantom", "foreign", "failed"}) {
    CAPTURE(field);
    CHECK(!judged_phase_4([&](json& phase) { phase["faults"]["kill_all"][field] = 1; }).pass);
    CHECK(!judged_phase_4([&](json& phase) { phase["faults"]["kill_all"].erase(field); }).pass);
  }
  CHECK(!judged_phase_4([](json& phase) { phase["faults"]["kill_all"]["cycles"] = 0; }).pass);
  CHECK(!judged_phase_4([](json& phase) { phase["cycles_by_fault"]["kill_all"][7]["verdict"] = "fail"; }).pass);
}

TEST_CASE("badges of phases") {
  auto directory = scratch_directory::make();
  REQUIRE(directory.ok());
  auto files = test::good_run("one");
  files.erase("phase3.json");
  files["phase4.json"]["faults"]["kill_all"]["lost"] = 1;
  test::write_run(directory->path(), "one", files);
  test::write_file(directory->path() + "/one/phase2.json", "{");
  const auto of = read_run(directory->path(), "one");
  CHECK(word_of(state_of_phase(of, 1)) == "PASS");
  CHECK(word_of(state_of_phase(of, 2)) == "UNREADABLE");
  CHECK(word_of(state_of_phase(of, 3)) == "NOT RUN");
  CHECK(word_of(state_of_phase(of, 4)) == "FAIL");
}
