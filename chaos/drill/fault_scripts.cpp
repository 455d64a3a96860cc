#include "chaos/drill/fault_scripts.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <thread>
#include <utility>

#include "chaos/drill/disk_faults.hpp"
#include "chaos/drill/environment.hpp"
#include "chaos/drill/fault_pairs.hpp"
#include "chaos/drill/fault_steps.hpp"
#include "chaos/drill/hostile_peer.hpp"
#include "chaos/drill/network.hpp"
#include "chaos/wait.hpp"
#include "chaos/workload.hpp"

namespace quorate::chaos {
namespace {

constexpr milliseconds actor_bound(5'000);
constexpr milliseconds watch_pause(50);
constexpr std::uint64_t small_disk_bytes = 96u << 20;
constexpr std::uint64_t slow_bits_per_second = 1'000'000;

result<bite> kill_primary(stage& on) {
  const auto& victim = on.env.nodes().front();
  bite done;
  done.in_flight = wait_in_flight(on.load);
  done.from_us = steady_us();
  if (auto killed = on.env.kill(victim); !killed) return killed;
  done.count = done.in_flight >= in_flight_min ? done.in_flight : 0;
  done.dead = {victim};
  last(on.between(100, 400));
  return done;
}

result<bite> counted(network& net, bite done = {}) {
  const auto packets = net.bitten();
  if (!packets) return packets.error();
  done.count = *packets;
  if (auto healed = net.heal(); !healed) return healed;
  return done;
}

result<bite> partition_minority(stage& on) {
  auto& net = *on.env.net();
  const auto& nodes = on.env.nodes();
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    if (auto cut = net.cut(nodes[0], nodes[i]); !cut) return cut;
    if (auto cut = net.cut(nodes[i], nodes[0]); !cut) return cut;
  }
  bite done;
  done.cut_off = bite::alone{0, steady_us(), 0};
  last(on.cycle % 2 == 1 ? 500 : 5'000);
  done.cut_off->until_us = steady_us();
  return counted(net, std::move(done));
}

result<bite> partition_asymmetric(stage& on) {
  static constexpr std::array<std::pair<std::size_t, std::size_t>, 6> directions{
      {{0, 1}, {1, 0}, {0, 2}, {2, 0}, {1, 2}, {2, 1}}};
  const auto [from, to] = directions[(on.cycle - 1) % directions.size()];
  if (auto cut = on.env.net()->cut(on.env.nodes()[from], on.env.nodes()[to]); !cut) return cut;
  last(on.between(500, 3'000));
  return counted(*on.env.net());
}

result<bite> lose_packets(stage& on) {
  if (auto lossy = on.env.net()->lose(0.33); !lossy) return lossy;
  last(on.between(1'000, 2'000));
  return counted(*on.env.net());
}

result<bite> slow_link(stage& on) {
  const auto& nodes = on.env.nodes();
  if (auto slow = on.env.net()->limit(nodes[0], nodes[2], slow_bits_per_second); !slow) return slow;
  last(on.between(2'000, 3'000));
  return counted(*on.env.net());
}

result<bite> pause(stage& on) {
  const auto& node = on.any_node();
  if (auto paused = on.env.pause(node); !paused) return paused;
  const auto before = on.load.writes_done();
  last(on.between(500, 5'000));
  bite done;
  done.count = on.load.writes_done() - before;
  if (auto resumed = on.env.resume(node); !resumed) return resumed;
  return done;
}

result<bite> skew_clock(stage& on) {
  const auto& node = skewed_node(on.env);
  const auto first = on.cycle % 2 == 1 ? clock_step : -clock_step;
  bite done;
  for (const auto offset : {first, -first}) {
    const auto seen = move_clock(on, offset);
    if (!seen) return seen.error();
    if (*seen == 0) return bite{};
    done.count = *seen;
    last(on.between(200, 800));
  }
  if (auto moved = on.env.move_clock(node, std::chrono::seconds(0)); !moved) return moved;
  if (auto back = wait_state(on.env, node, "serving", notice_bound); !back) return back;
  return done;
}

result<bite> kill_all(stage& on) {
  bite done;
  done.in_flight = wait_in_flight(on.load);
  done.from_us = steady_us();
  if (auto killed = on.env.kill_together(); !killed) return killed;
  done.count = done.in_flight >= in_flight_min ? done.in_flight : 0;
  for (const auto& node : on.env.nodes())
    if (auto started = on.env.start(node, start_bound); !started) return started;
  if (auto back = wait_all_count(on, notice_bound); !back) return back;
  return done;
}

result<bite> wipe(stage& on) {
  const auto& node = on.any_node();
  if (auto killed = on.env.kill(node); !killed) return killed;
  const auto gone = on.env.wipe(node);
  if (!gone) return gone.error();
  bite done;
  done.count = *gone;
  if (auto started = on.env.start(node, start_bound); !started) return started;
  if (auto filled = wait_all_count(on, refill_bound); !filled) return filled;
  return done;
}

const std::string& small_disk_node(const environment& env) { return env.nodes()[1]; }

result<bite> fill_disk(stage& on) {
  const auto& node = small_disk_node(on.env);
  const auto filled = on.env.fill_disk(node);
  if (!filled) return filled.error();
  bite done;
  done.count = *filled;
  // Refused writes, or waits for space: either way it says so or is not there; it never takes a write it cannot keep.
  const bool noticed = wait_until(notice_bound, [&] {
    const auto reply = status_of(on.env, node);
    return !reply || reply->state() == "disk_full";
  });
  if (!noticed) return node_failed("node " + node + " takes writes although its disk is full");
  last(on.between(300, 1'000));
  if (!on.env.running(node)) return node_failed("node " + node + " ended because its disk was full");
  if (auto freed = on.env.free_disk(node); !freed) return freed;
  if (auto back = wait_all_count(on, refill_bound); !back) return back;
  return done;
}

/// Until told to stop, reads all that a node serves.
class watcher {
 public:
  explicit watcher(std::string address) : address_(std::move(address)), thread_([this] { run(); }) {}
  ~watcher() { stop(); }
  served_contents stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    return std::exchange(served_, {});
  }

 private:
  void run() {
    node_client node(address_);
    while (!stopping_) {
      if (const auto contents = node.export_all()) add_to(served_, *contents);
      std::this_thread::sleep_for(watch_pause);
    }
  }

  const std::string address_;
  std::atomic<bool> stopping_ = false;
  served_contents served_;
  std::thread thread_;
};

result<bite> damage(stage& on) {
  const auto& node = on.any_node();
  // What is only in a write-ahead log becomes a table at the next start.
  for (const bool again : {true, false}) {
    if (auto killed = on.env.kill(node); !killed) return killed;
    if (!again) break;
    if (auto started = on.env.start(node, start_bound); !started) return started;
  }
  const auto done_to = on.env.damage(node, on.random());
  if (!done_to) return done_to.error();
  bite done;
  done.count = done_to->bytes;
  watcher watching(on.env.address(node));
  if (auto started = on.env.start(node, refill_bound); !started) return started;
  if (auto filling = wait_state(on.env, node, "filling", refill_bound); !filling)
    return node_failed("damage of " + done_to->file + " was not found: " + filling.context());
  if (auto filled = wait_all_count(on, refill_bound); !filled) return filled;
  done.served = watching.stop();
  // A node that fills fast may refuse every read until it is full: what it serves then counts as well.
  const bool read = wait_until(notice_bound, [&] {
    const auto contents = node_client(on.env.address(node)).export_all();
    if (contents) add_to(done.served, *contents);
    return contents && !done.served.empty();
  });
  if (!read) return node_failed("nothing could be read of node " + node + " after the damage");
  return done;
}

std::uint64_t restarts_of(const v1::ActorsReply& reply, const std::string& name) {
  for (const auto& actor : reply.actors())
    if (actor.name() == name) return actor.restarts();
  return 0;
}

result<bite> kill_actors(stage& on) {
  const auto& node = on.any_node();
  v1::ActorsReply before;
  if (const auto answer = on.env.client(node).actors(&before); !answer.ok())
    return node_failed("actors of " + node + ": " + text_of(answer));
  bite done;
  for (const auto& actor : before.actors()) {
    if (actor.name() == "supervisor") continue;
    v1::DrillRequest order;
    order.set_kill_actor(actor.name());
    if (const auto answer = on.env.client(node).drill(order); !answer.ok())
      return node_failed("kill-actor " + actor.name() + " on " + node + ": " + text_of(answer));
    v1::ActorsReply after;
    const bool restarted = wait_until(actor_bound, [&] {
      after.Clear();
      return on.env.client(node).actors(&after).ok() && restarts_of(after, actor.name()) > actor.restarts();
    });
    if (!restarted) return node_failed("actor " + actor.name() + " of " + node + " was killed and not restarted");
    done.count += restarts_of(after, actor.name()) - actor.restarts();
  }
  return done;
}

result<bite> restart_each(stage& on) {
  bite done;
  for (const auto& node : on.env.nodes()) {
    if (auto stopped = on.env.stop(node, stop_bound); !stopped) return stopped;
    if (auto started = on.env.start(node, start_bound); !started) return started;
    if (auto back = wait_all_count(on, notice_bound); !back) return back;
    ++done.count;
  }
  return done;
}

status prepare_clock(environment& env, const cycle_seed&) { return env.give_movable_clock(skewed_node(env)); }
status prepare_disk(environment& env, const cycle_seed&) {
  return env.give_small_disk(small_disk_node(env), small_disk_bytes);
}

constexpr milliseconds at_once(0);
constexpr milliseconds steady(2);
constexpr milliseconds slow(5);

// fault, clients, pause, content, through one, no write fails, prepare, run
constexpr std::array<fault_script, all_faults.size()> scripts{{
    {fault_class::kill_primary_mid_write, 48, at_once, 256, true, false, nullptr, kill_primary},
    {fault_class::partition_minority, 0, steady, 256, false, false, nullptr, partition_minority},
    {fault_class::partition_asymmetric, 0, steady, 256, false, false, nullptr, partition_asymmetric},
    {fault_class::drop_random_acks, 0, steady, 256, false, false, nullptr, lose_packets},
    {fault_class::pause_peer, 0, steady, 256, false, false, nullptr, pause},
    {fault_class::clock_skew_peer, 0, steady, 256, false, false, prepare_clock, skew_clock},
    {fault_class::kill_all, 48, at_once, 256, false, false, nullptr, kill_all},
    {fault_class::wipe_node, 0, slow, 256, false, false, nullptr, wipe},
    {fault_class::disk_full, 0, steady, 1'024, false, false, prepare_disk, fill_disk},
    {fault_class::corrupt_sst, 0, slow, 256, false, false, nullptr, damage},
    {fault_class::kill_actor, 0, steady, 256, false, false, nullptr, kill_actors},
    {fault_class::rolling_restart, 0, steady, 256, false, true, nullptr, restart_each},
    {fault_class::slow_link, 0, steady, 2'048, false, false, nullptr, slow_link},
    {fault_class::power_loss, 48, at_once, 256, false, false, prepare_power_loss, lose_power},
    {fault_class::io_error, 0, steady, 256, false, false, prepare_io_error, fail_disk},
    {fault_class::old_disk, 0, slow, 256, false, false, nullptr, put_back_old_disk},
    {fault_class::hostile_peer, 0, steady, 256, false, false, prepare_hostile_peer, attack_as_peer},
    {fault_class::pair_of_faults, 48, steady, 256, false, false, prepare_pair, overlap},
}};

constexpr bool every_class_has_its_script() {
  for (std::size_t i = 0; i < scripts.size(); ++i)
    if (scripts[i].fault != all_faults[i].fault || scripts[i].run == nullptr) return false;
  return true;
}
static_assert(every_class_has_its_script(),
              "a class of faults has no script, or they are not in the order of the table");

}  // namespace

std::uint64_t stage::between(std::uint64_t least, std::uint64_t most) {
  return std::uniform_int_distribution<std::uint64_t>(least, most)(random);
}

const std::string& stage::any_node() { return env.nodes()[between(0, env.nodes().size() - 1)]; }

const fault_script& script_of(fault_class fault) { return scripts[static_cast<std::size_t>(fault)]; }

}  // namespace quorate::chaos
