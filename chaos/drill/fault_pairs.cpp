#include "chaos/drill/fault_pairs.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "chaos/drill/environment.hpp"
#include "chaos/drill/fault_steps.hpp"
#include "chaos/drill/network.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

constexpr std::uint64_t slow_bits_per_second = 1'000'000;

/// A fault that lasts until it is ended.
struct lasting_fault {
  std::string_view name;
  bool loses_packets;
  bool moves_clock;
  /// What it did, as far as that is known when it begins.
  result<std::uint64_t> (*begin)(stage&);
  result<std::uint64_t> (*end)(stage&);
};

result<std::uint64_t> nothing_yet(const status& begun) {
  if (!begun) return begun;
  return std::uint64_t{0};
}

result<std::uint64_t> heal(stage& on) {
  auto packets = on.env.net()->bitten();
  if (auto healed = on.env.net()->heal(); !healed) return healed;
  return packets;
}

result<std::uint64_t> slow_down(stage& on) {
  const auto& nodes = on.env.nodes();
  return nothing_yet(on.env.net()->limit(nodes[0], nodes[2], slow_bits_per_second));
}

result<std::uint64_t> lose_packets(stage& on) { return nothing_yet(on.env.net()->lose(0.33)); }

result<std::uint64_t> cut_one_way(stage& on) {
  const auto& nodes = on.env.nodes();
  const auto from = on.between(0, nodes.size() - 1);
  const auto to = (from + on.between(1, nodes.size() - 1)) % nodes.size();
  return nothing_yet(on.env.net()->cut(nodes[from], nodes[to]));
}

result<std::uint64_t> set_clock_off(stage& on) {
  return move_clock(on, on.between(0, 1) == 0 ? clock_step : -clock_step);
}

result<std::uint64_t> set_clock_right(stage& on) {
  if (auto moved = on.env.move_clock(skewed_node(on.env), std::chrono::seconds(0)); !moved) return moved;
  return std::uint64_t{0};
}

constexpr std::array<lasting_fault, 4> lasting{{
    {"slow_link", false, false, slow_down, heal},
    {"drop_random_acks", true, false, lose_packets, heal},
    {"partition_asymmetric", false, false, cut_one_way, heal},
    {"clock_skew_peer", false, true, set_clock_off, set_clock_right},
}};

constexpr std::array meanwhile{fault_class::kill_all,        fault_class::wipe_node,  fault_class::kill_actor,
                               fault_class::rolling_restart, fault_class::pause_peer, fault_class::power_loss};

struct drawn_pair {
  const lasting_fault& first;
  const fault_script& second;
};

drawn_pair draw(environment& env, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto* first = &lasting[random() % lasting.size()];
  if (first->loses_packets && !env.net()->cannot_lose().empty()) first = &lasting.front();
  auto second = meanwhile[random() % meanwhile.size()];
  // A node cut from the one that answers, and the third one silent: no write can show that it was.
  if (first->begin == cut_one_way && second == fault_class::pause_peer) second = fault_class::kill_actor;
  return {*first, script_of(second)};
}

/// Disks are named by the clock: one that was made while that was behind is, by its name, older than the one that was
/// lost. Its node says so and ends, once, to be started anew by whoever runs it.
status start_outdated(stage& on) {
  for (const auto& node : on.env.nodes()) {
    wait_until(refill_bound, [&] {
      if (!on.env.running(node)) return true;
      const auto reply = status_of(on.env, node);
      return reply && reply->state() == "serving";
    });
    if (on.env.running(node)) continue;
    const auto words = on.env.log_tail(node, 4);
    if (std::none_of(words.begin(), words.end(),
                     [](const std::string& line) { return line.find("to be filled again, start anew") != line.npos; }))
      return node_failed("node " + node + " ended");
    if (auto started = on.env.start(node, start_bound); !started) return started;
  }
  return {};
}

}  // namespace

status prepare_pair(environment& env, const cycle_seed& seed) {
  const auto [first, second] = draw(env, seed.seed);
  if (second.prepare)
    if (auto ready = second.prepare(env, seed); !ready) return ready;
  return first.moves_clock ? env.give_movable_clock(skewed_node(env)) : status();
}

result<bite> overlap(stage& on) {
  const auto [first, second] = draw(on.env, on.seed);
  const auto begun = first.begin(on);
  if (!begun) return begun.error();
  const auto from_us = steady_us();
  last(on.between(0, 500));
  auto inner = on;
  inner.overlaid = true;
  auto done = second.run(inner);
  if (!done) return done;
  last(on.between(200, 500));
  const auto ended = first.end(on);
  if (!ended) return ended.error();
  done->count = std::min(done->count, std::max(*begun, *ended));
  done->from_us = from_us;
  done->detail = std::string(words_of(second.fault).name) + " during " + std::string(first.name);
  if (second.fault == fault_class::wipe_node && first.moves_clock)
    if (auto started = start_outdated(on); !started) return started;
  if (auto back = wait_all_count(on, refill_bound); !back) return back;
  return done;
}

}  // namespace quorate::chaos
