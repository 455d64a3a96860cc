#include "chaos/sim/run.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <set>

#include "actors/node.hpp"
#include "chaos/sim/actors.hpp"
#include "chaos/sim/disk.hpp"
#include "chaos/sim/network.hpp"
#include "chaos/sim/world.hpp"
#include "proto/entry_codec.hpp"
#include "quorate/v1/admin.pb.h"

namespace quorate::sim {
namespace {

constexpr std::int64_t start_ms = 1'700'000'000'000;
constexpr std::int64_t ms = 1'000;
/// How late an answer may be: a tick of fanout, and a writer's stand-still of a slow sync.
constexpr std::int64_t late_ms_max = 500;

class skewed_clock final : public clock {
 public:
  explicit skewed_clock(world& w) : world_(w) {}
  std::int64_t wall_ms() const override {
    return start_ms + offset_ms + world_.now_us() / ms + world_.now_us() * drift_ppm / 1'000'000 / ms;
  }
  std::int64_t steady_us() const override { return world_.now_us() + 1'000'000; }
  std::int64_t offset_ms = 0;
  std::int64_t drift_ppm = 0;

 private:
  world& world_;
};

struct member {
  member(world& w, std::string n) : name(std::move(n)), time(w), storage(w) {}
  std::string name;
  skewed_clock time;
  disk storage;
  std::unique_ptr<node> life;
  bool up = false;      ///< takes calls
  bool failed = false;  ///< gave up by itself; a new life follows
};

/// A write of a client and its end.
struct operation {
  std::string node;
  std::string key;
  std::string value;  ///< unique; of a delete too, to tell operations apart
  bool remove = false;
  net::write_quorum quorum = net::write_quorum::by_default;
  std::int64_t begun_us = 0;
  std::int64_t ended_us = -1;
  std::int64_t deadline_us = 0;
  net::write_answer answer;
  bool ok() const { return ended_us >= 0 && answer.outcome.ok(); }
};

class client_write final : public net::write_request {
 public:
  client_write(mutation change, std::function<void(const net::write_answer&)> end)
      : change_(std::move(change)), end_(std::move(end)) {}
  result<std::vector<mutation>> plan(const record_reader&, const version&) override {
    return std::vector<mutation>{change_};
  }
  void finish(const net::write_answer& answer) noexcept override { end_(answer); }

 private:
  const mutation change_;
  const std::function<void(const net::write_answer&)> end_;
};

class simulation {
 public:
  explicit simulation(const run_options& options) : options_(options), world_(options.seed), network_(world_) {
    world_.traced = options.trace;
    for (unsigned i = 0; i < options.nodes; ++i)
      members_.push_back(std::make_unique<member>(world_, std::string(1, static_cast<char>('a' + i))));
    for (auto& m : members_) {
      m->time.drift_ppm = world_.between(-200, 200);
      m->time.offset_ms = world_.between(-100, 100);
      m->storage.skip_sync = options.planted == "ack_before_sync";
      m->storage.reuse_epoch = options.planted == "sequence_reuse";
    }
  }
  ~simulation() {
    stopping_ = true;
    for (auto& m : members_) kill(*m, false);
  }

  run_report run() {
    for (auto& m : members_) start(*m);
    for (unsigned c = 0; c < options_.clients; ++c) next_operation(c, c % options_.nodes);
    next_fault();
    world_.run_until(options_.safety_ms * ms, [this] { return !report_.broken.empty(); });
    if (report_.broken.empty()) check_liveness();
    if (report_.broken.empty()) check_safety();
    report_.simulated_ms = world_.now_us() / ms;
    report_.turns = world_.turns();
    report_.events = world_.events();
    report_.operations = operations_.size();
    for (const auto& op : operations_)
      ++report_.outcomes[op->ended_us < 0 ? "unanswered" : std::string(name_of(op->answer.outcome.code()))];
    return report_;
  }

 private:
  // -- nodes ---------------------------------------------------------------------------------------------------------

  void start(member& m) {
    if (m.life || stopping_) return;
    node_options how;
    how.name = m.name;
    how.enable_drills = true;
    if (options_.planted == "no_relay") how.relay_delay_ms = 3'600'000;
    for (const auto& other : members_)
      if (other->name != m.name) how.peers.push_back({other->name, other->name});
    m.failed = false;
    m.storage.fails = false;
    // A clock that is wrong by more than the bound when a node starts is a known limit (docs/simulation.md).
    if (std::llabs(m.time.offset_ms) > limits::clock_offset_ms_max_default / 2) m.time.offset_ms = 0;
    auto life = start_node(
        how, m.storage.open(), network_.transport(m.name),
        [this, &m](const status& why) {
          if (!m.up) return;
          world_.trace(m.name, "gives up:", why.message());
          m.failed = true;
          m.up = false;
          world_.after(0, [this, &m] { crash(m, false, world_.between(50, 2'000)); });
        },
        m.time, simulated_runtime(world_));
    if (!life) return broken("a node does not start: " + life.error().message());
    m.life = std::move(*life);
    m.up = true;
    network_.up(m.name, m.life->api());
    world_.trace(m.name, "starts");
  }

  /// The process is gone, at once.
  void kill(member& m, bool silent) {
    if (!m.life) return;
    m.up = false;
    network_.down(m.name, silent);
    m.storage.stop();
    m.life.reset();
  }

  /// Kills it as soon as no commit of it is on the stack of this thread, and starts it again.
  void crash(member& m, bool power, std::int64_t away_ms) {
    if (!m.life) return;
    if (m.up || m.failed) {
      world_.trace(m.name, power ? "loses power" : "is killed");
      m.up = m.failed = false;
      network_.down(m.name, world_.one_in(4));
      m.storage.stop();
    }
    if (m.storage.busy()) {
      world_.after(50, [this, &m, power, away_ms] { crash(m, power, away_ms); });
      return;
    }
    m.life.reset();
    if (power) m.storage.power_cut();
    world_.after(away_ms * ms, [this, &m] { start(m); });
  }

  // -- faults --------------------------------------------------------------------------------------------------------

  member& any() { return *members_[world_.below(members_.size())]; }
  std::pair<member*, member*> any_two() {
    auto one = world_.below(members_.size());
    auto other = (one + 1 + world_.below(members_.size() - 1)) % members_.size();
    return {members_[one].get(), members_[other].get()};
  }

  void next_fault() {
    world_.after(world_.between(100, 3'000) * ms, [this] {
      if (calm_) return;
      fault();
      next_fault();
    });
  }

  void count(const std::string& what) { ++report_.faults[what]; }

  void fault() {
    switch (world_.below(9)) {
      case 0: count("kill"); return crash(any(), false, world_.between(10, 4'000));
      case 1: count("power cut"); return crash(any(), true, world_.between(10, 4'000));
      case 2: {
        if (!world_.one_in(3)) return;
        count("power cut of all");
        for (auto& m : members_) crash(*m, true, world_.between(10, 1'000));
        return;
      }
      case 3: {
        auto [one, other] = any_two();
        const bool both = world_.one_in(2);
        count(both ? "cut both ways" : "cut one way");
        world_.trace(both ? "cut" : "cut one way", one->name, other->name);
        network_.weather(one->name, other->name).cut = true;
        if (both) network_.weather(other->name, one->name).cut = true;
        world_.after(world_.between(50, 5'000) * ms, [this, one = one, other = other] { heal(*one, *other); });
        return;
      }
      case 4: {
        auto [one, other] = any_two();
        count("reset");
        world_.trace("reset", one->name, other->name);
        return network_.reset(one->name, other->name);
      }
      case 5: {
        auto [one, other] = any_two();
        count("bad line");
        auto& weather = network_.weather(one->name, other->name);
        weather.latency_us = world_.between(100, 100'000);
        weather.jitter_us = weather.latency_us / 2;
        weather.lost_one_in = world_.one_in(2) ? 3 : 0;
        world_.after(world_.between(50, 5'000) * ms, [this, one = one, other = other] { heal(*one, *other); });
        return;
      }
      case 6: {
        auto& m = any();
        count("slow disk");
        m.storage.sync_us_max = world_.between(1, 200) * ms;
        world_.after(world_.between(50, 3'000) * ms, [&m] { m.storage.sync_us_max = 300; });
        return;
      }
      case 7: {
        auto& m = any();
        if (world_.one_in(3)) {
          count("failed sync");
          m.storage.fails = true;
          return;
        }
        count("clock jump");
        m.time.offset_ms = world_.one_in(2) ? world_.between(-3'600'000, 3'600'000) : world_.between(-1'500, 1'500);
        world_.trace(m.name, "clock", std::to_string(m.time.offset_ms));
        world_.after(world_.between(50, 5'000) * ms, [&m] { m.time.offset_ms = 0; });
        return;
      }
      case 8: {
        auto& m = any();
        if (!m.up) return;
        static const std::vector<std::string> actors{"writer", "fanout", "log_reader", "reconciler"};
        v1::DrillRequest drill;
        drill.set_kill_actor(actors[world_.below(actors.size())]);
        count("actor dies");
        world_.trace(m.name, "loses its", drill.kill_actor());
        if (auto done = m.life->api().drill(drill); !done) broken("a drill was refused: " + done.message());
        return;
      }
      default: return;
    }
  }

  void heal(member& one, member& other) {
    network_.weather(one.name, other.name) = {};
    network_.weather(other.name, one.name) = {};
    network_.release();
  }

  // -- clients -------------------------------------------------------------------------------------------------------

  void next_operation(unsigned client, std::size_t at) {
    world_.after(world_.between(1, 60) * ms, [this, client, at] {
      if (silent_ || stopping_) return;
      auto where = calm_ ? world_.below(members_.size()) : at;
      for (std::size_t tries = 0; tries < members_.size() && !members_[where]->up; ++tries)
        where = (where + 1) % members_.size();
      auto& m = *members_[where];
      if (!m.up) return next_operation(client, world_.below(members_.size()));
      submit(m, client, where);
    });
  }

  void submit(member& m, unsigned client, std::size_t where) {
    auto op = std::make_shared<operation>();
    const auto number = operations_.size();
    operations_.push_back(op);
    op->node = m.name;
    op->value = "value " + std::to_string(number);
    op->key = world_.one_in(2) ? "own " + std::to_string(number) : "shared " + std::to_string(world_.below(8));
    op->remove = world_.one_in(6);
    op->begun_us = world_.now_us();
    op->deadline_us = world_.now_us() + world_.between(20, 1'500) * ms;
    if (world_.one_in(8)) op->quorum = world_.one_in(2) ? net::write_quorum::one : net::write_quorum::all;
    mutation change{{key_kind::memory, op->key}, op->remove, {}, op->remove ? std::string() : op->value};
    auto request = std::make_unique<client_write>(std::move(change), [this, op, client, where](const auto& answer) {
      op->ended_us = world_.now_us();
      op->answer = answer;
      world_.trace(op->node, op->remove ? "deletes" : "stores", op->key, op->value, "->",
                   std::string(name_of(answer.outcome.code())));
      const bool stay = answer.outcome.ok() || world_.one_in(3);
      next_operation(client, stay ? where : (where + 1) % members_.size());
    });
    request->quorum = op->quorum;
    request->deadline_us = op->deadline_us + 1'000'000;  // the node's steady clock
    request->bytes = 100;
    std::vector<net::write_ticket> tickets;
    tickets.emplace_back(std::move(request));
    m.life->api().submit(std::move(tickets));
  }

  // -- what must hold ------------------------------------------------------------------------------------------------

  void broken(const std::string& what) {
    if (!report_.broken.empty()) return;
    report_.broken = what;
    world_.trace("BROKEN:", what);
  }

  bool equal_now() {
    std::optional<storage::digest_buckets> first;
    for (auto& m : members_) {
      if (!m->up) return false;
      auto held = m->storage.store().summary();
      if (!held) return false;
      if (!first)
        first = held->buckets;
      else if (held->buckets != *first)
        return false;
    }
    return true;
  }

  void check_liveness() {
    calm_ = true;
    for (auto& one : members_) {
      one->time.offset_ms = 0;
      one->time.drift_ppm = 0;
      one->storage.sync_us_max = 300;
      if (one->storage.fails && one->up) crash(*one, false, 10);
      for (auto& other : members_)
        if (one != other) network_.weather(one->name, other->name) = {};
    }
    network_.release();
    const auto calm_us = world_.now_us();
    const auto end_us = calm_us + options_.liveness_ms * ms;
    // Members that are away come back within seconds; then every member must take writes again.
    std::set<std::string> serving;
    world_.run_until(end_us, [&] {
      while (checked_ < operations_.size() && operations_[checked_]->ended_us >= 0) {
        const auto& op = *operations_[checked_++];
        if (op.ok() && op.begun_us >= calm_us) serving.insert(op.node);
      }
      return serving.size() == members_.size() && world_.now_us() > calm_us + 8'000 * ms;
    });
    if (serving.size() != members_.size())
      return broken("P7: " + std::to_string(members_.size() - serving.size()) + " members take no writes "
                    + std::to_string(options_.liveness_ms / 1000) + " s after the last fault");
    silent_ = true;
    world_.run_until(world_.now_us() + 3'000 * ms);
    const auto bound_us = world_.now_us() + options_.liveness_ms * ms;
    std::int64_t asked_us = 0;
    bool equal = false;
    world_.run_until(bound_us, [&] {
      if (world_.now_us() - asked_us < 10 * ms) return false;
      asked_us = world_.now_us();
      return equal = equal_now();
    });
    if (!equal)
      return broken("P2, P4: members differ " + std::to_string(options_.liveness_ms / 1000)
                    + " s after the last write");
    report_.converged_ms = (world_.now_us() - calm_us) / ms;
  }

  void check_safety() {
    std::optional<record_page> first;
    for (auto& m : members_) {
      auto page = m->storage.store().scan(key_kind::memory, {}, {}, SIZE_MAX, SIZE_MAX);
      const auto held = m->storage.store().summary();
      if (!page || !held) return broken("P10: the disk of " + m->name + " cannot be read");
      if (!first)
        first = std::move(*page);
      else if (page->records != first->records)
        return broken("P4: digests are equal, contents are not, on " + m->name);
      std::set<std::string> values;
      for (const auto& position : held->vector) {
        for (sequence_number next = 1; next <= position.sequence;) {
          auto entries = m->storage.store().read_log(position.log, next, 1 << 20);
          if (!entries || entries->empty())
            return broken("P1: " + m->name + " lacks entries of a log that its vector covers");
          for (const auto& e : *entries) {
            auto decoded = decode_entry(*e.bytes);
            if (!decoded) return broken("P10: an entry on " + m->name + " cannot be read");
            for (const auto& change : decoded->mutations) values.insert(change.value);
            next = e.sequence + 1;
          }
        }
      }
      for (const auto& op : operations_)
        if (!op->remove && !op->ok() && op->ended_us >= 0
            && outcome_of(op->answer.outcome.code()) == error_outcome::rejected && values.contains(op->value))
          return broken("P3: '" + op->value + "' was rejected and is on " + m->name);
    }
    for (const auto& op : operations_) {
      if (op->ended_us < 0) return broken("P3: '" + op->value + "' at " + op->node + " was never answered");
      if (op->ended_us > op->deadline_us + late_ms_max * ms)
        return broken("P3: '" + op->value + "' was answered " + std::to_string((op->ended_us - op->deadline_us) / ms)
                      + " ms after its deadline");
      if (!op->ok()) continue;
      for (auto& m : members_) {
        auto held = m->storage.store().get({key_kind::memory, op->key});
        if (!held || !*held)
          return broken("P1, P2: acknowledged '" + op->value + "' of '" + op->key + "' is not on " + m->name);
        const auto& record = **held;
        if (record.stamp < op->answer.stamp)
          return broken("P1, P2: '" + op->key + "' on " + m->name + " is older than the acknowledged '" + op->value
                        + "'");
        if (record.stamp == op->answer.stamp
            && (record.deleted != op->remove || (!op->remove && record.value != op->value)))
          return broken("P4: two writes have one version: '" + op->value + "' and '" + record.value + "'");
      }
    }
    check_order();
  }

  /// Acknowledged writes of a key that follow each other in time rise in version (DEFAULT and ALL only).
  void check_order() {
    std::map<std::string, std::vector<const operation*>> by_key;
    for (const auto& op : operations_)
      if (op->ok() && op->quorum != net::write_quorum::one) by_key[op->key].push_back(op.get());
    for (auto& [key, ops] : by_key) {
      auto by_end = ops;
      std::sort(by_end.begin(), by_end.end(), [](auto* x, auto* y) { return x->ended_us < y->ended_us; });
      version highest;
      std::size_t ended = 0;
      for (const auto* op : ops) {
        for (; ended < by_end.size() && by_end[ended]->ended_us < op->begun_us; ++ended)
          highest = std::max(highest, by_end[ended]->answer.stamp);
        if (op->answer.stamp < highest)
          return broken("P3: '" + op->value + "' of '" + key
                        + "' was acknowledged below an earlier acknowledged write");
      }
    }
  }

  const run_options options_;
  world world_;
  network network_;
  std::vector<std::unique_ptr<member>> members_;
  std::vector<std::shared_ptr<operation>> operations_;
  std::size_t checked_ = 0;
  run_report report_;
  bool calm_ = false;      ///< no more faults
  bool silent_ = false;    ///< no more writes
  bool stopping_ = false;  ///< the run is over
};

}  // namespace

const std::vector<planted_bug>& planted_bugs() {
  static const std::vector<planted_bug> bugs{
      {"ack_before_sync", "P1: acknowledged is durable"},
      {"sequence_reuse", "P1, P4: a log's numbers are never used twice"},
      {"no_relay", "P2: any survivor that has a write passes it on"},
  };
  return bugs;
}

run_report run(const run_options& options) {
  simulation one(options);
  return one.run();
}

}  // namespace quorate::sim
