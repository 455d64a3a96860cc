#include "chaos/sim/faults.hpp"

#include <cstdlib>
#include <stdexcept>

#include "quorate/v1/admin.pb.h"

namespace quorate::sim {
namespace {

/// The writer has a thread of its own, and from here on fanout watches the deadlines of its group. Where others stand
/// still, or the writer does before that, answers do too.
bool may_stand_long(kill_point p) {
  return p == kill_point::writer_published || p == kill_point::writer_committed
         || p == kill_point::writer_answered_peers;
}

}  // namespace

faults::faults(world& w, cluster& c) : world_(w), cluster_(c), pause_ms_max_(w.one_in(3) ? 800 : 3'000) {
  points.at = [this](kill_point p) { on_point(p); };
  c.on_set_aside = [this] { count("disk set aside"); };
  const bool all = w.one_in(6);
  for (int k = 0; k < static_cast<int>(kind::count_); ++k)
    if (static_cast<kind>(k) == kind::too_many_disks ? w.one_in(10) : all || w.one_in(2))
      kinds_.push_back(static_cast<kind>(k));
  if (kinds_.empty()) kinds_.push_back(kind::kill);
}

faults::~faults() { points.at = nullptr; }

void faults::start() { next(); }

void faults::stop() {
  stopped_ = true;
  armed_.reset();
  accept_loss();
  for (auto& m : cluster_.members()) {
    m->time.offset_ms = 0;
    m->time.drift_ppm = 0;
    m->storage.sync_us_min = sync_us_least;
    m->storage.sync_us_max = sync_us_most;
    m->storage.read_fails = false;
    m->storage.fill(false);
    if ((m->storage.fails || m->storage.runs_out) && m->up) cluster_.crash(*m, loss::memory, 10);
  }
  cluster_.heal_all();
}

void faults::next() {
  world_.after(world_.between(100, pause_ms_max_) * ms, [this] {
    if (stopped_) return;
    points.unix_ms = static_cast<std::uint64_t>(start_unix_ms + world_.now_us() / ms);
    if (world_.now_us() >= quiet_until_us_) happen(kinds_[world_.below(kinds_.size())]);
    next();
  });
}

std::pair<member*, member*> faults::any_two() {
  auto one = world_.below(cluster_.size());
  auto other = (one + 1 + world_.below(cluster_.size() - 1)) % cluster_.size();
  return {&cluster_[one], &cluster_[other]};
}

void faults::happen(kind what) {
  // A member that was away for long comes back to a cluster that has moved on.
  const auto away_ms = world_.one_in(8) ? world_.between(4'000, 15'000) : world_.between(10, 4'000);
  switch (what) {
    case kind::kill: count("kill"); return cluster_.crash(any(), loss::memory, away_ms);
    case kind::power: count("power cut"); return cluster_.crash(any(), loss::power, away_ms);
    case kind::power_of_all:
      if (!world_.one_in(3)) return;
      count("power cut of all");
      for (auto& m : cluster_.members()) cluster_.crash(*m, loss::power, world_.between(10, 1'000));
      return;
    case kind::disk: return lost_disks();
    case kind::too_many_disks: return too_many_disks();
    case kind::old_disk: return old_disk();
    case kind::cut: return cut();
    case kind::isolate: return isolate();
    case kind::rolling:
      switch (world_.below(6)) {
        case 0: return kept_alone();
        case 1:
        case 2:
        case 3: return promise_under_way();
        default: return rolling_isolation();
      }
    case kind::reset: return reset();
    case kind::line: return bad_line();
    case kind::talker: return slow_talker();
    case kind::late_copy: return late_copy();
    case kind::storage: {
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
        world_.after(world_.between(50, 3'000) * ms, [&m] { m.storage.sync_us_max = sync_us_most; });
      }
      return;
    }
    case kind::space: return full_disk();
    case kind::clock: return clock_jump();
    case kind::actor: return kill_actor();
    case kind::point: return arm();
    case kind::count_: break;
  }
}

void faults::set_cut(member& one, member& other, bool both) {
  world_.trace(both ? "cut" : "cut one way", one.name, other.name);
  cluster_.net.weather(one.name, other.name).cut = true;
  if (both) cluster_.net.weather(other.name, one.name).cut = true;
}

void faults::cut() {
  auto [one, other] = any_two();
  const bool both = world_.one_in(2);
  count(both ? "cut both ways" : "cut one way");
  set_cut(*one, *other, both);
  world_.after(world_.between(50, world_.one_in(8) ? 20'000 : 5'000) * ms,
               [this, one = one, other = other] { cluster_.heal(*one, *other); });
}

void faults::isolate() {
  auto& alone = any();
  count("isolation");
  for (auto& other : cluster_.members())
    if (other.get() != &alone) set_cut(alone, *other, true);
  world_.after(world_.between(50, world_.one_in(6) ? 20'000 : 3'000) * ms, [this, &alone] {
    for (auto& other : cluster_.members())
      if (other.get() != &alone) cluster_.heal(alone, *other);
  });
}

/// One, or as many at once as the promises allow.
void faults::lost_disks() {
  const auto most = world_.one_in(2) ? 1 : cluster_.size();
  const auto first = world_.below(cluster_.size());
  std::size_t lost = 0;
  for (std::size_t i = 0; i < cluster_.size() && lost < most; ++i) {
    auto& m = cluster_[(first + i) % cluster_.size()];
    if (!m.up || !cluster_.may_lose_a_disk()) continue;
    if (++lost == 2) count("lost disks at once");
    count("lost disk");
    cluster_.crash(m, loss::disk, world_.one_in(2) ? world_.between(5, 100) : world_.between(10, 4'000));
  }
}

/// More than that: what only those held is gone, and no member may go on as if it were not, until an operator says so.
/// All may be damaged at once: then none of them may be taken for a new one.
void faults::too_many_disks() {
  if (too_many_lost_ || cluster_.sound_disks() != cluster_.size() || !cluster_.everybody_knows_everybody()) return;
  for (auto& m : cluster_.members())
    if (!m->up) return;
  too_many_lost_ = loss_open_ = true;
  count("too many disks lost");
  const bool all = world_.one_in(2);
  auto left = all ? cluster_.size() : cluster_.size() - cluster_.disks_to_fill_from() + 1;
  const auto first = world_.below(cluster_.size());
  for (std::size_t i = 0; i < cluster_.size() && left > 0; ++i, --left)
    cluster_.crash(cluster_[(first + i) % cluster_.size()], all ? loss::set_aside : loss::disk, world_.between(5, 500));
  if (on_too_many_lost) on_too_many_lost();
  world_.after(world_.between(500, 6'000) * ms, [this] { accept_loss(); });
}

/// On as few members as the others can be filled from.
void faults::accept_loss() {
  if (!loss_open_) return;
  loss_open_ = false;
  auto sound = cluster_.sound_disks();
  for (auto& m : cluster_.members()) {
    const auto held = m->storage.store().summary();
    if (sound >= cluster_.disks_to_fill_from()) return;
    if (held && held->disks.complete && !m->wiping) continue;
    count("loss accepted");
    world_.trace("the loss is accepted on", m->name);
    m->accept_loss = true;
    cluster_.crash(*m, loss::memory, 10);
    ++sound;
  }
}

/// The worst that a lost disk can meet: one member misses what the others acknowledge; then it is there again, one of
/// those others comes back with a new disk, and the rest that know are not to be heard.
void faults::rolling_isolation() {
  auto [late, lost] = any_two();
  if (!lost->up || !late->up || !cluster_.may_lose_a_disk()) return;
  count("rolling isolation");
  for (auto& other : cluster_.members())
    if (other.get() != late) set_cut(*late, *other, true);
  world_.after(world_.between(20, 2'000) * ms, [this, late = late, lost = lost] {
    if (stopped_ || !lost->up || !cluster_.may_lose_a_disk()) return cluster_.heal_all();
    cluster_.heal_all();
    count("lost disk");
    cluster_.crash(*lost, loss::disk, world_.between(5, 50));
    for (auto& other : cluster_.members())
      if (other.get() != late && other.get() != lost) {
        set_cut(*late, *other, true);
        set_cut(*lost, *other, true);
      }
    // Half of the time long enough, and undisturbed, for the new disk to be filled from the one that is late, were that
    // enough.
    const bool undisturbed = world_.one_in(2);
    const auto until_ms = world_.between(undisturbed ? 12'500 : 500, 16'000);
    if (undisturbed) quiet_until_us_ = world_.now_us() + until_ms * ms;
    world_.after(until_ms * ms, [this] { cluster_.heal_all(); });
  });
}

/// A member acknowledges a write and loses its disk; the rest hear of that write late, and the member that made it dies
/// before its own slow disk has it. When the last acknowledgement comes, the new disk may not count yet: it was filled
/// with what the others held before.
void faults::promise_under_way() {
  auto [writes, lost] = any_two();
  if (!lost->up || !writes->up || !cluster_.may_lose_a_disk()) return;
  count("promise under way");
  world_.trace("promise under way from", lost->name, "to", writes->name);
  const auto late_ms = world_.between(300, 600);
  member* knows = nullptr;
  for (auto& other : cluster_.members()) {
    if (other.get() == writes || other.get() == lost) continue;
    knows = other.get();
    auto& there = cluster_.net.weather(writes->name, other->name);
    there.latency_us = late_ms * ms;
    there.jitter_us = 0;
  }
  writes->storage.sync_us_min = writes->storage.sync_us_max = 2'000 * ms;
  if (on_promise_under_way) on_promise_under_way(*writes);
  world_.after(world_.between(45, 250) * ms, [this, lost = lost] {
    if (stopped_ || !lost->up || !cluster_.may_lose_a_disk()) return;
    count("lost disk");
    cluster_.crash(*lost, loss::disk, world_.between(2, 20), false);
  });
  world_.after((late_ms + world_.between(250, 450)) * ms, [this, writes = writes, lost = lost, knows] {
    writes->storage.sync_us_min = sync_us_least;
    writes->storage.sync_us_max = sync_us_most;
    cluster_.heal_all();
    if (stopped_ || !writes->up) return;
    cluster_.crash(*writes, loss::memory, world_.between(2, 20), false);
    set_cut(*knows, *writes, true);
    set_cut(*knows, *lost, true);
    world_.after(world_.between(500, 3'000) * ms, [this] { cluster_.heal_all(); });
  });
}

/// A member is far from all others; what it stores and is asked to keep is on its disk alone when that is lost, and
/// what it sent is lost with it.
void faults::kept_alone() {
  auto& m = any();
  if (!m.up || !cluster_.may_lose_a_disk()) return;
  count("kept alone");
  world_.trace("kept alone at", m.name);
  for (auto& other : cluster_.members()) {
    if (other.get() == &m) continue;
    auto& there = cluster_.net.weather(m.name, other->name);
    there.latency_us = world_.between(400, 600) * ms;
    there.jitter_us = 0;
  }
  if (on_kept_alone) on_kept_alone(m);
  world_.after(world_.between(150, 300) * ms, [this, &m] {
    if (!stopped_ && m.up && cluster_.may_lose_a_disk()) {
      count("lost disk");
      cluster_.crash(m, loss::disk, world_.between(20, 50), false);
    }
    world_.after(ms, [this] { cluster_.heal_all(); });
  });
}

/// A disk is copied, lost, filled again, and then somebody puts the copy back in: the node comes up with everything it
/// had then, and nothing it promised since. All links are up at that time: nobody can tell before it meets one who
/// knows.
void faults::old_disk() {
  auto& m = any();
  if (!m.up || !cluster_.may_lose_a_disk()) return;
  m.storage.copy();
  count("lost disk");
  // Of the rows that only this member writes the copy has older ones.
  if (on_late_copy) on_late_copy(m, 21'000);
  cluster_.crash(m, loss::disk, world_.between(5, 100));
  world_.after(world_.between(13'000, 18'000) * ms, [this, &m] {
    if (stopped_ || !m.up || !cluster_.may_lose_a_disk() || !cluster_.everybody_knows_disk_of(m)) return;
    count("old disk put back");
    cluster_.heal_all();
    if (world_.one_in(2)) return old_disk_meets_late(m);
    cluster_.crash(m, loss::news, world_.between(5, 100));
  });
}

/// The old disk meets first, and for long only, a member that missed what the others acknowledged of late: both lack
/// it.
void faults::old_disk_meets_late(member& old) {
  auto* late = &any();
  while (late == &old) late = &any();
  for (auto& other : cluster_.members())
    if (other.get() != late) set_cut(*late, *other, true);
  world_.after(world_.between(100, 1'500) * ms, [this, &old, late] {
    cluster_.heal_all();
    if (stopped_ || !old.up || !cluster_.may_lose_a_disk() || !cluster_.everybody_knows_disk_of(old)) return;
    cluster_.crash(old, loss::news, world_.between(5, 50));
    for (auto& other : cluster_.members())
      if (other.get() != late && other.get() != &old) {
        set_cut(*late, *other, true);
        set_cut(old, *other, true);
      }
    world_.after(world_.between(500, 5'000) * ms, [this] { cluster_.heal_all(); });
  });
}

void faults::reset() {
  auto [one, other] = any_two();
  if (world_.one_in(3)) {
    count("resets at slow disks");
    return resets_at_slow_disks(*one, world_.between(50, 300), static_cast<int>(world_.between(3, 10)));
  }
  count("reset");
  world_.trace("reset", one->name, other->name);
  cluster_.net.reset(one->name, other->name);
}

/// The streams of one break while the disks of the others are slow: what it sent comes again before they have done it,
/// and it never hears the first answer, which may have been that something newer is there.
void faults::resets_at_slow_disks(member& m, std::int64_t sync_ms, int left) {
  const bool over = stopped_ || left == 0;
  member* other = nullptr;
  for (auto& one : cluster_.members()) {
    if (one.get() == &m) continue;
    one->storage.sync_us_min = over ? sync_us_least : sync_ms * ms;
    one->storage.sync_us_max = over ? sync_us_most : sync_ms * ms;
    if (!over) cluster_.net.reset(m.name, one->name);
    if (other == nullptr || world_.one_in(2)) other = one.get();
  }
  if (over) return;
  if (on_slow_talker && left % 2 == 1) on_slow_talker(*other, m);
  world_.after(world_.between(60, 400) * ms, [this, &m, sync_ms, left] { resets_at_slow_disks(m, sync_ms, left - 1); });
}

void faults::bad_line() {
  auto [one, other] = any_two();
  count("bad line");
  auto& weather = cluster_.net.weather(one->name, other->name);
  weather.latency_us = world_.between(100, 100'000);
  weather.jitter_us = weather.latency_us / 2;
  weather.lost_one_in = world_.one_in(2) ? 3 : 0;
  if (world_.one_in(3)) {
    count("narrow line");
    weather.bytes_per_s = static_cast<std::uint64_t>(world_.between(10'000, 200'000));
  }
  if (world_.one_in(2)) {
    count("frames arrive twice");
    weather.twice_one_in = cluster_.net.weather(other->name, one->name).twice_one_in = 4;
  }
  world_.after(world_.between(50, 5'000) * ms, [this, one = one, other = other] { cluster_.heal(*one, *other); });
}

/// One member hears at once and is heard late, and another is behind: what it asks is answered by members that have
/// moved on since, each by a different way.
void faults::slow_talker() {
  auto [slow, behind] = any_two();
  count("slow talker");
  world_.trace("slow talker", slow->name, "and behind", behind->name);
  for (auto& other : cluster_.members()) {
    if (other.get() == slow) continue;
    auto& from_slow = cluster_.net.weather(slow->name, other->name);
    from_slow.latency_us = other.get() == behind ? 100 * ms : 70 * ms;
    from_slow.jitter_us = other.get() == behind ? 5 * ms : 60 * ms;
    if (other.get() != behind)
      cluster_.net.weather(other->name, behind->name).latency_us = world_.between(200, 600) * ms;
  }
  const auto clock_ms = behind->time.offset_ms;
  if (std::llabs(clock_ms) < 1'000) behind->time.offset_ms -= 700;
  if (on_slow_talker) on_slow_talker(*slow, *behind);
  // What the one that is behind writes, and a newer version stands in the way of, comes there twice.
  if (world_.one_in(3))
    resets_at_slow_disks(*behind, world_.between(100, 300), static_cast<int>(world_.between(5, 15)));
  world_.after(world_.between(1'000, 4'000) * ms, [this, slow = slow, behind = behind, clock_ms] {
    if (behind->time.offset_ms == clock_ms - 700) behind->time.offset_ms = clock_ms;
    for (auto& other : cluster_.members()) {
      if (other.get() != slow) cluster_.heal(*slow, *other);
      if (other.get() != behind) cluster_.heal(*behind, *other);
    }
  });
}

/// The others have a member's entries before its own slow disk does, and then it dies, or the disk is lost: what it
/// makes next of rows that nobody else writes, it makes of a copy that is behind.
void faults::late_copy() {
  auto& m = any();
  if (!m.up) return;
  count("late copy");
  m.storage.sync_us_min = m.storage.sync_us_max = world_.between(20, 300) * ms;
  // A lost disk has to be filled again before it counts anything.
  const bool disk = world_.one_in(4);
  if (on_late_copy) on_late_copy(m, disk ? 18'000 : 2'500);
  world_.after(world_.between(50, 600) * ms, [this, &m, disk] {
    m.storage.sync_us_min = sync_us_least;
    m.storage.sync_us_max = sync_us_most;
    if (stopped_ || !m.up || (disk && !cluster_.may_lose_a_disk())) return;
    if (disk) count("lost disk");
    cluster_.crash(m, disk ? loss::disk : world_.one_in(2) ? loss::power : loss::memory, world_.between(5, 200));
  });
}

/// Somebody else fills a disk, or all but one, and makes room again later. Seldom in the very instant between the
/// node's look and its write.
void faults::full_disk() {
  if (world_.one_in(4)) {
    count("disk runs out at a write");
    any().storage.runs_out = true;
    return;
  }
  count("full disk");
  auto& spared = any();
  const bool one_only = world_.one_in(2);
  for (auto& m : cluster_.members()) {
    if ((m.get() == &spared) != one_only) continue;
    world_.trace("the disk of", m->name, "is full");
    m->storage.fill(true);
    world_.after(world_.between(50, world_.one_in(8) ? 20'000 : 5'000) * ms, [this, &m = *m] {
      world_.trace("there is space on the disk of", m.name);
      m.storage.fill(false);
    });
  }
}

void faults::clock_jump() {
  auto& m = any();
  const auto offset_ms = world_.one_in(2) ? world_.between(-3'600'000, 3'600'000) : world_.between(-1'500, 1'500);
  // What a majority of clocks shows is the time, however wrong (docs/simulation.md, known limits).
  for (const auto& other : cluster_.members())
    if (other.get() != &m && std::llabs(other->time.offset_ms) > 2'000
        && std::llabs(other->time.offset_ms - offset_ms) < 10'000)
      return;
  count("clock jump");
  m.time.offset_ms = offset_ms;
  world_.trace(m.name, "clock", std::to_string(m.time.offset_ms));
  world_.after(world_.between(50, 5'000) * ms, [&m] { m.time.offset_ms = 0; });
}

void faults::kill_actor() {
  auto& m = any();
  if (!m.up) return;
  v1::ActorsReply tree;
  m.life->api().describe(&tree);
  std::vector<std::string> actors;
  for (const auto& actor : tree.actors())
    if (actor.name() != "supervisor") actors.push_back(actor.name());
  if (actors.empty()) return;  // the tree does not stand yet
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
      const auto from_us = world_.now_us();
      world_.run_until(from_us + world_.between(1, may_stand_long(p) ? 1'500 : 400) * ms, [m] { return !m->up; });
      // Longer than meant when another node stood still meanwhile: what began last ends first.
      if (!may_stand_long(p)) m->pauses.emplace_back(from_us, world_.now_us());
      --m->standing;
      return;
    }
  }
}

}  // namespace quorate::sim
