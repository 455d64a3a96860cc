#include "chaos/sim/faults.hpp"

#include <stdexcept>

#include "quorate/v1/admin.pb.h"

namespace quorate::sim {
namespace {

/// The writer has a thread of its own, and from here on fanout watches the deadlines of its group. Where others stand
/// still, or the writer does before that, answers do too: the checks allow for less.
bool may_stand_long(kill_point p) {
  return p == kill_point::writer_published || p == kill_point::writer_committed
         || p == kill_point::writer_answered_peers;
}

}  // namespace

faults::faults(world& w, cluster& c) : world_(w), cluster_(c) {
  points.at = [this](kill_point p) { on_point(p); };
}

faults::~faults() { points.at = nullptr; }

void faults::start() { next(); }

void faults::stop() {
  stopped_ = true;
  armed_.reset();
  for (auto& m : cluster_.members()) {
    m->time.offset_ms = 0;
    m->time.drift_ppm = 0;
    m->storage.sync_us_max = 300;
    m->storage.read_fails = false;
    if (m->storage.fails && m->up) cluster_.crash(*m, loss::memory, 10);
  }
  cluster_.heal_all();
}

void faults::next() {
  world_.after(world_.between(100, 3'000) * ms, [this] {
    if (stopped_) return;
    happen();
    next();
  });
}

std::pair<member*, member*> faults::any_two() {
  auto one = world_.below(cluster_.size());
  auto other = (one + 1 + world_.below(cluster_.size() - 1)) % cluster_.size();
  return {&cluster_[one], &cluster_[other]};
}

void faults::happen() {
  // A member that was away for long comes back to a cluster that has moved on.
  const auto away_ms = world_.one_in(8) ? world_.between(4'000, 15'000) : world_.between(10, 4'000);
  switch (world_.below(12)) {
    case 0: count("kill"); return cluster_.crash(any(), loss::memory, away_ms);
    case 1: count("power cut"); return cluster_.crash(any(), loss::power, away_ms);
    case 2:
      if (!world_.one_in(3)) return;
      count("power cut of all");
      for (auto& m : cluster_.members()) cluster_.crash(*m, loss::power, world_.between(10, 1'000));
      return;
    case 3: {
      auto& m = any();
      if (!m.up || !cluster_.may_lose_a_disk()) return;
      count("lost disk");
      return cluster_.crash(m, loss::disk, world_.one_in(2) ? world_.between(5, 100) : away_ms);
    }
    case 4:
    case 5: return cut();
    case 6: {
      auto [one, other] = any_two();
      count("reset");
      world_.trace("reset", one->name, other->name);
      return cluster_.net.reset(one->name, other->name);
    }
    case 7: return bad_line();
    case 8: {
      auto& m = any();
      if (world_.one_in(4)) {
        count("failed sync");
        m.storage.fails = true;
      } else if (world_.one_in(4)) {
        count("damaged read");
        m.storage.read_fails = true;
      } else {
        count("slow disk");
        m.storage.sync_us_max = world_.between(1, 200) * ms;
        world_.after(world_.between(50, 3'000) * ms, [&m] { m.storage.sync_us_max = 300; });
      }
      return;
    }
    case 9: return clock_jump();
    case 10: return kill_actor();
    default: return arm();
  }
}

void faults::cut() {
  auto [one, other] = any_two();
  const bool both = world_.one_in(2);
  count(both ? "cut both ways" : "cut one way");
  world_.trace(both ? "cut" : "cut one way", one->name, other->name);
  cluster_.net.weather(one->name, other->name).cut = true;
  if (both) cluster_.net.weather(other->name, one->name).cut = true;
  world_.after(world_.between(50, 5'000) * ms, [this, one = one, other = other] { cluster_.heal(*one, *other); });
}

void faults::bad_line() {
  auto [one, other] = any_two();
  count("bad line");
  auto& weather = cluster_.net.weather(one->name, other->name);
  weather.latency_us = world_.between(100, 100'000);
  weather.jitter_us = weather.latency_us / 2;
  weather.lost_one_in = world_.one_in(2) ? 3 : 0;
  if (world_.one_in(2)) {
    count("frames arrive twice");
    weather.twice_one_in = cluster_.net.weather(other->name, one->name).twice_one_in = 4;
  }
  world_.after(world_.between(50, 5'000) * ms, [this, one = one, other = other] { cluster_.heal(*one, *other); });
}

void faults::clock_jump() {
  auto& m = any();
  count("clock jump");
  m.time.offset_ms = world_.one_in(2) ? world_.between(-3'600'000, 3'600'000) : world_.between(-1'500, 1'500);
  world_.trace(m.name, "clock", std::to_string(m.time.offset_ms));
  world_.after(world_.between(50, 5'000) * ms, [&m] { m.time.offset_ms = 0; });
}

void faults::kill_actor() {
  auto& m = any();
  if (!m.up) return;
  std::vector<std::string> actors{"writer", "fanout", "inquirer", "log_reader", "reconciler"};
  for (const auto& other : cluster_.members())
    if (other->name != m.name) actors.push_back("link." + other->name);
  v1::DrillRequest drill;
  drill.set_kill_actor(actors[world_.below(actors.size())]);
  count("actor dies");
  world_.trace(m.name, "loses its", drill.kill_actor());
  if (auto done = m.life->api().drill(drill); !done) throw std::logic_error("a drill was refused: " + done.message());
}

void faults::arm() {
  armed_ = armed_point{static_cast<kill_point>(world_.below(static_cast<std::uint64_t>(kill_point::count_))),
                       static_cast<strike>(world_.below(3)), world_.below(20)};
}

void faults::on_point(kill_point p) {
  if (!armed_ || armed_->where != p || armed_->hits_left-- > 0) return;
  const auto how = armed_->how;
  armed_.reset();
  auto* m = cluster_.find(world_.running());
  if (m == nullptr || !m->up) return;
  switch (how) {
    case strike::actor_throws:
      count("throw at a point");
      world_.trace(m->name, "throws at point", std::to_string(static_cast<int>(p)));
      throw std::runtime_error("thrown by the simulator");
    case strike::process_dies:
      count("death at a point");
      world_.trace(m->name, "dies at point", std::to_string(static_cast<int>(p)));
      cluster_.die_here(*m, world_.between(10, 2'000));
      throw std::runtime_error("killed by the simulator");
    case strike::time_passes: {
      count("pause at a point");
      world_.trace(m->name, "stands still at point", std::to_string(static_cast<int>(p)));
      ++m->standing;
      world_.run_until(world_.now_us() + world_.between(1, may_stand_long(p) ? 1'500 : 400) * ms,
                       [m] { return !m->up; });
      --m->standing;
      return;
    }
  }
}

}  // namespace quorate::sim
