#include "chaos/page/account.hpp"

#include <algorithm>

#include "chaos/page/figures.hpp"

namespace quorate::page {
namespace {

std::string commit_of(const run& of) {
  const auto commit = word(of.summary.content, "commit");
  return commit.empty() ? "an unknown commit" : "commit " + commit.substr(0, 12);
}

/// The first few, and how many more there are.
std::vector<std::string> findings_in_words(const verdict& derived, bool with_meaning) {
  constexpr std::size_t shown_at_most = 6;
  std::vector<std::string> lines;
  for (const auto& one : derived.findings) {
    if (lines.size() == shown_at_most) break;
    lines.push_back(one.where + ": " + (with_meaning ? one.meaning : one.what));
  }
  if (derived.findings.size() > shown_at_most)
    lines.push_back("and " + counted(static_cast<double>(derived.findings.size() - shown_at_most), "more finding")
                    + ".");
  return lines;
}

struct figures_of_run {
  std::vector<fault_result> classes;
  std::size_t passing = 0;
  std::optional<double> acknowledged, cycles, lost, phantom, foreign, indeterminate, superseded, rejected;
  const fault_result* slowest = nullptr;
  const fault_result* longest_gap = nullptr;
};

figures_of_run figures_of(const run& of) {
  figures_of_run all;
  all.classes = fault_results(of);
  all.passing = static_cast<std::size_t>(
      std::count_if(all.classes.begin(), all.classes.end(), [](const auto& one) { return one.passes(); }));
  all.acknowledged = total(all.classes, &fault_result::acknowledged);
  all.cycles = total(all.classes, &fault_result::cycles);
  all.lost = total(all.classes, &fault_result::lost);
  all.phantom = total(all.classes, &fault_result::phantom);
  all.foreign = total(all.classes, &fault_result::foreign);
  all.indeterminate = total(all.classes, &fault_result::indeterminate);
  all.superseded = total(all.classes, &fault_result::superseded);
  all.rejected = total(all.classes, &fault_result::rejected);
  all.slowest = highest(all.classes, &fault_result::converge_max);
  all.longest_gap = highest(all.classes, &fault_result::gap_max);
  return all;
}

std::vector<std::string> what_was_shown(const run& of, const figures_of_run& of_run) {
  std::vector<std::string> lines;
  const auto& second = of.phase(2).front();
  if (second.is_read()) {
    const auto& counts = member(second.content, "counts");
    lines.push_back("Phase 2: " + figure(number(second.content, "ok")) + " of "
                    + figure(number(second.content, "total_writes")) + " writes acknowledged; the nodes hold "
                    + figure(number(counts, "a")) + ", " + figure(number(counts, "b")) + " and "
                    + figure(number(counts, "c")) + ". With one peer down a write was answered "
                    + shown(member(second.content, "probe1_single_peer_down")) + ", with both down "
                    + shown(member(second.content, "probe2_both_peers_down")) + ".");
  }
  const auto& third = of.phase(3).front();
  if (third.is_read())
    lines.push_back("Phase 3: " + counted(number(third.content, "src_count"), "record") + " before the migration, "
                    + figure(number(third.content, "dst_count")) + " after it.");
  if (!of.phase(4).front().is_read()) return lines;
  const auto ran = std::count_if(of_run.classes.begin(), of_run.classes.end(),
                                 [](const auto& one) { return one.cycles.value_or(0) > 0; });
  lines.push_back("Phase 4: " + counted(of_run.cycles, "cycle") + " with " + figure(static_cast<double>(ran)) + " of "
                  + counted(static_cast<double>(of_run.classes.size()), "kind") + " of fault; "
                  + counted(of_run.acknowledged, "acknowledged write") + ", of which " + figure(of_run.lost)
                  + " were lost; " + figure(of_run.phantom) + " phantom writes and " + figure(of_run.foreign)
                  + " foreign records.");
  if (of_run.slowest)
    lines.push_back("The slowest return to equal nodes took " + milliseconds_text(of_run.slowest->converge_max) + " ("
                    + of_run.slowest->name + ").");
  if (of_run.longest_gap)
    lines.push_back("The longest time without a successful write was " + milliseconds_text(of_run.longest_gap->gap_max)
                    + " (" + of_run.longest_gap->name + ").");
  return lines;
}

std::vector<std::string> for_end_users(const verdict& derived, const figures_of_run& of) {
  std::vector<std::string> lines;
  if (derived.pass) {
    if (of.acknowledged) {
      lines.push_back("While the cluster was being broken on purpose, it confirmed " + figure(of.acknowledged)
                      + " writes. Every one of them was there afterwards, on every node that has to hold it.");
      if (of.indeterminate.value_or(0) > 0)
        lines.push_back(
            "For " + figure(of.indeterminate)
            + " writes it said honestly that it did not know how they ended; such a write may be repeated.");
    } else {
      lines.emplace_back("Everything this run tried worked. It did not break the cluster on purpose.");
    }
    if (of.longest_gap)
      lines.push_back("The longest pause in which no write succeeded was " + milliseconds_text(of.longest_gap->gap_max)
                      + ".");
    return lines;
  }
  lines.emplace_back(
      "This version did not pass its test. Do not trust it with memories you cannot lose on account of this run.");
  if (of.lost.value_or(0) > 0)
    lines.push_back("At least " + figure(of.lost) + " confirmed writes were gone afterwards.");
  else if (of.lost)
    lines.emplace_back(
        "Where losses were counted, none was found; but the test as a whole is not complete or not good.");
  else
    lines.emplace_back("Whether confirmed writes were lost is not known.");
  return lines;
}

std::vector<std::string> for_decision_makers(const run& of, const verdict& derived, const figures_of_run& of_run) {
  std::vector<std::string> lines;
  const auto& summary = of.summary.content;
  if (derived.pass) {
    lines.push_back("This run supports a release of " + commit_of(of) + ": "
                    + (of_run.classes.empty()
                           ? std::string("all expected phases passed, though none of them injected faults")
                           : "all expected phases and " + counted(static_cast<double>(of_run.classes.size()), "kind")
                                 + " of failure passed")
                    + ".");
  } else {
    lines.push_back("This run does not support a release of " + commit_of(of) + ".");
    for (auto& line : findings_in_words(derived, true)) lines.push_back(std::move(line));
  }
  if (is_true(summary, "quick"))
    lines.emplace_back("It was a quick run, with fewer repetitions than a release is judged by.");
  const auto cpus = number(member(summary, "host"), "cpus");
  lines.push_back("It says nothing about speed, about other hardware than one machine"
                  + (cpus ? " with " + counted(cpus, "processor") : std::string())
                  + ", or about failures that are not in its list.");
  return lines;
}

std::vector<std::string> for_engineers(const run& of, const verdict& derived, const figures_of_run& of_run) {
  std::vector<std::string> lines;
  if (!derived.pass) lines = findings_in_words(derived, false);
  if (of.phase(4).front().is_read()) {
    lines.push_back(classes_passed(of_run.classes) + " fault classes pass (status, convergence exactly 1, nothing lost, "
                    "phantom or foreign, no failed cycle). Answers: " + figure(of_run.acknowledged) + " acknowledged, "
                    + figure(of_run.rejected) + " rejected, " + figure(of_run.indeterminate) + " indeterminate, "
                    + figure(of_run.superseded) + " superseded.");
    if (of_run.slowest)
      lines.push_back("Convergence is slowest in " + of_run.slowest->name + ": median "
                      + milliseconds_text(of_run.slowest->converge_median) + ", p99 "
                      + milliseconds_text(of_run.slowest->converge_p99) + ", highest "
                      + milliseconds_text(of_run.slowest->converge_max) + ".");
  }
  const auto seed = member(of.summary.content, "seed");
  if (!seed.is_null())
    lines.push_back("Seed " + seed.dump(-1, ' ', true)
                    + " decides which faults fall where; see below how to run it again.");
  return lines;
}

}  // namespace

std::string classes_passed(const std::vector<fault_result>& classes) {
  if (classes.empty()) return "–";
  const auto passing = std::count_if(classes.begin(), classes.end(), [](const auto& one) { return one.passes(); });
  return std::to_string(passing) + " of " + std::to_string(classes.size());
}

std::optional<double> acknowledged_writes(const run& of, const std::vector<fault_result>& classes) {
  auto sum = total(classes, &fault_result::acknowledged);
  const auto second = number(of.phase(2).front().content, "ok");
  if (second) sum = sum.value_or(0) + *second;
  return sum;
}

account account_of(const run& of, const verdict& derived) {
  const auto figures = figures_of(of);
  account told;
  told.shown = what_was_shown(of, figures);
  told.end_users = for_end_users(derived, figures);
  told.decision_makers = for_decision_makers(of, derived, figures);
  told.engineers = for_engineers(of, derived, figures);
  if (derived.findings.empty())
    told.next_step = "Nothing failed. The next run should use another seed.";
  else
    told.next_step = "First: " + derived.findings.front().where + ": " + derived.findings.front().what + ".";
  return told;
}

}  // namespace quorate::page
