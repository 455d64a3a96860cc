#include "chaos/drill/isolation.hpp"

#include <algorithm>

namespace quorate::chaos {

std::set<std::string> isolation::cut_off() const {
  std::set<std::string> found;
  for (const auto& node : nodes_) {
    const bool alone = std::all_of(nodes_.begin(), nodes_.end(), [&](const auto& other) {
      return other == node || (cuts_.count({node, other}) != 0 && cuts_.count({other, node}) != 0);
    });
    if (alone) found.insert(node);
  }
  return found;
}

std::string isolation::one_way_cuts() const {
  const auto alone = cut_off();
  std::string text;
  for (const auto& [from, to] : cuts_) {
    if (alone.count(from) != 0 || alone.count(to) != 0) continue;
    text += (text.empty() ? "" : ", ") + from + "->" + to;
  }
  return text;
}

}  // namespace quorate::chaos
