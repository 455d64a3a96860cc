#include "chaos/drill/hostile_peer.hpp"

#include <google/protobuf/stubs/logging.h>

#include <map>
#include <memory>
#include <utility>

#include "chaos/drill/environment.hpp"
#include "chaos/drill/fault_steps.hpp"
#include "chaos/drill/forged_frames.hpp"
#include "chaos/drill/impostor.hpp"
#include "chaos/drill/member_words.hpp"
#include "chaos/drill/network.hpp"
#include "chaos/drill/raw_peer.hpp"
#include "chaos/drill/slot_attack.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

constexpr auto forged_namespace = "forged";
constexpr auto stranger = "nobody";
constexpr milliseconds attack_length(1'500);
constexpr milliseconds attack_bound(20'000);   ///< for as many frames as are needed, and every lie
constexpr milliseconds answer_bound(200);      ///< for the first answers, of which more can be said
constexpr std::uint64_t mutated_needed = 500;  ///< a thousand in two cycles, the fewest that a gate runs
constexpr std::uint64_t frames_of_a_stream = 40;
constexpr std::uint64_t large_frame_bytes = 3u << 20;  ///< more than a node takes
constexpr std::uint64_t process_of_nobody = 0x6E6F626F6479;

/// The first cycle is without a key: there attackers get further.
bool has_key(unsigned cycle) { return cycle % 2 == 0; }

class assault {
 public:
  assault(stage& on, std::string down, bool keyed)
      : on_(on), down_(std::move(down)), keyed_(keyed), forged_(on.random(), on.env.nodes(), forged_namespace) {}

  result<bite> run() {
    bite done;
    for (const auto& node : on_.env.nodes()) done.held_bytes[node] = on_.env.bytes_on_disk(node);
    done.from_us = steady_us();
    const auto start = steady_clock::now();
    auto* net = on_.env.net();
    auto listening = impostor::listen(
        {on_.env.address(down_), net ? net->namespace_of(down_) : -1, down_, on_.env.nodes(), keyed_, on_.random()});
    if (!listening) return listening.error();
    auto& there = **listening;
    if (auto refused = keyed_ ? status() : attack_slots(); !refused) return refused;
    const auto enough = [&] {
      const auto so_far = milliseconds_since(start);
      return so_far >= static_cast<double>(attack_bound.count())
             || (so_far >= static_cast<double>(attack_length.count()) && mutated_ >= mutated_needed
                 && there.all_told());
    };
    while (!enough()) {
      for (const auto& frame : there.heard()) forged_.learn(frame);
      const auto& node = on_.any_node();
      if (node == down_) continue;
      const auto draw = on_.between(1, 10);
      send_frames(node, draw < 7 ? down_ : draw < 9 ? on_.any_node() : stranger);
    }
    if (const auto taken = there.believed(); !taken.empty())
      return node_failed("a node goes on after " + taken.front() + ", on the port of " + down_);
    done.count = there.all_told() ? mutated_ : 0;
    done.needed = mutated_needed;
    done.detail = "while " + down_ + " is down, " + (keyed_ ? "with a key" : "without a key") + ": "
                  + std::to_string(there.lies_told()) + " lies on its port, " + std::to_string(slots_told_)
                  + " in its name";
    return done;
  }

 private:
  status attack_slots() {
    const std::string key = std::string("preflight") + '\0' + "through " + on_.env.nodes().front();
    bool deaf = true;
    for (const auto& node : on_.env.nodes()) {
      if (node == down_) continue;
      const auto told = attack_slot({down_, on_.env.nodes(), process_of_nobody, key}, node, on_.env.address(node),
                                    std::exchange(deaf, false));
      if (!on_.env.running(node)) return node_failed("node " + node + " ended because of what a stranger sent");
      if (!told) return told.error();
      slots_told_ += *told;
    }
    return {};
  }

  /// One stream to the node, in a member's name.
  void send_frames(const std::string& node, const std::string& as) {
    auto& way = ways_[node];
    if (!way) way = make_channel(on_.env.address(node));
    raw_peer stream(way);
    const auto send = [&](std::string frame, bool mutated) {
      // Without a key a node believes what can be; the rest must not harm it.
      if (!keyed_) frame = without_the_possible(frame);
      if (stream.write(frame) && mutated) ++mutated_;
      return !stream.over();
    };
    const auto listen = [&](milliseconds bound) {
      for (const auto& answer : stream.answers(bound)) forged_.hear(answer);
    };
    // Most know how a stream begins.
    if (on_.between(1, 10) > 2) {
      for (const auto& frame : opening(as, node)) {
        const bool mutated = on_.between(1, 10) <= (keyed_ ? 5 : 2);
        const auto said = mutated ? forged_.mutated(frame) : frame;
        if (!send(said, said != frame)) return;
        listen(answer_bound);
      }
    }
    for (auto left = on_.between(1, frames_of_a_stream); left > 0 && !stream.over(); --left) {
      if (on_.between(1, 200) == 1)
        send(std::string(large_frame_bytes, 'x'), false);
      else if (keyed_ && on_.between(1, 4) == 1)
        send(forged_.frame(), false);
      else
        send(forged_.mutated(), true);
      listen(milliseconds(0));
    }
    listen(milliseconds(20));
  }

  std::vector<std::string> opening(const std::string& as, const std::string& node) {
    if (keyed_) return forged_.opening(as, node);
    return {knock_of(as, node, std::string(peer_nonce_bytes, 'n')).SerializeAsString(),
            sealed(hello_of(as, node, on_.env.nodes(), process_of_nobody)).SerializeAsString()};
  }

  stage& on_;
  const std::string down_;
  const bool keyed_;
  google::protobuf::LogSilencer quiet_;                         ///< what is made up need be no text
  std::map<std::string, std::shared_ptr<grpc::Channel>> ways_;  ///< not the drill's: a node may cut them
  forged_frames forged_;
  std::uint64_t mutated_ = 0;
  std::uint64_t slots_told_ = 0;
};

/// None has ended, or set its disk aside, and no part of one had to be started again.
status nobody_harmed(environment& env, const std::string& returned, steady_clock::time_point since) {
  for (const auto& node : env.nodes()) {
    if (!env.running(node)) return node_failed("node " + node + " ended because of what strangers sent");
    if (env.holds_set_aside(node))
      return node_failed("node " + node + " set its disk aside because of what strangers sent");
    const auto seen = status_of(env, node);
    if (!seen) return seen.error();
    if (node != returned && static_cast<double>(seen->uptime_ms()) < milliseconds_since(since))
      return node_failed("node " + node + " was started again because of what strangers sent");
    v1::ActorsReply parts;
    if (const auto answer = env.client(node).actors(&parts); !answer.ok())
      return node_failed("actors of " + node + ": " + text_of(answer));
    for (const auto& part : parts.actors())
      if (part.restarts() > 0)
        return node_failed("actor " + part.name() + " of " + node + " died because of what strangers sent");
  }
  return {};
}

}  // namespace

status prepare_hostile_peer(environment& env, const cycle_seed& seed) {
  return has_key(seed.number) ? status() : env.give_no_key();
}

result<bite> attack_as_peer(stage& on) {
  const auto down = on.any_node();
  const auto since = steady_clock::now();
  if (auto killed = on.env.kill(down); !killed) return killed;
  auto done = assault(on, down, has_key(on.cycle)).run();
  if (!done) return done;
  if (auto started = on.env.start(down, start_bound); !started) return started;
  if (auto back = wait_all_count(on, refill_bound); !back) return back;
  if (auto sound = nobody_harmed(on.env, down, since); !sound) return sound;
  return done;
}

}  // namespace quorate::chaos
