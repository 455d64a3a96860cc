#include "chaos/page/phase_sections.hpp"

#include <algorithm>

#include "chaos/page/chaos_section.hpp"
#include "chaos/page/figures.hpp"
#include "chaos/page/verdict.hpp"

namespace quorate::page {
namespace {

constexpr std::size_t max_raw_bytes = 20'000;

std::string purpose(int number) {
  switch (number) {
    case 1:
      return "Each node by itself: does everything work that a user or an agent calls, from storing and recalling to "
             "backups, upkeep and the tools it offers?";
    case 2:
      return "Several agents write at the same time. Every node must end up with every acknowledged write and with "
             "nothing else. With one peer down writes must still be taken; with both down they must be refused.";
    case 3:
      return "All records are moved to another store, once more to the same one, and back. None may be lost, none may "
             "be there twice.";
    default:
      return "The cluster is broken on purpose while clients write. A cycle passes when every acknowledged write is on "
             "every node, nothing is there that nobody wrote, all nodes are equal, and reads were linearizable. Each "
             "class has to prove that its fault took hold.";
  }
}

std::string upper(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return word;
}

markup reasons_of(const json& phase) {
  markup items;
  for (const auto& reason : words(phase, "reasons")) items += element("li", text(reason));
  return items.empty() ? markup() : element("p", text("Reasons:")) + element("ul", items);
}

std::string by_node(const json& phase, const std::string& key) {
  const auto& values = member(phase, key);
  return shown(member(values, "a")) + " / " + shown(member(values, "b")) + " / " + shown(member(values, "c"));
}

markup figures_of_phase(int number, const json& phase) {
  const auto plain = [&](const char* key) { return shown(member(phase, key)); };
  const auto took = seconds_text(page::number(phase, "seconds"));
  if (number == 1)
    return facts({{"Version", plain("version")},
                  {"Records recalled", plain("recall_count")},
                  {"Snapshots / manifests", plain("snapshot_count") + " / " + plain("manifest_count")},
                  {"Tools offered", plain("mcp_tool_count")},
                  {"Took", took}});
  if (number == 2)
    return facts({{"Writes acknowledged", plain("ok") + " of " + plain("total_writes")},
                  {"Quorum not met / failed", plain("quorum_not_met") + " / " + plain("fail")},
                  {"On node a / b / c", by_node(phase, "counts")},
                  {"Missing on a / b / c", by_node(phase, "missing")},
                  {"Foreign on a / b / c", by_node(phase, "foreign")},
                  {"Content digests equal", plain("digests_equal")},
                  {"Equal after", milliseconds_text(page::number(phase, "converge_ms"))},
                  {"Answer with one peer down", plain("probe1_single_peer_down")},
                  {"Answer with both down", plain("probe2_both_peers_down")},
                  {"Took", took}});
  if (number == 3)
    return facts({{"Records in the source", plain("src_count")},
                  {"Records in the destination", plain("dst_count")},
                  {"Took", took}});
  return facts({{"Cycles per class", plain("cycles_per_fault")},
                {"Writes per cycle, at least", plain("writes_per_cycle")},
                {"Seed", member(phase, "seed").dump(-1, ' ', true)},
                {"Took", took}});
}

markup one_file(const artefact& file, int number, bool with_heading) {
  markup part;
  if (with_heading) {
    const auto host = word(file.content, "host");
    const bool good = file.is_read() && is_true(file.content, "pass");
    const auto* kind = good ? "pass" : file.state == artefact_state::missing ? "other" : "fail";
    const auto* said = good                                    ? "PASS"
                       : file.is_read()                        ? "FAIL"
                       : file.state == artefact_state::missing ? "MISSING"
                                                               : "UNREADABLE";
    part += element("h3", text(host.empty() ? file.name : "Node " + host) + " "_html + badge(kind, said));
  }
  if (!file.is_read()) return part + raw_artefact(file, file.content);
  return part + reasons_of(file.content) + check_list(file.content) + figures_of_phase(number, file.content);
}

}  // namespace

markup facts(const std::vector<std::pair<std::string, std::string>>& all) {
  markup items;
  for (const auto& [name, value] : all) items += element("div", element("dt", text(name)) + element("dd", text(value)));
  return element("dl", {{"class", "facts"}}, items);
}

markup check_list(const json& phase) {
  const auto& checks = member(phase, "checks");
  if (!checks.is_array() || checks.empty()) return {};
  markup items;
  for (const auto& check : checks) {
    const auto status = word(check, "status");
    const auto* kind = status == "pass" ? "pass" : status == "missing" ? "other" : "fail";
    const auto detail = word(check, "detail");
    items += element(
        "li",
        badge(kind, status.empty() ? "?" : upper(status))
            + element("span",
                      text(shown(member(check, "name")))
                          + (detail.empty() ? markup() : element("span", {{"class", "soft"}}, text(" – " + detail)))));
  }
  return element("ul", {{"class", "checks"}}, items);
}

markup raw_artefact(const artefact& file, const json& content, const std::string& note) {
  if (file.state == artefact_state::missing) return element("p", {{"class", "none"}}, text(file.name + " is missing."));
  if (file.state == artefact_state::unreadable)
    return element("div", {{"class", "note fail"}},
                   element("p", file_link(file.name, text(file.name)) + text(" is unreadable: " + file.problem)));
  auto whole = pretty(content);
  if (whole.size() > max_raw_bytes)
    return element("p", file_link(file.name, text(file.name)) + text(" is too long to be shown here."));
  return details(text(file.name), element("p", {{"class", "soft"}}, file_link(file.name, text("The file")) + text(note))
                                      + element("pre", text(whole)));
}

markup phase_section(const run& of, int number) {
  const auto state = state_of_phase(of, number);
  markup part = element("h2", text("Phase " + std::to_string(number) + " · " + phase_title(number)) + " "_html
                                  + badge(badge_kind(state), word_of(state)));
  part += element("p", text(purpose(number)));
  const auto& files = of.phase(number);
  if (state == phase_state::not_run) {
    part += element("p", {{"class", "none"}}, text("No artefact of this phase was found."));
  } else if (number == 4) {
    part += one_file(files.front(), number, false);
    if (files.front().is_read()) part += chaos_section(of);
  } else {
    for (const auto& file : files) part += one_file(file, number, files.size() > 1);
    for (const auto& file : files) {
      if (file.is_read()) part += raw_artefact(file, file.content);
    }
  }
  return element("section", {{"id", "phase-" + std::to_string(number)}}, part);
}

}  // namespace quorate::page
