#include "chaos/convergence.hpp"

#include <algorithm>

#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

/// The one digest of all nodes; empty when they differ or one does not answer.
std::string common_digest(const std::vector<node_client*>& nodes) {
  std::string common;
  for (auto* node : nodes) {
    v1::DigestReply reply;
    if (!node->digest(&reply).ok() || (!common.empty() && reply.root() != common)) return "";
    common = reply.root();
  }
  return common;
}

std::string describe(node_client& node) {
  v1::StatusReply reply;
  if (const auto answer = node.node_status(&reply); !answer.ok())
    return "\n    | " + node.address() + ": " + text_of(answer);
  auto text = "\n    | " + reply.name() + ": " + std::to_string(reply.records()) + " records, " + reply.state();
  for (const auto& peer : reply.peers())
    text += "; " + peer.name() + (peer.up() ? " up, " : " down, ") + std::to_string(peer.entries_behind()) + " behind"
            + (peer.last_error().empty() ? "" : " (" + peer.last_error() + ")");
  return text;
}

}  // namespace

result<double> wait_equal(const std::vector<node_client*>& nodes, milliseconds bound) {
  const auto start = steady_clock::now();
  std::string before;
  const bool equal = wait_until(bound, [&] {
    const auto seen = common_digest(nodes);
    const bool settled = !seen.empty() && seen == before;
    before = seen;
    return settled;
  });
  if (equal) return milliseconds_since(start);
  std::string text = "digests differ after " + std::to_string(bound.count()) + " ms";
  for (auto* node : nodes) text += describe(*node);
  return status(errc::unavailable, text);
}

}  // namespace quorate::chaos
