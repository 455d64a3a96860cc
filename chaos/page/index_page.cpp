#include "chaos/page/index_page.hpp"

#include "chaos/page/account.hpp"
#include "chaos/page/figures.hpp"
#include "chaos/page/style.hpp"

namespace quorate::page {
namespace {

row row_of(const run& of) {
  const auto derived = judge(of);
  const auto& summary = of.summary.content;
  const auto classes = fault_results(of);
  auto verdict_badge = badge(derived.pass ? "pass" : "fail", derived.pass ? "PASS" : "FAIL");
  if (is_true(summary, "quick")) verdict_badge += " "_html + badge("other", "QUICK");
  if (derived.disagrees_with_summary())
    verdict_badge += "<br>"_html + element("small", {{"class", "soft"}}, text("summary says otherwise"));
  const auto commit = word(summary, "commit").substr(0, 12);
  const auto date = completed_at(of);
  return {{
              file_link("./" + of.id + "/" + page_file, text(of.id)),
              verdict_badge,
              text(date.empty() ? "–" : date),
              element("code", text(commit.empty() ? "–" : commit)),
              {text(figure(acknowledged_writes(of, classes))), "n"},
              {text(classes_passed(classes)), "n"},
              {text(seconds_text(number(summary, "seconds"))), "n"},
          },
          ""};
}

}  // namespace

std::string index_page(const runs& of) {
  auto page = element("header", element("h1", text("Release gate runs"))
                                    + element("p", {{"class", "lead"}},
                                              text("Each run tests a commit, breaks a cluster of three nodes in every "
                                                   "way it knows, and keeps the evidence. The verdicts here are "
                                                   "derived from that evidence.")));
  std::vector<row> rows;
  for (const auto& one : of.all) rows.push_back(row_of(one));
  if (rows.empty())
    page += element("p", {{"class", "none"}}, text("There is no run yet."));
  else
    page += table("Runs",
                  {"Run", "Verdict", "Completed", "Commit", "Writes acknowledged", "Classes passed", "Duration"}, rows);
  if (of.insights.state == artefact_state::unreadable)
    page += element("div", {{"class", "note fail"}},
                    element("p", text(of.insights.name + " is unreadable: " + of.insights.problem)));
  page += element("footer", element("p", text("Made by quorate-chaos render. Loads nothing, runs nothing.")));
  return document("Release gate runs", page);
}

}  // namespace quorate::page
