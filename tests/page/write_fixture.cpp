// `page_fixture DIRECTORY`: runs for the browser to look at: one that passes, one that fails, one of which hardly
// anything is left; and notes of people on the first two.
#include <iostream>

#include "tests/page/fixture.hpp"

namespace {

using namespace quorate::page;

constexpr const char* hostile = "<script>console.error('ran')</script><img src=x onerror=console.error('ran')>\"'&";

test::artefacts failing_run() {
  auto files = test::good_run("fails");
  auto& phase = files["phase4.json"];
  phase["pass"] = false;
  phase["reasons"] = {hostile};
  auto& lost = phase["faults"]["kill_all"];
  lost["status"] = "fail";
  lost["reason"] = hostile;
  lost["lost"] = 2;
  lost["failed"] = 1;
  lost["passed"] = 49;
  lost["timeline"]["converged_ms"] = nullptr;
  phase["convergence_by_fault"]["kill_all"] = 0.999;
  auto& cycle = phase["cycles_by_fault"]["kill_all"][16];
  cycle["verdict"] = "fail";
  cycle["reasons"] = {"2 acknowledged writes are on no node", std::string(300, 'w')};
  cycle["converge_ms"] = nullptr;
  phase["faults"]["disk_full"] = {{"status", "skipped"}, {"reason", "no loop devices"}};
  phase["convergence_by_fault"]["disk_full"] = nullptr;
  phase["faults"].erase("slow_link");
  files["phase1-node-b.json"]["checks"][1] = {{"name", hostile}, {"status", "fail"}, {"detail", std::string(300, 'x')}};
  files["phase1-node-b.json"]["pass"] = false;
  files["phase1-node-b.json"]["reasons"] = {"recall.memories<1"};
  files["campaign-summary.json"]["host"]["cpu"] = hostile;
  files["campaign-summary.json"]["completed_at"] = "2026-01-01T03:30:05Z";
  return files;
}

json notes() {
  const json about = {{"headline", "What a person says in one line"},
                      {"verdict", "Good, with one remark."},
                      {"what_it_tested", "Many ways to break a cluster.\n\nAnd a second paragraph."},
                      {"what_it_proved", hostile},
                      {"for_non_technical", "A note for users."},
                      {"for_c_level", "A note for deciders."},
                      {"for_sme", "A note for engineers."},
                      {"bugs",
                       {{{"title", "A bug"},
                         {"impact", "None"},
                         {"root_cause", "A wrong sign"},
                         {"fixed_in",
                          {{{"label", "a commit"}, {"url", "https://example.org/commit/1"}},
                           {{"label", "not a link"}, {"url", "javascript:console.error('ran')"}}}}}}},
                      {"next_run_change", "More nodes."}};
  return {{"passes", about}, {"fails", about}};
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "page_fixture: give a directory\n";
    return 2;
  }
  const std::string directory = arguments[1];
  test::write_run(directory, "passes", test::good_run("passes"));
  test::write_run(directory, "fails", failing_run());
  test::write_run(directory, "torn", {{"phase2.json", test::good_run("torn")["phase2.json"]}});
  test::write_file(directory + "/torn/campaign-summary.json", "{\"campaign_id\": \"torn\", ");
  test::write_file(directory + "/insights.json", notes().dump());
  return 0;
}
