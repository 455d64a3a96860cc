#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "chaos/drill/fault_class.hpp"
#include "chaos/page/render.hpp"
#include "chaos/page/run_page.hpp"
#include "chaos/scratch_directory.hpp"
#include "tests/page/fixture.hpp"

using namespace quorate::page;
using quorate::chaos::scratch_directory;
namespace fs = std::filesystem;

namespace {

constexpr const char* hostile = "</style></script><script>x</script><img src=q onerror=x>\"'&";

/// Every text in it ends in something hostile.
void spoil_texts(json& value) {
  if (value.is_string()) {
    value = value.get<std::string>() + hostile;
  } else if (value.is_structured()) {
    for (auto& inner : value) spoil_texts(inner);
  }
}

std::size_t count_of(const std::string& what, const std::string& in) {
  std::size_t count = 0;
  for (auto at = in.find(what); at != std::string::npos; at = in.find(what, at + 1)) ++count;
  return count;
}

scratch_directory new_directory() {
  auto made = scratch_directory::make();
  REQUIRE(made.ok());
  return std::move(*made);
}

std::string rendered_page(const scratch_directory& directory, const std::string& id) {
  const auto done = render(directory.path());
  REQUIRE(done.ok());
  return test::read_file(directory.path() + "/" + id + "/index.html");
}

std::size_t entries(const std::string& directory) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("nothing an artefact says becomes a tag") {
  const auto directory = new_directory();
  auto files = test::good_run("one");
  for (auto& [name, content] : files) spoil_texts(content);
  // Names of members are shown too.
  auto& phase = files["phase4.json"];
  phase["faults"][hostile] = phase["faults"]["kill_all"];
  phase["faults"][hostile]["status"] = "pass";
  phase["cycles_by_fault"][hostile] = phase["cycles_by_fault"]["kill_all"];
  phase["convergence_by_fault"][hostile] = 1;
  files["phase2.json"]["counts"]["a"] = hostile;
  test::write_run(directory.path(), "one", files);
  json notes = {
      {"headline", ""},
      {"verdict", ""},
      {"what_it_tested", ""},
      {"what_it_proved", ""},
      {"for_non_technical", ""},
      {"for_c_level", ""},
      {"for_sme", ""},
      {"next_run_change", ""},
      {"bugs", {{{"title", ""}, {"impact", ""}, {"root_cause", ""}, {"fixed_in", {{{"label", ""}, {"url", ""}}}}}}}};
  spoil_texts(notes);
  test::write_file(directory.path() + "/insights.json", json{{std::string("one") + hostile, notes}}.dump());
  fs::create_directory(directory.path() + "/<img src=x onerror=y>");

  for (const auto& page : {rendered_page(directory, "one"), test::read_file(directory.path() + "/index.html")}) {
    CHECK(page.find("<script") == std::string::npos);
    CHECK(page.find("<img") == std::string::npos);
    CHECK(count_of("</style>", page) == 1);
    CHECK(page.find("onerror=") != std::string::npos);
  }
  CHECK(count_of("&lt;img src=q", rendered_page(directory, "one")) > 50);
}

TEST_CASE("a page is small, loads nothing, and is the same every time") {
  const auto directory = new_directory();
  test::write_run(directory.path(), "one", test::good_run("one"));
  const auto page = rendered_page(directory, "one");
  MESSAGE("a page of all classes with 50 cycles each has ", page.size(), " bytes");
  CHECK(page.size() < quorate::chaos::all_faults.size() * 23'000);
  CHECK(page.find("src=") == std::string::npos);
  CHECK(page.find("@import") == std::string::npos);
  CHECK(page.find("url(") == std::string::npos);
  CHECK(count_of("<svg", page) == 2 * quorate::chaos::all_faults.size());
  CHECK(page == rendered_page(directory, "one"));
}

TEST_CASE("a run in which everything fails at length has a small page too") {
  const auto directory = new_directory();
  auto files = test::good_run("one");
  for (auto& cycles : files["phase4.json"]["cycles_by_fault"]) {
    for (auto& cycle : cycles) {
      cycle["verdict"] = "fail";
      cycle["reasons"] = {std::string(5'000, 'x'), "a second reason"};
    }
  }
  test::write_run(directory.path(), "one", files);
  const auto page = rendered_page(directory, "one");
  CHECK(page.size() < quorate::chaos::all_faults.size() * 27'000);
  CHECK(page.find("80 more reasons in the file") != std::string::npos);
}

TEST_CASE("a text is shortened between characters") {
  CHECK(shortened("äöü", 6) == "äöü");
  CHECK(shortened("äöü", 5) == "äö …");
  CHECK(shortened("äöü", 1) == " …");
}

TEST_CASE("a page says what is missing and what cannot be read") {
  const auto directory = new_directory();
  auto files = test::good_run("one");
  files.erase("phase1-node-b.json");
  files.erase("phase3.json");
  files["phase4.json"]["faults"]["disk_full"] = {{"status", "skipped"}, {"reason", "no loop devices"}};
  test::write_run(directory.path(), "one", files);
  test::write_file(directory.path() + "/one/phase2.json", "{\"phase\":");
  const auto page = rendered_page(directory, "one");
  CHECK(page.find("<title>one – FAIL</title>") != std::string::npos);
  CHECK(page.find("phase1-node-b.json is missing") != std::string::npos);
  CHECK(page.find("UNREADABLE") != std::string::npos);
  CHECK(page.find("NOT RUN") != std::string::npos);
  CHECK(page.find("skipped: no loop devices") != std::string::npos);
  CHECK(page.find("The summary says PASS, the artefacts say FAIL") != std::string::npos);
  CHECK(page.find("does not support a release") != std::string::npos);
}

TEST_CASE("the notes of people are shown for their campaign alone") {
  const auto directory = new_directory();
  test::write_run(directory.path(), "one", test::good_run("one"));
  test::write_file(directory.path() + "/insights.json",
                   json{{"one", {{"headline", "about one"}}}, {"two", {{"headline", "about two"}}}}.dump());
  const auto page = rendered_page(directory, "one");
  CHECK(page.find("about one") != std::string::npos);
  CHECK(page.find("about two") == std::string::npos);
  test::write_file(directory.path() + "/insights.json", "{");
  CHECK(rendered_page(directory, "one").find("insights.json: not JSON") != std::string::npos);
}

TEST_CASE("the index lists every directory, newest first") {
  const auto directory = new_directory();
  auto older = test::good_run("older");
  older["campaign-summary.json"]["completed_at"] = "2025-12-31T00:00:00Z";
  test::write_run(directory.path(), "older", older);
  test::write_run(directory.path(), "newer", test::good_run("newer"));
  fs::create_directory(directory.path() + "/nothing in it");
  fs::create_directory(directory.path() + "/.hidden");
  REQUIRE(render(directory.path()).ok());
  const auto index = test::read_file(directory.path() + "/index.html");
  const auto newer_at = index.find("./newer/index.html");
  const auto older_at = index.find("./older/index.html");
  const auto empty_at = index.find("./nothing%20in%20it/index.html");
  CHECK(newer_at < older_at);
  CHECK(older_at < empty_at);
  CHECK(empty_at != std::string::npos);
  CHECK(index.find(".hidden/") == std::string::npos);
  CHECK(count_of(">PASS<", index) == 2);
  CHECK(count_of(">FAIL<", index) == 1);
  // All that was acknowledged: in the fixture 16,900 by each class, and 200 in the second phase.
  const auto acknowledged = quorate::chaos::all_faults.size() * 16'900 + 200;
  CHECK(index.find(std::to_string(acknowledged / 1'000) + ',' + std::to_string(acknowledged % 1'000))
        != std::string::npos);
}

TEST_CASE("what is no directory of runs is said, and nothing is written") {
  const auto directory = new_directory();
  CHECK(run_render(directory.path() + "/absent") == 2);
  test::write_file(directory.path() + "/file", "");
  CHECK(run_render(directory.path() + "/file") == 2);
  test::write_run(directory.path(), "one", test::good_run("one"));
  CHECK(run_render(directory.path() + "/one") == 2);
  CHECK(!fs::exists(directory.path() + "/one/index.html"));
  CHECK(run_render(directory.path()) == 0);
}

TEST_CASE("a file is replaced whole or not at all") {
  const auto directory = new_directory();
  const auto path = directory.path() + "/page";
  REQUIRE(write_atomically(path, "first").ok());
  struct stat before {};
  REQUIRE(stat(path.c_str(), &before) == 0);
  const auto link = directory.path() + "/link";
  fs::create_hard_link(path, link);
  REQUIRE(write_atomically(path, "second").ok());
  CHECK(test::read_file(path) == "second");
  // The old file was not written into: who had it open goes on reading it.
  CHECK(test::read_file(link) == "first");
  CHECK((before.st_mode & 0444U) != 0);
  CHECK(entries(directory.path()) == 2);

  fs::create_directories(directory.path() + "/taken/inside");
  CHECK(!write_atomically(directory.path() + "/taken", "third").ok());
  CHECK(!write_atomically(directory.path() + "/absent/page", "third").ok());
  CHECK(entries(directory.path()) == 3);
}
