#include "chaos/drill/hostile_peer.hpp"

#include <algorithm>

#include "chaos/drill/environment.hpp"
#include "chaos/drill/fault_steps.hpp"
#include "chaos/drill/forged_frames.hpp"
#include "chaos/drill/raw_peer.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

constexpr auto forged_namespace = "forged";
constexpr auto stranger = "nobody";
constexpr milliseconds attack_length(2'500);
constexpr milliseconds answer_bound(200);  ///< for the first answers, of which more can be said
constexpr milliseconds outdated_bound(3'000);
constexpr std::uint64_t frames_of_a_stream = 40;
constexpr std::uint64_t large_frame_bytes = 3u << 20;  ///< more than a node takes

/// One stream; how many frames were sent.
std::uint64_t attack(stage& on, forged_frames& forged, const std::string& node, const std::string& as) {
  raw_peer stream(on.env.address(node));
  std::uint64_t sent = 0;
  const auto send = [&](const std::string& frame) {
    sent += stream.write(frame) ? 1 : 0;
    return !stream.over();
  };
  const auto listen = [&](milliseconds bound) {
    for (const auto& answer : stream.answers(bound)) forged.hear(answer);
  };
  // Most know how a stream begins.
  if (on.between(1, 10) > 2) {
    for (const auto& frame : forged.opening(as, node)) {
      if (!send(frame)) return sent;
      listen(answer_bound);
    }
  }
  for (auto left = on.between(1, frames_of_a_stream); left > 0; --left) {
    if (!send(on.between(1, 200) == 1 ? std::string(large_frame_bytes, 'x') : forged.frame())) break;
    listen(milliseconds(0));
  }
  listen(milliseconds(20));
  return sent;
}

}  // namespace

status prepare_hostile_peer(environment&, const cycle_seed&) { return {}; }

result<bite> attack_as_peer(stage& on) {
  const auto& nodes = on.env.nodes();
  const auto& down = on.any_node();
  if (auto killed = on.env.kill(down); !killed) return killed;
  bite done;
  done.from_us = steady_us();
  forged_frames forged(on.random(), nodes, forged_namespace);
  const auto start = steady_clock::now();
  while (milliseconds_since(start) < static_cast<double>(attack_length.count())) {
    const auto& node = on.any_node();
    if (node == down) continue;
    const auto draw = on.between(1, 10);
    done.count += attack(on, forged, node, draw < 7 ? down : draw < 9 ? on.any_node() : stranger);
  }
  for (const auto& node : nodes) {
    if (node == down) continue;
    if (!on.env.running(node)) return node_failed("node " + node + " ended because of what strangers sent");
    if (on.env.holds_set_aside(node))
      return node_failed("node " + node + " set its disk aside because of what strangers sent");
  }
  done.detail = "while " + down + " is down, " + (forged.keyed() ? "with a key" : "without a key");
  auto started = on.env.start(down, start_bound);
  // Without a key nobody can tell who says in a member's name that it has a newer disk. The member then ends, and is
  // filled from its next start on.
  if (!forged.keyed() && wait_until(outdated_bound, [&] { return !on.env.running(down); }))
    started = on.env.start(down, start_bound);
  if (!started) return started;
  if (auto back = wait_all_count(on, refill_bound); !back) return back;
  return done;
}

}  // namespace quorate::chaos
