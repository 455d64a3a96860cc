#include "chaos/page/chaos_section.hpp"

#include <algorithm>
#include <array>

#include "chaos/drill/fault_class.hpp"
#include "chaos/page/chart.hpp"
#include "chaos/page/fault_results.hpp"
#include "chaos/page/figures.hpp"
#include "chaos/page/phase_sections.hpp"

namespace quorate::page {
namespace {

/// A page with more rows than this would grow past what can be committed for ever; the file has them all.
constexpr std::size_t max_cycle_rows = 60;
constexpr std::size_t max_reasons = 20;
constexpr std::size_t max_reason_bytes = 400;

/// Names come from a file; numbers are safe as anchors whatever they hold.
std::string anchor(std::size_t index) { return "class-" + std::to_string(index + 1); }

markup badge_of(const fault_result& of) {
  if (of.passes()) return badge("pass", "PASS");
  if (!of.ran) return badge("other", "NOT RUN");
  if (of.status == "skipped") return badge("other", "SKIPPED");
  if (of.status == "invalid") return badge("fail", "INVALID");
  if (of.status == "infrastructure") return badge("fail", "INFRASTRUCTURE");
  return badge("fail", "FAIL");
}

std::string proof_of(const fault_result& of) {
  if (of.bit.empty() && !of.bit_median) return "–";
  return of.bit + ": " + figure(of.bit_median) + " (least " + figure(of.bit_min) + ")";
}

/// A count that has to be zero stands out when it is not.
markup must_be_zero(std::optional<double> count) {
  auto shown_count = text(figure(count));
  return count.value_or(0) == 0 ? shown_count : element("strong", {{"class", "fail"}}, shown_count);
}

cell amount(const std::string& figure_text) { return {text(figure_text), "n"}; }

markup table_of_classes(const std::vector<fault_result>& classes) {
  std::vector<row> rows;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto& one = classes[i];
    rows.push_back({{
                        element("a", {{"href", "#" + anchor(i)}}, text(one.title)) + "<br>"_html
                            + element("code", {{"class", "soft"}}, text(one.name)),
                        badge_of(one),
                        amount(figure(one.passed) + " / " + figure(one.cycles)),
                        amount(figure(one.acknowledged)),
                        {must_be_zero(one.lost), "n"},
                        {must_be_zero(one.phantom) + " / "_html + must_be_zero(one.foreign), "n"},
                        amount(exact(one.convergence)),
                        amount(milliseconds_text(one.converge_max)),
                        amount(milliseconds_text(one.gap_max)),
                        {text(proof_of(one)), "w"},
                    },
                    ""});
  }
  return table("Fault classes",
               {"Class", "Verdict", "Cycles passed", "Acknowledged", "Lost", "Phantom / foreign", "Convergence",
                "Slowest to equal", "Longest gap", "What proves it, median"},
               rows);
}

struct cycle_column {
  const char* head;
  const char* key;
};
constexpr std::array<cycle_column, 17> cycle_columns = {{{"Cycle", "cycle"},
                                                         {"Verdict", "verdict"},
                                                         {"Writes", "writes"},
                                                         {"OK", "ok"},
                                                         {"Quorum not met", "quorum_not_met"},
                                                         {"Fail", "fail"},
                                                         {"Node 0", "count_node0"},
                                                         {"Node 1", "count_node1"},
                                                         {"Node 2", "count_node2"},
                                                         {"Indeterminate", "indeterminate"},
                                                         {"Lost", "lost"},
                                                         {"Phantom", "phantom"},
                                                         {"In flight", "in_flight"},
                                                         {"Proof", "bit"},
                                                         {"Equal after, ms", "converge_ms"},
                                                         {"Gap, ms", "longest_gap_ms"},
                                                         {"Linearizable", "linearizable"}}};

/// All that did not pass, the worst one, and of the others as many as there is room for.
std::vector<const json*> chosen_cycles(const fault_result& of) {
  std::vector<const json*> chosen;
  const auto matters = [&](const json& cycle) {
    return word(cycle, "verdict") != "pass" || (of.worst_cycle && number(cycle, "cycle") == of.worst_cycle);
  };
  std::size_t room = max_cycle_rows;
  for (const auto& cycle : *of.cycle_rows) room -= room > 0 && matters(cycle) ? 1 : 0;
  for (const auto& cycle : *of.cycle_rows) {
    const bool kept = matters(cycle) || room > 0;
    if (!matters(cycle) && room > 0) --room;
    if (kept && chosen.size() < max_cycle_rows) chosen.push_back(&cycle);
  }
  return chosen;
}

markup table_of_cycles(const fault_result& of) {
  if (!of.cycle_rows || of.cycle_rows->empty())
    return element("p", {{"class", "none"}}, text("No cycles were recorded."));
  std::vector<row> rows;
  markup reasons;
  std::size_t reason_count = 0;
  const auto chosen = chosen_cycles(of);
  for (const auto* cycle : chosen) {
    row line;
    for (const auto& column : cycle_columns) line.cells.push_back({text(shown(member(*cycle, column.key)))});
    if (of.worst_cycle && number(*cycle, "cycle") == of.worst_cycle) {
      line.css_class = "worst";
      line.cells.front().content += text(" (worst)");
    }
    rows.push_back(std::move(line));
    for (const auto& reason : words(*cycle, "reasons")) {
      if (++reason_count <= max_reasons)
        reasons +=
            element("li", text("Cycle " + shown(member(*cycle, "cycle")) + ": " + shortened(reason, max_reason_bytes)));
    }
  }
  if (reason_count > max_reasons)
    reasons += element(
        "li", text("and " + counted(static_cast<double>(reason_count - max_reasons), "more reason") + " in the file"));
  std::vector<std::string> head;
  head.reserve(cycle_columns.size());
  for (const auto& column : cycle_columns) head.emplace_back(column.head);
  auto note = counted(static_cast<double>(of.cycle_rows->size()), "cycle");
  if (chosen.size() < of.cycle_rows->size())
    note += ", of which " + figure(static_cast<double>(chosen.size())) + " are shown; the file has all";
  return (reasons.empty() ? markup() : element("ul", {{"class", "fail"}}, reasons))
         + details(text(note), table("Cycles of " + of.name, head, rows));
}

std::vector<cycle_point> points_of(const fault_result& of) {
  std::vector<cycle_point> points;
  if (!of.cycle_rows) return points;
  for (const auto& cycle : *of.cycle_rows) {
    const auto at = number(cycle, "cycle");
    if (at) points.push_back({*at, number(cycle, "converge_ms"), word(cycle, "verdict") == "pass"});
  }
  return points;
}

markup key(const char* css_class, const char* name) {
  return " "_html + element("span", {{"class", std::string("key ") + css_class}}, text(name));
}

markup charts_of(const fault_result& of, const std::string& id) {
  const auto cycle = of.worst.cycle ? "Cycle " + figure(of.worst.cycle) : std::string("One cycle");
  auto keys = key("ok", "acknowledged") + key("failed", "not acknowledged") + key("fault", "fault")
              + key("median", "median") + key("slowest", "slowest");
  return element(
      "div", {{"class", "pair"}},
      element("figure", element("figcaption", text(cycle + " over time: ") + keys)
                            + timeline_chart(id + "-timeline", of.title + ": " + cycle + " over time", of.worst))
          + element("figure",
                    element("figcaption", text("Time to equal nodes, every cycle. A cross: did "
                                               "not pass, or never got there."))
                        + convergence_chart(id + "-convergence", of.title + ": time to equal nodes", points_of(of))));
}

markup class_section(const fault_result& of, std::size_t index) {
  auto part = element("h3", text(of.title) + " "_html + badge_of(of));
  auto words_of_class = of.what_is_done + (of.what_is_done.empty() ? "" : " ");
  part += element("p", text(words_of_class) + element("code", {{"class", "soft"}}, text(of.name)));
  if (!of.passes()) {
    markup items;
    for (const auto& complaint : of.complaints) items += element("li", text(complaint));
    part += element("ul", {{"class", "fail"}}, items);
  }
  if (of.ran && of.status != "skipped") {
    part += charts_of(of, anchor(index));
    part += element("p", {{"class", "soft"}},
                    text("Equal nodes after: median " + milliseconds_text(of.converge_median) + ", p99 "
                         + milliseconds_text(of.converge_p99) + ", highest " + milliseconds_text(of.converge_max)
                         + ". Longest gap: median " + milliseconds_text(of.gap_median) + ", highest "
                         + milliseconds_text(of.gap_max) + ". " + figure(of.indeterminate) + " indeterminate, "
                         + figure(of.superseded) + " superseded, " + figure(of.rejected) + " rejected. Took "
                         + seconds_text(of.seconds) + "."));
    part += table_of_cycles(of);
  }
  return element("section", {{"id", anchor(index)}}, part);
}

/// The file without what is drawn or listed elsewhere on the page.
json without_details(json phase) {
  phase.erase("cycles_by_fault");
  if (auto faults = phase.find("faults"); faults != phase.end() && faults->is_object()) {
    for (auto& one : *faults) {
      if (one.is_object()) one.erase("timeline");
    }
  }
  return phase;
}

markup classes_left_out(const std::vector<fault_result>& classes) {
  std::string names;
  for (const auto& known : chaos::all_faults) {
    if (std::none_of(classes.begin(), classes.end(), [&](const auto& one) { return one.name == known.name; }))
      names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  return names.empty() ? markup() : element("p", {{"class", "note"}}, text("Not part of this run: " + names + "."));
}

}  // namespace

markup chaos_section(const run& of) {
  const auto& file = of.phase(4).front();
  const auto classes = fault_results(of);
  auto part = table_of_classes(classes) + classes_left_out(classes);
  for (std::size_t i = 0; i < classes.size(); ++i) part += class_section(classes[i], i);
  return part + raw_artefact(file, without_details(file.content), " has the cycles and the timelines too.");
}

}  // namespace quorate::page
