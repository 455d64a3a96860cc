// The window towards a peer, and the whole link machine over a link that carries so many bytes a second and no more.
#include "actors/core/send_window.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "actors/core/link.hpp"
#include "proto/limits.hpp"
#include "tests/core/pick.hpp"

using namespace quorate;

namespace {

const log_id live{node_id{1}, 10};
const log_id relayed{node_id{2}, 20};

/// A link of `rate` bytes a second that takes `delay_ms` one way, between a machine with a log of equal entries on disk
/// and a peer that answers heartbeats at once and frames after its sync. Steps of a millisecond.
class slow_link {
 public:
  double rate = 125'000;
  double delay_ms = 1;
  double sync_ms = 5;
  std::size_t entry_bytes = 400;
  sequence_number entries = 0;

  core::link machine;
  double now = 1'000;
  std::size_t arrived = 0;       ///< bytes of entries
  std::size_t streams = 0;       ///< opened so far
  double silent_ms_longest = 0;  ///< from one answer to the next
  double heartbeat_ms_longest = 0;

  void run(double for_ms) {
    if (streams == 0) open();
    for (const auto end = now + for_ms; now < end; now += 1) step();
  }
  bool done() const { return machine.peer_vector().at(live) >= entries; }
  sequence_number held() const { return held_; }
  /// The peer gets the log up to here from somebody else, and says so with the next heartbeat.
  void gain(sequence_number upto) { held_ = std::max(held_, upto); }
  sequence_number sent_below_held = 0;  ///< entries sent although the machine knew that the peer has them

 private:
  struct parcel {
    double at = 0;
    sequence_number upto = 0;
    std::size_t bytes = 0;
    bool heartbeat = false;
    core::heartbeat_mark mark;
    double sent = 0;
  };

  void open() {
    ++streams;
    forth_.clear();
    back_.clear();
    heard_ = heartbeat_at_ = now;
    first_ = true;
    free_at_ = std::max(free_at_, now);  // what the old stream left on the link is in the way still
    machine.on_open({{live, held_}});
    machine.on_committed({live, entries});
  }

  void step() {
    while (!forth_.empty() && forth_.front().at <= now) {
      auto p = forth_.front();
      forth_.pop_front();
      arrived += p.bytes;
      if (p.heartbeat) back_.push_back({now + delay_ms, held_, 0, true, p.mark, p.sent});
      if (p.upto == 0) continue;
      held_ = std::max(held_, p.upto);
      syncing_.push_back({now + sync_ms, p.upto, 0, false, {}, 0});
    }
    while (!syncing_.empty() && syncing_.front().at <= now) {
      back_.push_back({now + delay_ms, syncing_.front().upto, 0, false, {}, 0});
      syncing_.pop_front();
    }
    std::stable_sort(back_.begin(), back_.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    while (!back_.empty() && back_.front().at <= now) {
      auto p = back_.front();
      back_.pop_front();
      silent_ms_longest = std::max(silent_ms_longest, now - heard_);
      heard_ = now;
      machine.on_held({live, p.upto});
      if (!p.heartbeat) continue;
      heartbeat_ms_longest = std::max(heartbeat_ms_longest, now - p.sent);
      machine.on_echo(p.mark, static_cast<std::int64_t>(now));
    }
    if (now - heard_ > static_cast<double>(machine.patience_ms())) {
      machine.on_silence();
      machine.on_closed();
      open();
    }
    while (pump()) {
    }
  }

  /// As the peer_link actor does it.
  bool pump() {
    const auto ms = static_cast<std::int64_t>(now);
    parcel p;
    for (bool more = !first_; more;) {
      auto order = machine.next(ms);
      more = false;
      if (auto* read = std::get_if<core::read_order>(&order)) {
        machine.on_read(read->log, stretch(*read), ms);
        more = true;
      } else if (auto* send = std::get_if<core::send_order>(&order)) {
        for (const auto& e : send->entries) p.bytes += e.bytes->size();
        p.upto = send->entries.back().sequence;
        if (send->entries.front().sequence <= machine.peer_vector().at(live)) ++sent_below_held;
      }
    }
    if (now >= heartbeat_at_ || machine.heartbeat_wanted()) {
      p.heartbeat = true;
      p.sent = now;
      p.mark = machine.on_heartbeat(ms);
      heartbeat_at_ = now + limits::heartbeat_ms;
    }
    first_ = false;
    if (p.upto == 0 && !p.heartbeat) return false;
    free_at_ = std::max(free_at_, now) + static_cast<double>(p.bytes + 60) * 1000 / rate;
    p.at = free_at_ + delay_ms;
    forth_.push_back(p);
    return p.upto != 0;
  }

  std::vector<encoded_entry> stretch(const core::read_order& order) {
    if (!bytes_ || bytes_->size() != entry_bytes) bytes_ = std::make_shared<const std::string>(entry_bytes, 'x');
    std::vector<encoded_entry> found;
    std::size_t bytes = 0;
    for (auto s = order.first; s <= entries; ++s) {
      bytes += entry_bytes;
      if (!found.empty() && bytes > order.bytes_max) break;
      found.push_back({order.log, s, bytes_});
    }
    return found;
  }

  shared_bytes bytes_;
  sequence_number held_ = 0;
  std::deque<parcel> forth_;
  std::deque<parcel> syncing_;
  std::deque<parcel> back_;
  double free_at_ = 0;
  double heard_ = 0;
  double heartbeat_at_ = 0;
  bool first_ = true;
};

constexpr double megabit = 125'000;  // bytes a second

}  // namespace

TEST_SUITE("core.send_window") {
  TEST_CASE_FIXTURE(slow_link,
                    "a link of 1 Mbit/s carries all it can, on one stream, and heartbeats do not wait long") {
    entries = 100'000;
    run(30'000);
    CHECK(streams == 1);
    CHECK(static_cast<double>(arrived) > 0.9 * 30 * rate);
    CHECK(heartbeat_ms_longest < 700);
    CHECK(silent_ms_longest < 500);
  }

  TEST_CASE_FIXTURE(slow_link, "one of 100 kbit/s too") {
    rate = megabit / 10;
    entries = 100'000;
    run(60'000);
    CHECK(streams == 1);
    CHECK(static_cast<double>(arrived) > 0.9 * 60 * rate);
    CHECK(silent_ms_longest <= limits::suspicion_ms);
    heartbeat_ms_longest = 0;
    run(60'000);
    CHECK(heartbeat_ms_longest < 2 * limits::link_queue_ms_max);
  }

  TEST_CASE_FIXTURE(slow_link, "the largest entries pass a link of 1 Mbit/s") {
    entry_bytes = limits::entry_bytes_max;
    entries = 5;
    run(60'000);
    CHECK(done());
    CHECK(streams <= 3);  // it may take a stream or two to find out how slow the link is
    const auto needed = streams;
    entries += 5;
    machine.on_committed({live, entries});
    run(30'000);
    CHECK(done());
    CHECK(streams == needed);
  }

  TEST_CASE_FIXTURE(slow_link, "records of 64 KiB pass a link of 1 Mbit/s on one stream") {
    entry_bytes = 66'000;
    entries = 100;
    run(60'000);
    CHECK(done());
    CHECK(streams == 1);
    CHECK(silent_ms_longest < limits::suspicion_ms);
  }

  TEST_CASE_FIXTURE(slow_link, "a fast link has the whole window after a few round trips") {
    rate = 1e9;
    delay_ms = 2;
    entries = 1'000'000;
    run(100);  // some twenty of them
    CHECK(machine.window_bytes() == limits::link_window_bytes_max);
    CHECK(streams == 1);
  }

  TEST_CASE_FIXTURE(slow_link, "a far one too, and it is not mistaken for a slow one") {
    rate = 1e8;
    delay_ms = 300;
    entries = 1'000'000;
    run(8'000);
    CHECK(machine.window_bytes() == limits::link_window_bytes_max);
    CHECK(streams == 1);
  }

  TEST_CASE_FIXTURE(slow_link, "a peer with a slow disk behind a fast link gets the whole window") {
    rate = 1e9;
    sync_ms = 1'000;
    entries = 1'000'000;
    run(1'000);
    CHECK(machine.window_bytes() == limits::link_window_bytes_max);
    CHECK(streams == 1);
  }

  TEST_CASE_FIXTURE(slow_link, "a link that was slow for a while grows again") {
    rate = megabit / 10;
    entries = 1'000'000;
    run(20'000);
    CHECK(machine.window_bytes() <= limits::link_window_bytes_first / 4);
    rate = 1e9;
    run(3'000);
    CHECK(machine.window_bytes() == limits::link_window_bytes_max);
    CHECK(streams == 1);
  }

  TEST_CASE_FIXTURE(slow_link, "a fast link that becomes slow is found out, and goes on") {
    rate = 1e8;
    entries = 1'000'000;
    run(500);
    rate = megabit * 10;
    run(20'000);
    const auto before = arrived;
    const auto opened = streams;
    rate = megabit;
    run(20'000);
    CHECK(streams <= opened + 1);
    CHECK(arrived > before);
  }

  TEST_CASE_FIXTURE(slow_link, "what the peer gets from others is not sent again") {
    entries = 20'000;
    run(5'000);
    const auto before = arrived;
    gain(19'000);
    run(20'000);
    CHECK(done());
    CHECK(sent_below_held == 0);
    CHECK(arrived - before < 1'000 * entry_bytes + 2 * limits::link_window_bytes_first);
  }

  TEST_CASE("a dead peer is suspected in time unless a large entry is under way") {
    core::send_window window;
    CHECK(window.patience_ms(0) == limits::suspicion_ms);
    CHECK(window.patience_ms(window.bytes()) == limits::suspicion_ms);
    CHECK(window.patience_ms(limits::entry_bytes_max) > limits::suspicion_ms);
    for (int i = 0; i < 100; ++i) window.on_silence();
    CHECK(window.bytes() == limits::link_window_bytes_min);
    CHECK(window.patience_ms(limits::entry_bytes_max) < 60'000);
    CHECK(window.patience_ms(limits::link_window_bytes_max) == window.patience_ms(limits::entry_bytes_max));
  }

  TEST_CASE("a window that holds nothing back does not grow, and a single pause does not take it away") {
    core::send_window window;
    auto beat = [&](bool held_back, std::int64_t took_ms) {
      core::heartbeat_mark mark{1'000, 1'000, 300, 0, held_back, 0};
      window.on_heartbeat(mark);
      window.on_echo(mark, 1'000 + took_ms);
    };
    beat(false, 1);
    CHECK(window.bytes() == limits::link_window_bytes_first);
    beat(true, 1);
    CHECK(window.bytes() == 2 * limits::link_window_bytes_first);
    beat(false, 1'400);
    CHECK(window.bytes() == limits::link_window_bytes_first);
    // Heartbeats that were on the way during the same pause say the same thing again.
    core::heartbeat_mark one{1'000, 1'000, 300, 0, false, 0};
    window.on_heartbeat(one);
    auto other = one;
    window.on_echo(one, 2'000);
    window.on_echo(other, 2'000);
    CHECK(window.bytes() == limits::link_window_bytes_first / 2);
  }

  TEST_CASE("questions wait for the link as entries do, and one always goes") {
    core::link machine;
    machine.on_open({});
    std::size_t sent = 0;
    while (const auto room = machine.question_room()) {
      CHECK(room <= machine.window_bytes() / 4);
      machine.on_questions_sent(room);
      sent += room;
      REQUIRE(sent <= limits::link_window_bytes_first);
    }
    CHECK(sent > limits::link_window_bytes_first / 2);
    CHECK(machine.heartbeat_wanted());
    const auto mark = machine.on_heartbeat(1'000);
    CHECK_FALSE(machine.heartbeat_wanted());
    machine.on_echo(mark, 1'001);
    CHECK(machine.question_room() > 0);
    machine.on_questions_sent(limits::entry_bytes_max);
    CHECK(machine.question_room() == 0);
    machine.on_echo(machine.on_heartbeat(1'002), 1'003);
    CHECK(machine.question_room() > 0);
  }

  TEST_CASE("any link from 100 kbit/s on makes progress, at its rate, and settles on one stream") {
    CHECK(rc::check([] {
      slow_link link;
      link.rate = *rc::gen::element(12'500.0, 25'000.0, 50'000.0, 125'000.0, 1e6, 1e7, 1e8);
      link.delay_ms = pick(0, 200);
      link.sync_ms = pick(0, 300);
      link.entry_bytes = *rc::gen::element<std::size_t>(100, 400, 3'000, 20'000, 66'000);
      link.entries = 1'000'000;
      // It may take some streams to find out how slow it is.
      link.run(60'000);
      const auto streams = link.streams;
      const auto arrived = link.arrived;
      link.heartbeat_ms_longest = 0;
      link.run(60'000);
      RC_ASSERT(link.streams == streams);
      RC_ASSERT((link.arrived > arrived || link.done()));
      const auto entry_ms = static_cast<double>(link.entry_bytes) * 1000 / link.rate;
      RC_ASSERT(link.heartbeat_ms_longest < limits::suspicion_ms + 2 * entry_ms);
      // An entry larger than the window goes alone, and waits for the answer to the one before.
      const auto round_ms = entry_ms + 2 * link.delay_ms + link.sync_ms;
      const auto share = link.entry_bytes <= 400 ? 0.3 : 0.5 * entry_ms / round_ms;
      if (link.rate <= megabit) RC_ASSERT(static_cast<double>(link.arrived - arrived) > share * link.rate * 60);
    }));
  }
}
