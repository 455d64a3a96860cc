#include "chaos/page/run_page.hpp"

#include "chaos/page/account.hpp"
#include "chaos/page/figures.hpp"
#include "chaos/page/phase_sections.hpp"
#include "chaos/page/style.hpp"

namespace quorate::page {
namespace {

std::string campaign_of(const run& of) {
  const auto campaign = word(of.summary.content, "campaign_id");
  return campaign.empty() ? of.id : campaign;
}

markup list(const std::vector<std::string>& lines) {
  markup items;
  for (const auto& line : lines) items += element("li", text(line));
  return element("ul", items);
}

std::string commit_under_test(const json& summary) {
  const auto commit = word(summary, "commit");
  const auto ref = word(summary, "ai_memory_git_ref");
  if (commit.empty()) return ref.empty() ? "–" : ref;
  return ref.empty() || ref == commit ? commit : commit + " (asked for: " + ref + ")";
}

markup header(const run& of, const verdict& derived) {
  const auto& summary = of.summary.content;
  const auto& host = member(summary, "host");
  const auto plain = [](const std::string& said) { return said.empty() ? std::string("–") : said; };
  auto part = element("p", {{"class", "soft"}}, file_link("../index.html", text("All runs")));
  part += element(
      "h1", text(campaign_of(of)) + " "_html + badge(derived.pass ? "pass" : "fail", derived.pass ? "PASS" : "FAIL"));
  if (campaign_of(of) != of.id)
    part += element("p", {{"class", "note"}}, text("The artefacts lie in a directory called " + of.id + "."));
  if (is_true(summary, "quick"))
    part += element("p", {{"class", "note"}}, text("A quick run: fewer cycles than a release is judged by."));
  auto machine = plain(word(host, "cpu")) + ", " + counted(number(host, "cpus"), "processor") + ", "
                 + bytes_text(number(host, "memory_bytes"));
  part += facts({{"Commit", commit_under_test(summary)},
                 {"Version", plain(word(summary, "version"))},
                 {"Completed", plain(word(summary, "completed_at"))},
                 {"Duration", seconds_text(number(summary, "seconds"))},
                 {"Seed", member(summary, "seed").is_null() ? "–" : member(summary, "seed").dump(-1, ' ', true)},
                 {"Environment", plain(word(summary, "environment")) + ", network: " + plain(word(summary, "network"))},
                 {"Machine", machine},
                 {"System", plain(word(host, "os")) + ", kernel " + plain(word(host, "kernel"))}});
  return element("header", part);
}

markup verdict_section(const run& of, const verdict& derived) {
  auto part = element("h2", text("Verdict"));
  part += element("p", {{"class", "lead"}},
                  text(derived.pass ? "PASS: every expected phase and every expected fault passed."
                                    : "FAIL: " + counted(static_cast<double>(derived.findings.size()), "finding")
                                          + " against this run."));
  if (derived.disagrees_with_summary())
    part += element(
        "div", {{"class", "note fail"}},
        element("p", text(std::string("The summary says ") + (derived.summary_says_pass ? "PASS" : "FAIL")
                          + ", the artefacts say " + (derived.pass ? "PASS" : "FAIL") + ". The artefacts count.")));
  if (!derived.findings.empty()) {
    std::vector<row> rows;
    for (const auto& one : derived.findings)
      rows.push_back({{text(one.where), {text(one.what), "w"}, {text(one.meaning), "w"}}, ""});
    part += table("Findings", {"Where", "What", "What it means"}, rows);
  }
  std::string expected;
  for (const int phase : expected_phases(of)) expected += (expected.empty() ? "" : ", ") + std::to_string(phase);
  part += element("p", {{"class", "soft"}},
                  text("Derived from the artefacts, not from the summary: PASS needs the summary's own verdict, and of "
                       "every expected phase ("
                       + (expected.empty() ? std::string("none named") : expected)
                       + ") that its files exist, can be read, and say that they passed; and of every expected fault "
                         "the status pass and a convergence of exactly 1."));
  return element("section", {{"id", "verdict"}}, part);
}

markup key_figures(const run& of, const std::vector<fault_result>& classes) {
  const auto* slowest = highest(classes, &fault_result::converge_max);
  const auto* gap = highest(classes, &fault_result::gap_max);
  markup items;
  const std::pair<const char*, std::string> all[] = {
      {"acknowledged writes", figure(acknowledged_writes(of, classes))},
      {"lost under faults", figure(total(classes, &fault_result::lost))},
      {"fault classes passed", classes_passed(classes)},
      {"fault cycles", figure(total(classes, &fault_result::cycles))},
      {"slowest to equal nodes", milliseconds_text(slowest ? slowest->converge_max : std::nullopt)},
      {"longest without a write", milliseconds_text(gap ? gap->gap_max : std::nullopt)}};
  for (const auto& [name, value] : all) items += element("div", element("dt", text(name)) + element("dd", text(value)));
  return element("dl", {{"class", "figures"}}, items);
}

markup shown_section(const run& of, const account& told, const json& notes) {
  auto part = element("h2", text("What was tested and shown"));
  if (const auto headline = word(notes, "headline"); !headline.empty())
    part += element("p", {{"class", "lead"}}, text(headline));
  part += key_figures(of, fault_results(of)) + list(told.shown);
  for (const auto& [key, title] :
       {std::pair("verdict", "Verdict in words"), std::pair("what_it_tested", "What it tested"),
        std::pair("what_it_proved", "What it proved")}) {
    const auto said = word(notes, key);
    if (!said.empty()) part += element("h3", text(title)) + paragraphs(said);
  }
  return element("section", {{"id", "shown"}}, part);
}

markup audience(const char* title, const std::vector<std::string>& generated, const std::string& note) {
  auto part = element("h3", text(title));
  if (!note.empty()) part += paragraphs(note);
  for (const auto& line : generated) part += element("p", text(line));
  return element("section", part);
}

markup audiences(const account& told, const json& notes) {
  return element("section", {{"id", "meaning"}},
                 element("h2", text("What it means"))
                     + element("div", {{"class", "cards"}},
                               audience("For those who use it", told.end_users, word(notes, "for_non_technical"))
                                   + audience("For those who decide", told.decision_makers, word(notes, "for_c_level"))
                                   + audience("For engineers", told.engineers, word(notes, "for_sme"))));
}

markup one_bug(const json& bug) {
  auto part = element("strong", text(shown(member(bug, "title"))));
  for (const auto& [key, title] : {std::pair("impact", "Impact: "), std::pair("root_cause", "Cause: ")}) {
    const auto said = word(bug, key);
    if (!said.empty()) part += element("p", text(title + said));
  }
  const auto& fixes = member(bug, "fixed_in");
  markup links;
  if (fixes.is_array()) {
    for (const auto& fix : fixes)
      links += (links.empty() ? markup() : ", "_html) + web_link(word(fix, "url"), text(shown(member(fix, "label"))));
  }
  if (!links.empty()) part += element("p", text("Fixed in: ") + links);
  return element("li", part);
}

markup bugs_and_next_step(const account& told, const json& notes) {
  markup part;
  const auto& bugs = member(notes, "bugs");
  if (bugs.is_array() && !bugs.empty()) {
    markup items;
    for (const auto& bug : bugs) items += one_bug(bug);
    part += element("h2", text("Bugs it found")) + element("ol", items);
  }
  const auto planned = word(notes, "next_run_change");
  part +=
      element("h2", text("Next step")) + (planned.empty() ? element("p", text(told.next_step)) : paragraphs(planned));
  return element("section", {{"id", "next"}}, part);
}

markup all_artefacts(const run& of) {
  markup items;
  for (const auto& name : of.files) items += element("li", file_link(name, text(name)));
  return element("section", {{"id", "artefacts"}},
                 element("h2", text("Artefacts"))
                     + (items.empty() ? element("p", {{"class", "none"}}, text("None.")) : element("ul", items)));
}

/// As a shell takes it for one word.
std::string quoted(const std::string& word_of_shell) {
  static constexpr std::string_view harmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/+:@";
  if (!word_of_shell.empty() && word_of_shell.find_first_not_of(harmless) == std::string::npos) return word_of_shell;
  std::string safe = "'";
  for (const char c : word_of_shell) safe += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return safe + "'";
}

markup footer(const run& of) {
  const auto& summary = of.summary.content;
  std::string command;
  if (const auto commit = word(summary, "commit"); !commit.empty()) command = "git checkout " + quoted(commit) + "\n";
  command += "quorate-chaos gate --out " + quoted("runs/" + of.id);
  if (member(summary, "seed").is_number()) command += " --seed " + member(summary, "seed").dump();
  if (is_true(summary, "quick")) command += " --quick";
  return element("footer", element("p", text("Run it again:")) + element("pre", text(command))
                               + element("p", text("Made by quorate-chaos render from the files beside this page. It "
                                                   "loads nothing and runs nothing.")));
}

markup notes_problem(const artefact& insights) {
  if (insights.state != artefact_state::unreadable) return {};
  return element("div", {{"class", "note fail"}},
                 element("p", text("The notes of people are unreadable: " + insights.name + ": " + insights.problem)));
}

}  // namespace

std::string run_page(const run& of, const artefact& insights) {
  const auto derived = judge(of);
  const auto told = account_of(of, derived);
  const auto& notes = member(insights.content, campaign_of(of));
  auto page = header(of, derived);
  page +=
      element("nav", R"(<a href="#verdict">Verdict</a><a href="#shown">Shown</a><a href="#meaning">Meaning</a>)"_html
                         + R"(<a href="#phase-1">Phase 1</a><a href="#phase-2">Phase 2</a>)"_html
                         + R"(<a href="#phase-3">Phase 3</a><a href="#phase-4">Phase 4</a>)"_html
                         + R"(<a href="#next">Next step</a><a href="#artefacts">Artefacts</a>)"_html);
  page +=
      verdict_section(of, derived) + notes_problem(insights) + shown_section(of, told, notes) + audiences(told, notes);
  for (int number = 1; number <= phase_count; ++number) page += phase_section(of, number);
  page += bugs_and_next_step(told, notes);
  if (!of.summary.is_read()) page += raw_artefact(of.summary, of.summary.content);
  page += all_artefacts(of) + footer(of);
  return document(campaign_of(of) + " – " + (derived.pass ? "PASS" : "FAIL"), page);
}

}  // namespace quorate::page
