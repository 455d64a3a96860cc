// The link's machine between a writer, a disk and a peer that do whatever they may do, in any order.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>

#include "actors/core/link.hpp"
#include "proto/limits.hpp"
#include "tests/core/numbers.hpp"
#include "tests/core/pick.hpp"

using namespace quorate;

namespace {

const log_id relayed_a{node_id{2}, 20};
const log_id relayed_b{node_id{3}, 30};

/// A few sizes of entries, shared: frames fill up and the window closes, and no memory is spent on it.
encoded_entry entry_of(const log_id& log, sequence_number sequence) {
  static const std::array<shared_bytes, 4> sizes{std::make_shared<const std::string>(100, 'x'),
                                                 std::make_shared<const std::string>(200'000, 'x'),
                                                 std::make_shared<const std::string>(400'000, 'x'),
                                                 std::make_shared<const std::string>(limits::entry_bytes_max, 'x')};
  return {log, sequence, sizes[(sequence * 7 + log.epoch) / 3 % sizes.size()]};
}

std::string name(const log_id& log) {
  return std::to_string(to_number(log.origin)) + "." + std::to_string(log.epoch) + ":";
}

struct frame {
  log_id log;
  sequence_number first = 0;
  sequence_number last = 0;
  std::size_t bytes = 0;
  int refusals_heard = 0;  ///< of this log, when the link sent it
};

/// What the peer says about one frame, or an echo of its whole vector.
struct answer {
  std::optional<frame> about;
  std::optional<log_position> ack;
  std::optional<sequence_number> refused_have;
  bool gap = false;
  std::vector<log_position> echo;
};

class simulation {
 public:
  /// `elsewhere`: the peer also gets entries from other members.
  explicit simulation(bool elsewhere) : elsewhere_(elsewhere) {}

  void step() {
    now_ms_ += *rc::gen::element(0, 0, 1, 15, 40, 250);
    switch (pick(0, 16)) {
      case 0:
      case 1: publish(pick<sequence_number>(1, 5)); break;
      case 2:
      case 3: deliver_published(); break;
      case 4: commit(pick<sequence_number>(0, 6)); break;
      case 5: tick(); break;
      case 6: grow_relayed(); break;
      case 7: relay(); break;
      case 8:
      case 9: answer_read(pick(0, 5) != 0); break;
      case 10:
      case 11: serve(true); break;
      case 12:
      case 13: deliver_answer(); break;
      case 14: open_ ? pump() : open_stream(pick(0, 4) == 0); break;
      case 15: rare(); break;
    }
    check();
  }

  /// Nothing new happens, everything under way arrives, time passes: is the peer given all it should have?
  void settle() {
    if (!open_) open_stream(false);
    for (int round = 0; round < 120; ++round) {
      now_ms_ += 40;
      while (!published_.empty()) deliver_published();
      commit(made_[live_]);
      tick();
      while (!to_peer_.empty() || !answers_.empty() || !reads_.empty()) {
        while (!reads_.empty()) answer_read(true);
        while (!to_peer_.empty()) serve(false);
        while (!answers_.empty()) deliver_answer();
        pump();
        check();
      }
    }
    RC_ASSERT(peer_.at(live_) == made_[live_]);
    for (const auto& [log, upto] : ordered_) RC_ASSERT(peer_.at(log) >= upto);
    RC_ASSERT(machine_.bytes_in_flight() == 0u);
  }

 private:
  // This node.

  void publish(sequence_number count) {
    std::vector<encoded_entry> made;
    for (; count > 0; --count) made.push_back(entry_of(live_, ++made_[live_]));
    published_.push_back(std::move(made));
  }

  void deliver_published() {
    if (published_.empty()) return;
    const auto& made = published_.front();
    RC_LOG() << "published " << name(made.front().log) << made.front().sequence << ".." << made.back().sequence << "\n";
    takes_as_live(made.front().log);
    machine_.on_published(made);
    published_.pop_front();
    pump();
  }

  void commit(sequence_number count) { on_disk_[live_] = std::min(made_[live_], on_disk_[live_] + count); }

  void committed() {
    takes_as_live(live_);
    machine_.on_committed({live_, on_disk_[live_]});
  }

  void tick() {
    committed();
    pump();
  }

  /// A log the link takes for the live one cannot be relayed; late news of an earlier life may name that one again.
  /// The reconciler repeats its orders, so it will be.
  void takes_as_live(const log_id& log) {
    link_live_ = log;
    ordered_.erase(log);
  }

  void grow_relayed() {
    const auto& log = *rc::gen::element(relayed_a, relayed_b);
    made_[log] += pick<sequence_number>(1, 5);
    on_disk_[log] = made_[log];
  }

  void relay() {
    std::vector<log_position> candidates;
    for (const auto& [log, upto] : on_disk_)
      if (log != live_ && upto > 0) candidates.push_back({log, upto});
    if (candidates.empty()) return;
    auto order = *rc::gen::elementOf(candidates);
    RC_LOG() << "relay upto " << name(order.log) << order.sequence << "\n";
    machine_.on_relay(order);
    if (open_ && order.log != link_live_) ordered_[order.log] = std::max(ordered_[order.log], order.sequence);
    pump();
  }

  void answer_read(bool whole) {
    if (reads_.empty()) return;
    auto order = reads_.front();
    reads_.pop_front();
    std::vector<encoded_entry> entries;
    std::size_t bytes = 0;
    for (auto s = order.first; s <= on_disk_[order.log]; ++s) {
      auto e = entry_of(order.log, s);
      if (!entries.empty() && (bytes + e.bytes->size() > order.bytes_max || !whole)) break;
      bytes += e.bytes->size();
      entries.push_back(std::move(e));
    }
    RC_LOG() << "read " << name(order.log) << order.first << "+" << entries.size() << "\n";
    machine_.on_read(order.log, std::move(entries), now_ms_);
    pump();
  }

  /// As the peer_link actor does it: one frame at a time, reads on the way.
  void pump() {
    if (!open_) return;
    for (;;) {
      auto order = machine_.next(now_ms_);
      if (auto* read = std::get_if<core::read_order>(&order)) {
        RC_ASSERT(read->first > 0u);
        reads_.push_back(*read);
      } else if (auto* send = std::get_if<core::send_order>(&order)) {
        RC_ASSERT_FALSE(send->entries.empty());
        const auto& log = send->entries.front().log;
        frame f{log, send->entries.front().sequence, send->entries.back().sequence, 0, heard_refusals_[log]};
        for (std::size_t i = 0; i < send->entries.size(); ++i) {
          RC_ASSERT(send->entries[i].log == f.log);
          RC_ASSERT(send->entries[i].sequence == f.first + i);
          f.bytes += send->entries[i].bytes->size();
        }
        RC_ASSERT(f.last <= made_[f.log]);
        RC_ASSERT(f.bytes <= limits::frame_entries_bytes_max);
        RC_LOG() << now_ms_ << " sent " << name(f.log) << f.first << ".." << f.last << "\n";
        to_peer_.push_back(f);
        unanswered_.push_back(f);
        return;
      } else {
        return;
      }
    }
  }

  // The stream and the peer.

  void open_stream(bool disk_lost) {
    open_ = true;
    auto late = std::exchange(to_peer_, {});
    answers_.clear();
    unanswered_.clear();
    ordered_.clear();
    heard_refusals_.clear();
    refusals_.clear();
    if (disk_lost) {
      std::vector<log_position> earlier;
      for (const auto& p : numbers_of(peer_.list())) earlier.push_back({p.log, pick<sequence_number>(0, p.sequence)});
      peer_ = core::log_vector(earlier);
      late.clear();
    }
    RC_LOG() << "open\n";
    machine_.on_open(peer_.list());
    committed();
    // The peer may have frames of the old stream in hand still; nobody hears its answers to them.
    for (auto left = pick<std::size_t>(0, late.size() + 1); left > 0; --left) {
      for (auto s = late.front().first; s <= late.front().last; ++s)
        if (peer_.place(late.front().log, s) == core::placement::next) peer_.advance(late.front().log, s);
      late.pop_front();
    }
    pump();
  }

  /// The peer takes a group of frames; its vector may be heard of before its answers.
  void serve(bool may_refuse) {
    if (!open_) return;
    std::deque<answer> answers;
    auto count = may_refuse ? pick(1, 4) : 1;
    for (; count > 0 && !to_peer_.empty(); --count) {
      auto f = to_peer_.front();
      to_peer_.pop_front();
      answers.push_back(judge(f, may_refuse && pick(0, 5) == 0));
      if (may_refuse && pick(0, 3) == 0) gain(pick(0, 2) == 0 ? f.log : *rc::gen::element(live_, relayed_a, relayed_b));
    }
    auto echo = may_refuse ? pick(0, 4) : 0;
    if (echo == 1) answers.push_back({{}, {}, {}, false, numbers_of(peer_.list())});
    if (echo == 2) answers.push_front({{}, {}, {}, false, numbers_of(peer_.list())});
    answers_.insert(answers_.end(), answers.begin(), answers.end());
  }

  answer judge(const frame& f, bool refuse) {
    answer a{f, {}, {}, false, {}};
    auto refuse_from = refuse ? pick(f.first, f.last + 1) : f.last + 1;
    for (auto s = f.first; s <= f.last; ++s) {
      auto place = peer_.place(f.log, s);
      a.gap = place == core::placement::gap;
      // A gap is nobody's fault only behind a refusal the link had not heard of when it sent this.
      if (a.gap) RC_ASSERT(f.refusals_heard < refusals_[f.log]);
      if (a.gap || (place == core::placement::next && s >= refuse_from)) {
        ++refusals_[f.log];
        a.refused_have = peer_.at(f.log);
        break;
      }
      if (place == core::placement::next) peer_.advance(f.log, s);
      a.ack = {f.log, s};
    }
    return a;
  }

  void deliver_answer() {
    if (!open_ || answers_.empty()) return;
    auto a = answers_.front();
    answers_.pop_front();
    if (a.about) {
      unanswered_.pop_front();
      RC_LOG() << now_ms_ << " heard of " << name(a.about->log) << a.about->first << ".." << a.about->last << ": ack "
               << (a.ack ? a.ack->sequence : 0) << (a.refused_have ? a.gap ? ", gap" : ", refused" : "") << "\n";
      // An honest acknowledgement is never taken for one of what was not sent.
      if (a.ack) RC_ASSERT(machine_.acknowledgeable(*a.ack));
      if (a.ack) machine_.on_held(*a.ack);
      if (a.refused_have) {
        ++heard_refusals_[a.about->log];
        machine_.on_refused(a.about->log, *a.refused_have, now_ms_ + (a.gap ? 0 : limits::refusal_retry_ms));
      }
    }
    for (const auto& position : a.echo) {
      RC_LOG() << "echo " << name(position.log) << position.sequence << "\n";
      machine_.on_held(position);
    }
    pump();
  }

  /// Entries that came to the peer from another member.
  void gain(const log_id& log) {
    if (!elsewhere_) return;
    auto upto = std::min(made_[log], peer_.at(log) + pick<sequence_number>(1, 6));
    RC_LOG() << "gained " << name(log) << upto << "\n";
    peer_.raise({log, upto});
  }

  void rare() {
    switch (pick(0, 4)) {
      case 0:
        machine_.on_closed();
        open_ = false;
        if (pick(0, 2) == 0) reads_.clear();  // the reader died too
        break;
      case 1:
        // A new life of the writer. What the old one published and did not commit is gone here; the link may hear
        // of the new life before it hears what the old one had to say.
        live_.epoch += 1;
        break;
      case 2:
        // A new link actor: it has missed what was in its predecessor's inbox.
        machine_ = core::link();
        link_live_ = {};
        published_.clear();
        reads_.clear();
        open_ = false;
        break;
      case 3: gain(*rc::gen::element(live_, relayed_a, relayed_b)); break;
    }
  }

  void check() {
    RC_ASSERT(machine_.bytes_in_flight() <= limits::link_window_bytes_max);
    RC_ASSERT(machine_.recent_bytes() <= limits::link_backlog_bytes_max);
    if (!open_) return;
    RC_ASSERT(peer_.covers(machine_.peer_vector()));
    // Counted here as well, where nothing but this stream's answers and echoes can change the account.
    if (elsewhere_ || live_.epoch != 10) return;
    std::size_t under_way = 0;
    for (const auto& f : unanswered_)
      if (f.last > machine_.peer_vector().at(f.log)) under_way += f.bytes;
    RC_ASSERT(under_way <= limits::link_window_bytes_max);
  }

  const bool elsewhere_;
  core::link machine_;
  std::int64_t now_ms_ = 1'000;
  log_id live_{node_id{1}, 10};
  log_id link_live_;  ///< what the link takes for it
  std::map<log_id, sequence_number> made_;
  std::map<log_id, sequence_number> on_disk_;
  std::deque<std::vector<encoded_entry>> published_;  ///< on the way from the writer to the link
  std::deque<core::read_order> reads_;

  bool open_ = false;
  std::deque<frame> to_peer_;
  std::deque<answer> answers_;
  std::deque<frame> unanswered_;
  std::map<log_id, sequence_number> ordered_;  ///< relays ordered on this stream
  std::map<log_id, int> refusals_;             ///< by the peer, on this stream
  std::map<log_id, int> heard_refusals_;       ///< the link knows of
  core::log_vector peer_;
};

void run(bool elsewhere) {
  simulation s(elsewhere);
  for (auto steps = pick(0, 200); steps > 0; --steps) s.step();
  s.settle();
}

}  // namespace

TEST_SUITE("core.link.properties") {
  TEST_CASE("a peer served by this node alone gets everything, without gaps, within the window") {
    CHECK(rc::check([] { run(false); }));
  }

  TEST_CASE("so does a peer that gets entries from other members too") {
    CHECK(rc::check([] { run(true); }));
  }

  // Frames behind a refused one are expected to be refused too. When the peer got the refused entry from another member
  // meanwhile it takes them: then fewer refusals are to be passed over, or what is refused next is not sent again.
  TEST_CASE("a refusal is heeded though frames behind an earlier one were taken after all") {
    CHECK(rc::check([] {
      const log_id live{node_id{1}, 10};
      const auto small = [&](sequence_number s) {
        return encoded_entry{live, s, std::make_shared<const std::string>(100, 'x')};
      };
      core::link machine;
      std::int64_t now_ms = 1'000;
      sequence_number last = 0;
      auto publish = [&] { machine.on_published({small(++last)}); };
      machine.on_open({});
      const auto behind = pick<sequence_number>(1, 5);
      for (sequence_number s = 1; s <= 1 + behind; ++s) {
        publish();
        RC_ASSERT(std::holds_alternative<core::send_order>(machine.next(now_ms)));
      }
      now_ms += limits::refusal_retry_ms;
      machine.on_refused(live, 0, now_ms);

      // The peer has entry 1 now, and takes the frames behind it: some before the pause is over, some after.
      const auto taken_early = 1 + pick<sequence_number>(1, behind + 1);
      for (sequence_number s = 2; s <= taken_early; ++s) machine.on_held({live, s});
      publish();
      auto order = machine.next(now_ms);
      if (auto* read = std::get_if<core::read_order>(&order)) {
        RC_ASSERT(read->first == taken_early + 1);
        std::vector<encoded_entry> entries;
        for (auto s = read->first; s <= last; ++s) entries.push_back(small(s));
        machine.on_read(live, entries, now_ms);
        order = machine.next(now_ms);
      }
      auto* sent = std::get_if<core::send_order>(&order);
      RC_ASSERT(std::holds_alternative<core::send_order>(order));
      RC_ASSERT(sent->entries.back().sequence == last);
      for (auto s = taken_early + 1; s < last; ++s) machine.on_held({live, s});

      machine.on_refused(live, last - 1, now_ms);
      order = machine.next(now_ms);
      auto* again = std::get_if<core::read_order>(&order);
      RC_ASSERT(std::holds_alternative<core::read_order>(order));
      RC_ASSERT(again->first == last);
    }));
  }
}
