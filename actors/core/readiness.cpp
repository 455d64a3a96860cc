#include "actors/core/readiness.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>

namespace quorate::core {
namespace {

using members = std::vector<const member_sight*>;

members chosen(const node_sight& node, const std::function<bool(const member_sight&)>& wanted) {
  members found;
  for (const auto& other : node.others)
    if (wanted(other)) found.push_back(&other);
  return found;
}

std::vector<std::string> names_of(const members& some) {
  std::vector<std::string> names;
  for (const auto* one : some) names.push_back(one->name);
  return names;
}

/// "b", "b and c", "b, c and d"; `last` stands between the last two.
std::string list_of(const std::vector<std::string>& parts, const char* last = " and ") {
  std::string list;
  for (std::size_t i = 0; i < parts.size(); ++i) list += (i == 0 ? "" : i + 1 == parts.size() ? last : ", ") + parts[i];
  return list;
}

std::string any_of(const members& some) { return list_of(names_of(some), " or "); }
std::string all_of(const members& some) { return list_of(names_of(some), " and "); }

std::string in_brackets(const std::string& trouble) { return trouble.empty() ? "" : " (" + trouble + ")"; }

/// "b has not been heard of for 12 s (connection refused)"
std::string absence_of(const member_sight& one, const node_sight& node) {
  if (one.calls_us)
    return one.name + " reaches this node, but is not reached at " + one.address + in_brackets(one.trouble);
  return one.name
         + (one.silent_ms < 0
                ? " was never heard of in the " + duration_text(node.running_ms) + " since this node started"
                : " has not been heard of for " + duration_text(one.silent_ms))
         + in_brackets(one.trouble);
}

/// What brings those back that are away.
std::string remedy_for(const members& missing, bool all) {
  members moved, silent;
  for (const auto* one : missing) (one->calls_us ? moved : silent).push_back(one);
  std::string text;
  if (!silent.empty())
    text = "start " + list_of(names_of(silent), all ? " and " : " or ") + ", or mend what keeps them apart";
  if (!moved.empty())
    text += (text.empty() ? "" : "; ") + std::string("restart this node with the present address of ")
            + list_of(names_of(moved)) + " in --peer";
  return text;
}

std::string absences_of(const members& some, const node_sight& node) {
  std::vector<std::string> parts;
  for (const auto* one : some) parts.push_back(absence_of(*one, node));
  return list_of(parts);
}

std::size_t members_of(const node_sight& node) { return node.others.size() + 1; }
std::size_t majority_of(const node_sight& node) { return members_of(node) / 2 + 1; }

/// Members through which a write may go, as far as can be seen from here; empty: none. `we_acknowledge`: this node
/// takes their entries and counts.
members takers(const node_sight& node, bool we_acknowledge) {
  auto able = chosen(node, [](const member_sight& one) { return one.up && one.complete && !one.full; });
  if (able.size() + (we_acknowledge ? 1 : 0) < node.copies_needed) able.clear();
  return able;
}

/// What one does whose write is refused.
std::string write_elsewhere(const node_sight& node, bool we_acknowledge, const std::string& here) {
  const auto able = takers(node, we_acknowledge);
  if (!able.empty()) return "write through " + any_of(able) + (here.empty() ? "" : ", or " + here);
  return node.others.empty() || here.empty() ? here : here + "; no other node that is seen from here takes writes";
}

bool was_counted(const node_sight& node) {
  return node.began_after_damage
         || std::any_of(node.others.begin(), node.others.end(), [](const member_sight& one) { return one.knows_us; });
}

struct filling_view {
  bool as_new = false;     ///< it waits for all the others to be there
  std::size_t needed = 0;  ///< complete members that must fill it
  members complete;        ///< those that are there
  members missing;         ///< those that are not
  members as_empty;        ///< there, but filling themselves
};

filling_view look_at(const node_sight& node) {
  filling_view view;
  view.needed = members_of(node) - majority_of(node) + 1;
  view.complete = chosen(node, [](const member_sight& one) { return one.up && one.complete; });
  view.missing = chosen(node, [](const member_sight& one) { return !one.up; });
  view.as_empty = chosen(node, [](const member_sight& one) { return one.up && !one.complete; });
  view.as_new = !was_counted(node) && view.complete.size() < view.needed;
  return view;
}

bool lacks_quorum(const node_sight& node) {
  const auto taking = chosen(node, [](const member_sight& one) { return one.up && one.counts && !one.full; });
  return taking.size() + 1 < node.copies_needed;
}

/// For whom a node waits that has the state `filling`.
members awaited(const node_sight& node) {
  const auto view = look_at(node);
  if (!view.missing.empty()) return view.missing;
  return view.complete.size() < view.needed && !view.as_new ? view.as_empty : members();
}

}  // namespace

std::string duration_text(std::int64_t milliseconds) {
  const auto ms = std::max<std::int64_t>(milliseconds, 0);
  if (ms < 10'000) return std::to_string(ms / 1'000) + "." + std::to_string(ms / 100 % 10) + " s";
  const auto seconds = ms / 1'000;
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 7'200) return std::to_string(seconds / 60) + " min";
  return std::to_string(seconds / 3'600) + " h";
}

std::string offsets_of(const node_sight& node) {
  std::vector<std::string> parts;
  for (const auto& one : node.others)
    if (one.up && one.clock_known)
      parts.push_back(one.name + " " + (one.offset_ms < 0 ? "" : "+") + std::to_string(one.offset_ms) + " ms");
  return list_of(parts, ", ");
}

std::vector<std::string> moved_members(const node_sight& node) {
  std::vector<std::string> sentences;
  for (const auto& other : node.others)
    if (!other.up && other.calls_us) sentences.push_back(absence_of(other, node) + "; " + remedy_for({&other}, true));
  return sentences;
}

words while_draining() { return {"the node is draining", "write through another node"}; }

namespace {

words what_is_awaited(const node_sight& node) {
  const auto view = look_at(node);
  constexpr const char* what = "this node's disk is new";
  if (view.complete.size() >= view.needed) {
    const auto left_ms = node.refill_wait_ms - node.running_ms;
    return {std::string(what) + " and is being filled from " + all_of(view.complete)
                + (left_ms > 0 ? ", which takes " + duration_text(left_ms) + " more at least" : ""),
            write_elsewhere(node, false, "wait until it is done")};
  }
  if (view.as_new && view.missing.empty()) {
    if (!view.complete.empty())
      return {std::string(what) + " and takes over what " + all_of(view.complete)
                  + (view.complete.size() == 1 ? " holds" : " hold"),
              write_elsewhere(node, false, "wait until it is done")};
    auto holders = names_of(chosen(node, [](const member_sight& one) { return one.holds; }));
    if (node.holds) holders.insert(holders.begin(), "this node");
    if (!holders.empty())
      return {
          std::string(what) + ", all members are there, and none counts, but " + list_of(holders)
              + (holders.size() == 1 ? " holds" : " hold") + " records, as a restored directory does",
          "start the one that the cluster is to begin with once with --adopt-peers, the others on empty directories"};
    return {std::string(what) + ", all members are there, and they are about to begin", "try again in a moment"};
  }
  // As many complete members fill all others.
  const auto lacking = view.needed - view.complete.size();
  const auto last_resort = "--accept-loss on " + std::to_string(lacking) + (lacking == 1 ? " node" : " nodes")
                           + " begins without, and gives up what only lost disks held";
  if (view.as_new)
    return {std::string(what) + " and waits until all members are there: " + absences_of(view.missing, node),
            write_elsewhere(
                node, false,
                "start " + all_of(view.missing) + ", or mend what keeps them apart; if not to come, " + last_resort)};
  std::string reason = std::string(what) + " and must be filled from " + std::to_string(view.needed)
                       + " members that hold all, of which "
                       + (view.complete.empty() ? "none is there"
                                                : "only " + all_of(view.complete)
                                                      + (view.complete.size() == 1 ? " is" : " are") + " there");
  if (!view.as_empty.empty())
    reason +=
        "; " + all_of(view.as_empty) + (view.as_empty.size() == 1 ? " has a new disk, too" : " have new disks, too");
  if (!view.missing.empty()) reason += "; " + absences_of(view.missing, node);
  const auto help = view.missing.empty() ? std::string("put an old disk back")
                                         : "start " + any_of(view.missing) + " with the old disk";
  return {reason, write_elsewhere(node, false, help + "; if lost for good, " + last_resort)};
}

/// What no filling can bring: there are other bytes in its place.
std::string forks_of(const node_sight& node) {
  constexpr std::size_t named_max = 8;  // of a peer; more of them are somebody's work, and no news
  std::string text;
  for (const auto& other : node.others) {
    if (other.forks.empty()) continue;
    auto named = other.forks;
    if (named.size() > named_max) {
      named.resize(named_max);
      named.push_back(std::to_string(other.forks.size() - named_max) + " more");
    }
    text += "; " + other.name + " has other entries in the log" + (other.forks.size() == 1 ? "" : "s") + " of "
            + list_of(named);
  }
  return text;
}

}  // namespace

words while_filling(const node_sight& node) {
  auto said = what_is_awaited(node);
  const auto forks = forks_of(node);
  if (forks.empty()) return said;
  said.reason += forks;
  said.advice += "; to give up what this node has in their place, start it on an empty directory";
  return said;
}

words with_full_disk(const node_sight& node) {
  return {"this node's disk is full", write_elsewhere(node, false, "free some space here")};
}

words with_skewed_clock(const node_sight& node) {
  const auto offsets = offsets_of(node);
  return {"this node's clock is more than " + std::to_string(node.clock_offset_ms_max) + " ms from most members'"
              + (offsets.empty() ? "" : " (" + offsets + " from it)"),
          write_elsewhere(node, true, "set the clock right here")};
}

words with_doubted_clock(const node_sight& node) {
  const auto majority_here =
      chosen(node, [](const member_sight& one) { return one.up; }).size() + 1 >= majority_of(node);
  return {"this node's clock was just set, and a majority has yet to agree with what it shows",
          write_elsewhere(node, true, majority_here ? "wait a second" : "bring more members up")};
}

words with_stamps_ahead(const node_sight& node) {
  return {"this node's stamps run " + std::to_string(node.stamps_ahead_ms)
              + " ms ahead of its clock, because a clock was set back, and peers would refuse them",
          "this node takes writes again in " + duration_text(node.stamps_ahead_ms - node.clock_offset_ms_max)
              + ", when its clock has caught up"};
}

words without_quorum(const node_sight& node) {
  const auto taking = chosen(node, [](const member_sight& one) { return one.up && one.counts && !one.full; });
  std::vector<std::string> parts;
  const auto missing = chosen(node, [](const member_sight& one) { return !one.up; });
  const auto uncounted = chosen(node, [](const member_sight& one) { return one.up && !one.counts; });
  const auto full = chosen(node, [](const member_sight& one) { return one.up && one.counts && one.full; });
  if (!missing.empty()) parts.push_back(absences_of(missing, node));
  if (!uncounted.empty())
    parts.push_back(all_of(uncounted) + (uncounted.size() == 1 ? " has a new disk and does" : " have new disks and do")
                    + " not count yet");
  if (!full.empty()) parts.push_back(all_of(full) + (full.size() == 1 ? " has a full disk" : " have full disks"));
  std::vector<std::string> help;
  if (!missing.empty()) help.push_back(remedy_for(missing, false));
  if (!uncounted.empty()) help.push_back("wait until " + any_of(uncounted) + " counts");
  if (!full.empty()) help.push_back("free some space on " + any_of(full));
  return {std::to_string(taking.size() + 1) + " of " + std::to_string(node.copies_needed)
              + " members needed are reachable" + (full.empty() ? "" : " and have space")
              + (parts.empty() ? "" : ": " + list_of(parts, "; ")),
          list_of(help, "; or ")};
}

readiness judge(const node_sight& node) {
  readiness verdict;
  const auto say = [&](const char* state, words why_not, std::vector<std::string> waiting_for = {}) {
    verdict.state = state;
    verdict.why_not = std::move(why_not);
    verdict.waiting_for = std::move(waiting_for);
  };
  if (node.draining) {
    say("draining", while_draining());
  } else if (node.disk_full) {
    say("disk_full", with_full_disk(node));
  } else if (!node.complete) {
    say("filling", while_filling(node), names_of(awaited(node)));
  } else if (node.clock_skewed) {
    say("clock_skew", with_skewed_clock(node));
  } else if (node.clock_doubted) {
    say("clock_skew", with_doubted_clock(node));
  } else if (node.copies_needed > 1 && node.stamps_ahead_ms > node.clock_offset_ms_max) {
    say("clock_skew", with_stamps_ahead(node));
  } else if (lacks_quorum(node)) {
    say("no_quorum", without_quorum(node),
        names_of(chosen(node, [](const member_sight& one) { return !one.up || !one.counts || one.full; })));
  } else {
    verdict.state = "serving";
    verdict.takes_writes = true;
    for (const auto& other : node.others)
      if (!other.up)
        verdict.notes.push_back(absence_of(other, node) + (other.calls_us ? "; " + remedy_for({&other}, true) : ""));
  }
  return verdict;
}

}  // namespace quorate::core
