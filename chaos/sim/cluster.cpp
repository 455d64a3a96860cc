#include "chaos/sim/cluster.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "chaos/sim/actors.hpp"
#include "proto/hash.hpp"
#include "proto/test_points.hpp"

namespace quorate::sim {

cluster::cluster(world& w, unsigned members, bool real_store, std::function<void(const std::string&)> broken)
    : net(w),
      world_(w),
      broken_(std::move(broken)),
      // No two runs are alike in their good days either: near or far members, clocks that agree or differ within the
      // bound.
      far_us_(w.one_in(2) ? w.between(1, 80) * ms : 150) {
  for (unsigned i = 0; i < members; ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    members_.push_back(std::make_unique<member>(w, name, real_store ? on_rocks(name, broken_) : in_memory()));
    members_.back()->time.drift_ppm = w.between(-200, 200);
  }
  const auto apart_ms = w.one_in(2) ? 900 : 50;
  for (auto& one : members_) {
    one->time.offset_ms = w.between(-apart_ms, apart_ms);
    for (auto& other : members_) {
      direction_weather calm;
      calm.latency_us = w.between(100, far_us_ + 100);
      calm.jitter_us = calm.latency_us / 2;
      if (one != other) net.set_calm(one->name, other->name, calm);
    }
  }
}

cluster::~cluster() {
  stopping_ = true;
  for (auto& m : members_) {
    gone(*m, false);
    m->life.reset();
  }
}

void cluster::start_all() {
  for (auto& m : members_) start(*m);
}

member* cluster::find(const std::string& name) {
  for (auto& m : members_)
    if (m->name == name) return m.get();
  return nullptr;
}

void cluster::start(member& m) {
  if (m.life || stopping_) return;
  node_options how;
  how.name = m.name;
  how.enable_drills = true;
  how.began_after_damage = m.set_aside;
  how.accept_loss = std::exchange(m.accept_loss, false);
  for (const auto& other : members_)
    if (other->name != m.name) how.peers.push_back({other->name, other->name});
  m.failed = false;
  m.storage.fails = m.storage.runs_out = m.storage.read_fails = false;
  // A clock that is wrong by more than the bound when a node starts is a known limit (docs/simulation.md).
  if (std::llabs(m.time.offset_ms) > limits::clock_offset_ms_max_default / 2) m.time.offset_ms = 0;
  points.unix_ms = static_cast<std::uint64_t>(start_unix_ms + world_.now_us() / ms);
  auto life = start_node(
      how, m.storage.open(), net.transport(m.name),
      [this, &m](const status& why) {
        if (m.up) give_up(m, why);
      },
      m.time, simulated_runtime(world_, m.name));
  if (!life) return broken_("a node does not start: " + life.error().message());
  m.life = std::move(*life);
  m.up = true;
  net.up(m.name, m.life->api());
  world_.trace(m.name, "starts");
}

void cluster::give_up(member& m, const status& why) {
  world_.trace(m.name, "gives up:", why.message());
  // Any other reason is a disk that failed, as it should.
  const bool of_the_disk = why.code() == errc::storage_failure || why.code() == errc::disk_full
                           || why.code() == errc::corruption || why.code() == errc::unavailable;
  if (!of_the_disk) broken_("P8: " + m.name + " gave up: " + why.message());
  m.failed = true;
  m.up = false;
  world_.after(0, [this, &m, damaged = why.code() == errc::corruption] {
    // Where that would be one disk too many somebody has told the node to stop, and the disk is well when it is read
    // again.
    const bool anew = damaged && may_lose_a_disk();
    if (anew && on_set_aside) on_set_aside();
    crash(m, anew ? loss::set_aside : loss::memory, world_.between(50, 2'000));
  });
}

void cluster::gone(member& m, bool silent) {
  if (!m.life) return;
  m.up = m.failed = false;
  net.down(m.name, silent);
  m.storage.stop();
}

void cluster::crash(member& m, loss what, std::int64_t away_ms, bool silent) {
  if (!m.life) return;
  if (!m.up && !m.failed) return;  // it is dying already
  world_.trace(m.name, what == loss::disk        ? "loses its disk"
                       : what == loss::news      ? "gets an old disk back"
                       : what == loss::set_aside ? "sets its disk aside"
                       : what == loss::power     ? "loses power"
                                                 : "is killed");
  if (what == loss::disk || what == loss::news || what == loss::set_aside) {
    m.wiping = true;
    if (on_wipe) on_wipe(m);
  }
  gone(m, silent);
  finish_crash(m, what, away_ms);
}

void cluster::die_here(member& m, std::int64_t away_ms) {
  if (!m.up) return;
  gone(m, false);
  world_.after(0, [this, &m, away_ms] { finish_crash(m, loss::memory, away_ms); });
}

void cluster::finish_crash(member& m, loss what, std::int64_t away_ms) {
  if (m.storage.busy() || m.standing > 0) {
    world_.after(50, [this, &m, what, away_ms] { finish_crash(m, what, away_ms); });
    return;
  }
  m.life.reset();
  if (what == loss::power) m.storage.power_cut();
  if (what == loss::disk || what == loss::set_aside) {
    m.storage.wipe();
    m.set_aside = what == loss::set_aside;
    m.wiping = false;
  }
  if (what == loss::news) {
    m.storage.put_copy_back();
    m.set_aside = false;
    if (const auto held = m.storage.store().summary()) m.old_disk = held->disks.own;
    m.wiping = false;
  }
  world_.after(away_ms * ms, [this, &m] { start(m); });
}

bool cluster::sound(const member& m) const {
  const auto held = m.storage.store().summary();
  return !m.wiping && held && held->disks.complete && held->disks.own != m.old_disk;
}

std::size_t cluster::sound_disks() {
  return static_cast<std::size_t>(
      std::count_if(members_.begin(), members_.end(), [this](const auto& m) { return sound(*m); }));
}

bool cluster::may_lose_a_disk() {
  const auto sound = sound_disks();
  if (sound == size()) return true;
  // In the first second of a new cluster not everybody has remembered everybody (docs/consistency.md).
  return sound > disks_to_fill_from() && everybody_knows_everybody();
}

bool cluster::everybody_knows_everybody() {
  return std::all_of(members_.begin(), members_.end(), [this](const auto& m) {
    if (!sound(*m)) return true;
    const auto held = m->storage.store().summary();
    return held && held->disks.others.size() + 1 == size();
  });
}

bool cluster::everybody_knows_disk_of(const member& m) {
  const auto held = m.storage.store().summary();
  return held && std::all_of(members_.begin(), members_.end(), [&](const auto& other) {
           if (other.get() == &m) return true;
           auto theirs = other->storage.store().summary();
           return theirs && theirs->disks.others[node_id_of(m.name)] == held->disks.own;
         });
}

bool cluster::equal() {
  std::optional<storage::store_summary> first;
  for (auto& m : members_) {
    if (!m->up) return false;
    auto held = m->storage.store().summary();
    if (!held) return false;
    if (!first)
      first = std::move(*held);
    else if (held->buckets != first->buckets || held->vector != first->vector)
      return false;
  }
  return true;
}

void cluster::heal(member& one, member& other) {
  net.heal(one.name, other.name);
  net.heal(other.name, one.name);
  net.release();
}

void cluster::heal_all() {
  for (auto& one : members_)
    for (auto& other : members_)
      if (one != other) net.heal(one->name, other->name);
  net.release();
}

}  // namespace quorate::sim
