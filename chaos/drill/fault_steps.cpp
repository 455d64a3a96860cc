#include "chaos/drill/fault_steps.hpp"

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "chaos/drill/environment.hpp"
#include "chaos/wait.hpp"
#include "chaos/workload.hpp"

namespace quorate::chaos {
namespace {

constexpr std::int64_t clock_bite_ms = 1'800'000;

/// How far off its peers measure the node's clock to be; 0 until they have.
std::int64_t offset_seen(environment& env) {
  const auto reply = status_of(env, env.nodes().front());
  if (!reply) return 0;
  for (const auto& peer : reply->peers())
    if (peer.name() == skewed_node(env) && peer.clock_known()) return peer.clock_offset_ms();
  return 0;
}

}  // namespace

void last(std::uint64_t for_ms) { std::this_thread::sleep_for(milliseconds(for_ms)); }

status node_failed(const std::string& what) { return {errc::unavailable, what}; }

result<v1::StatusReply> status_of(environment& env, const std::string& node) {
  v1::StatusReply reply;
  if (const auto answer = env.client(node).node_status(&reply); !answer.ok())
    return node_failed("status of " + node + ": " + text_of(answer));
  return reply;
}

status wait_state(environment& env, const std::string& node, const std::string& wanted, milliseconds bound) {
  std::string seen = "no answer";
  const bool reached = wait_until(bound, [&] {
    const auto reply = status_of(env, node);
    seen = reply ? reply->state() : "no answer";
    return seen == wanted;
  });
  if (reached) return {};
  return node_failed("node " + node + " is not '" + wanted + "' after " + std::to_string(bound.count()) + " ms but '"
                     + seen + "'");
}

status wait_all_count(const stage& on, milliseconds bound) {
  if (on.overlaid) return {};
  auto& env = on.env;
  const auto end = steady_clock::now() + bound;
  for (const auto& node : env.nodes()) {
    const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
    const bool counts = wait_until(left, [&] {
      const auto reply = status_of(env, node);
      return reply && reply->state() == "serving"
             && std::all_of(reply->peers().begin(), reply->peers().end(),
                            [](const auto& peer) { return peer.up() && peer.counts(); });
    });
    if (!counts) return node_failed("node " + node + " does not see all others counting again");
  }
  return {};
}

unsigned wait_in_flight(workload& load) {
  unsigned seen = 0;
  wait_until(
      notice_bound,
      [&] {
        seen = load.in_flight();
        return seen >= in_flight_min;
      },
      milliseconds(0));
  return seen;
}

const std::string& skewed_node(const environment& env) { return env.nodes().back(); }

result<std::uint64_t> move_clock(stage& on, std::chrono::seconds offset) {
  if (auto moved = on.env.move_clock(skewed_node(on.env), offset); !moved) return moved;
  std::int64_t seen = 0;
  const bool noticed = wait_until(notice_bound, [&] {
    seen = offset_seen(on.env);
    return (offset.count() > 0 ? seen : -seen) > clock_bite_ms;
  });
  return noticed ? static_cast<std::uint64_t>(std::abs(seen)) : std::uint64_t{0};
}

}  // namespace quorate::chaos
