#include "chaos/page/verdict.hpp"

#include <algorithm>

#include "chaos/page/figures.hpp"

namespace quorate::page {
namespace {

constexpr const char* no_evidence = "Without this evidence the run proves nothing about that part.";

std::string joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const auto& part : parts) all += (all.empty() ? "" : "; ") + part;
  return all;
}

std::string meaning_of(const fault_result& of) {
  if (of.lost.value_or(0) > 0) return "A confirmed write was gone: the central promise is broken.";
  if (of.phantom.value_or(0) > 0 || of.foreign.value_or(0) > 0)
    return "A node held something that nobody had successfully written to it.";
  if (!of.ran || of.status == "skipped") return "This fault was not tried, so nothing is known about it.";
  if (of.status == "invalid") return "The fault did not take hold, so surviving it shows nothing.";
  if (of.status == "infrastructure") return "The test bench failed, not the product; the test has to be repeated.";
  if (of.convergence && *of.convergence < 1) return "Not every node ended up with every confirmed write.";
  return "The cluster did not behave as promised under this fault.";
}

void judge_phase(const run& of, int number, std::vector<finding>& findings) {
  for (const auto& file : of.phase(number)) {
    const auto where = "phase " + std::to_string(number) + ", " + file.name;
    if (file.state == artefact_state::missing) {
      findings.push_back({where, "is missing", no_evidence});
    } else if (file.state == artefact_state::unreadable) {
      findings.push_back({where, "is unreadable: " + file.problem, no_evidence});
    } else if (page::number(file.content, "phase") != static_cast<double>(number)) {
      findings.push_back({where, "is not an artefact of this phase", no_evidence});
    } else if (!is_true(file.content, "pass")) {
      const auto reasons = joined(words(file.content, "reasons"));
      findings.push_back(
          {where, reasons.empty() ? "says that it did not pass" : reasons, "A check of this phase did not hold."});
    }
  }
}

void judge_classes(const run& of, std::vector<finding>& findings) {
  if (!of.phase(4).front().is_read()) return;
  const auto classes = fault_results(of);
  if (std::none_of(classes.begin(), classes.end(), [](const auto& one) { return one.expected; }))
    findings.push_back({"phase 4", "names no fault it expects", no_evidence});
  for (const auto& one : classes) {
    if (!one.passes()) findings.push_back({"phase 4, " + one.name, joined(one.complaints), meaning_of(one)});
  }
}

}  // namespace

phase_state state_of_phase(const run& of, int number) {
  const auto& files = of.phase(number);
  const auto in = [](artefact_state state) { return [state](const artefact& one) { return one.state == state; }; };
  if (std::all_of(files.begin(), files.end(), in(artefact_state::missing))) return phase_state::not_run;
  if (std::any_of(files.begin(), files.end(), in(artefact_state::unreadable))) return phase_state::unreadable;
  std::vector<finding> findings;
  judge_phase(of, number, findings);
  if (number == 4) judge_classes(of, findings);
  return findings.empty() ? phase_state::pass : phase_state::fail;
}

std::string word_of(phase_state state) {
  switch (state) {
    case phase_state::pass: return "PASS";
    case phase_state::fail: return "FAIL";
    case phase_state::not_run: return "NOT RUN";
    case phase_state::unreadable: return "UNREADABLE";
  }
  return "";
}

std::string badge_kind(phase_state state) {
  if (state == phase_state::pass) return "pass";
  return state == phase_state::not_run ? "other" : "fail";
}

std::vector<int> expected_phases(const run& of) {
  std::vector<int> expected;
  const auto& list = member(of.summary.content, "expected_phases");
  if (!list.is_array()) return expected;
  for (const auto& one : list) {
    if (!one.is_number_integer()) continue;
    const auto phase = one.get<long>();
    if (phase >= 1 && phase <= phase_count) expected.push_back(static_cast<int>(phase));
  }
  return expected;
}

verdict judge(const run& of) {
  verdict derived;
  const auto& summary = of.summary;
  derived.summary_says = member(summary.content, "overall_pass").is_boolean();
  derived.summary_says_pass = is_true(summary.content, "overall_pass");
  auto& findings = derived.findings;
  const std::string where = summary_file;
  if (summary.state == artefact_state::missing)
    findings.push_back({where, "is missing", "The run did not come to its end, or was not kept whole."});
  else if (summary.state == artefact_state::unreadable)
    findings.push_back({where, "is unreadable: " + summary.problem, no_evidence});

  const auto expected = expected_phases(of);
  if (summary.is_read() && (expected.empty() || expected.size() != member(summary.content, "expected_phases").size()))
    findings.push_back(
        {where, expected.empty() ? "names no phase it expects" : "expects something that is no phase", no_evidence});
  for (int number = 1; number <= phase_count; ++number) {
    const bool wanted = std::find(expected.begin(), expected.end(), number) != expected.end();
    // A phase nobody expected speaks against the run only when it ran, and failed.
    if (!wanted && state_of_phase(of, number) == phase_state::not_run) continue;
    judge_phase(of, number, findings);
    if (number == 4) judge_classes(of, findings);
  }
  if (summary.is_read() && !derived.summary_says_pass && findings.empty()) {
    const auto reasons = joined(words(summary.content, "reasons"));
    findings.push_back({where, reasons.empty() ? "does not say that the run passed" : reasons,
                        "The gate itself did not call this run passed."});
  }
  derived.pass = findings.empty();
  return derived;
}

}  // namespace quorate::page
