#include "actors/inquirer.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "actors/actor_defaults.hpp"
#include "actors/readiness.hpp"
#include "actors/scheduler.hpp"
#include "proto/ensure.hpp"
#include "proto/limits.hpp"
#include "proto/test_points.hpp"

namespace quorate {
namespace {

constexpr std::chrono::milliseconds tick_interval{limits::deadline_tick_ms};

std::uint32_t all_peers(const node_context& context) { return ((1u << context.peers.size()) - 1) << 1; }

}  // namespace

void inquirer_state::start(node_context* node) {
  context = node;
  // Numbers rise over incarnations too: an answer to a dead predecessor must not be taken for one of ours.
  next_ = static_cast<std::uint64_t>(node->time.steady_us());
}

status inquirer_state::admissible(std::int64_t deadline_us, std::size_t keys, bool complete, bool to_write,
                                  unsigned needed) const {
  const auto& facts = context->facts;
  const auto sight = [&] {
    auto seen = sight_of(*context);
    seen.copies_needed = needed;
    return seen;
  };
  if (deadline_us <= context->time.steady_us())
    return {errc::deadline_exceeded, "the deadline passed before the members were asked"};
  if (!complete || facts.newest_own_disk > facts.own_disk())
    return {errc::filling,
            to_write ? core::while_filling(sight()).sentence()
                     : core::while_filling(sight()).reason + "; a LOCAL read shows what this node holds so far"};
  if (facts.peers_counting() + 1 < needed) return {errc::quorum_unreachable, core::without_quorum(sight()).sentence()};
  if (open_ + keys > limits::pending_questions_max)
    return {errc::overloaded, "too many questions to the members are open; try again later"};
  return {};
}

void inquirer_state::refuse(round& r, const status& why) {
  if (r.write) {
    net::write_answer answer;
    answer.outcome = why;
    r.write.finish(std::move(answer));
  }
  if (r.read) r.read.finish({why, {}});
}

void inquirer_state::on_inquire(std::vector<net::write_ticket>& writes) {
  for (auto& ticket : writes) {
    round r;
    r.deadline_us = ticket->deadline_us;
    r.write = std::move(ticket);
    auto possible =
        admissible(r.deadline_us, r.write->found.keys.size(), context->facts.complete(), true, context->majority());
    if (possible) possible = context->has_room();
    if (!possible) {
      refuse(r, possible);
      continue;
    }
    if (planted(planted_bug::no_question) || planted(planted_bug::stamped_twice)) {
      finish(r);
      continue;
    }
    for (const auto& key : r.write->found.keys)
      r.keys.emplace_back(key, core::inquiry::purpose::version, context->majority());
    begin(std::move(r), {});
  }
}

void inquirer_state::on_read(message::read_value& request) {
  round r;
  r.deadline_us = request.ticket->deadline_us;
  r.read = std::move(request.ticket);
  if (auto possible = admissible(r.deadline_us, 1, request.complete, false, context->majority()); !possible)
    return refuse(r, possible);
  core::holding own{request.own ? request.own->stamp : version{}, std::move(request.own)};
  r.keys.emplace_back(net::asked_key{r.read->key, own.stamp}, core::inquiry::purpose::value, context->majority());
  std::vector<core::holding> holdings;
  holdings.push_back(std::move(own));
  begin(std::move(r), std::move(holdings));
}

void inquirer_state::on_confirm(message::confirm& order) {
  for (auto& one : order.writes) {
    round r;
    r.deadline_us = one.ticket->deadline_us;
    r.copies_needed = one.copies_needed;
    r.write = std::move(one.ticket);
    for (const auto& [key, record] : one.found) r.bytes += record ? record->value.size() : 0;
    // Half of the room at most: reads and writes that ask come first.
    auto possible =
        admissible(r.deadline_us, 2 * one.found.size() + open_, context->facts.complete(), true, one.copies_needed);
    if (possible && held_bytes_ + r.bytes > limits::waiting_write_bytes_max)
      possible = {errc::overloaded, "too many writes that change nothing wait for the members; try again later"};
    if (!possible) {
      refuse(r, possible);
      continue;
    }
    std::vector<core::holding> own;
    for (auto& [key, record] : one.found) {
      const auto stamp = record ? record->stamp : version{};
      r.keys.emplace_back(net::asked_key{std::move(key), stamp}, core::inquiry::purpose::copies, one.copies_needed);
      own.push_back({stamp, std::move(record)});
    }
    held_bytes_ += r.bytes;
    begin(std::move(r), std::move(own));
  }
}

void inquirer_state::begin(round&& r, std::vector<core::holding> own) {
  const auto number = ++next_;
  auto& here = rounds_.emplace(number, std::move(r)).first->second;
  open_ += here.keys.size();
  for (std::size_t i = 0; i < here.keys.size(); ++i) {
    auto& one = here.keys[i];
    one.question = ++next_;
    numbers_[one.question] = {number, i};
    // The writer stamps above what this node holds anyway; for a read it is one answer like the others.
    one.machine.found(0, own.empty() ? core::holding{one.key.known, {}} : std::move(own[i]));
  }
  ask(here);
  settle(number);  // a cluster of one has heard everybody
}

void inquirer_state::send(std::vector<message::ask::question> questions, std::uint32_t members) {
  if (questions.empty() || members == 0) return;
  message::ask order{std::make_shared<const std::vector<message::ask::question>>(std::move(questions)), members};
  thread_loan loan;
  for (auto& link : context->links) link->send(order);
}

void inquirer_state::ask(round& r) {
  r.sent_us = context->time.steady_us();
  std::vector<message::ask::question> questions;
  for (const auto& one : r.keys) questions.push_back({one.question, one.key.key, one.key.known, {}});
  send(std::move(questions), all_peers(*context));
}

void inquirer_state::ask_again(round& r) {
  r.sent_us = context->time.steady_us();
  reached(mark::question_repeated);
  for (auto& one : r.keys) {
    if (one.machine.done()) continue;
    if (one.machine.confirming()) {
      write_back(one);
      continue;
    }
    std::uint32_t silent = 0;
    for (unsigned member = 1; member < context->members(); ++member)
      if (!one.machine.answered(member)) silent |= 1u << member;
    send({{one.question, one.key.key, one.key.known, {}}}, silent);
  }
}

void inquirer_state::write_back(const asked& one) {
  const auto& best = one.machine.best().record;
  if (!best) return;  // nobody sent the value: late answers have to agree
  std::uint32_t lacking = 0;
  for (unsigned member = 1; member < context->members(); ++member)
    if (!one.machine.holds_best(member)) lacking |= 1u << member;
  send({{one.write_back, one.key.key, {}, best}}, lacking);
  if (!one.machine.holds_best(0)) context->inbox.deliver(written_back{one.key.key, *best, one.write_back, nullptr});
}

inquirer_state::round inquirer_state::end(std::map<std::uint64_t, round>::iterator found) {
  auto r = std::move(found->second);
  rounds_.erase(found);
  for (const auto& one : r.keys) {
    numbers_.erase(one.question);
    numbers_.erase(one.write_back);
  }
  ensure(open_ >= r.keys.size(), "questions are closed once");
  open_ -= r.keys.size();
  ensure(held_bytes_ >= r.bytes, "values that wait are counted once");
  held_bytes_ -= r.bytes;
  return r;
}

bool inquirer_state::plan_again(std::map<std::uint64_t, round>::iterator found) {
  const auto& keys = found->second.keys;
  if (found->second.copies_needed == 0 || std::none_of(keys.begin(), keys.end(), [](const asked& one) {
        return one.machine.best().stamp > one.key.known;
      }))
    return false;
  reached(mark::unchanged_planned_again);
  auto r = end(found);
  r.write->found.unasked = true;
  r.write->found.keys.clear();
  for (const auto& one : r.keys) r.write->found.keys.push_back(one.key);
  std::vector<net::write_ticket> again;
  again.push_back(std::move(r.write));
  if (context->inbox.submit(again)) return true;
  r.write = std::move(again.front());
  refuse(r, {errc::overloaded, std::to_string(context->inbox.waiting()) + " writes are waiting; try again later"});
  return true;
}

void inquirer_state::on_found(const message::found& m) {
  const auto now_us = context->time.steady_us();
  std::vector<std::uint64_t> touched;
  for (const auto& finding : m.findings) {
    auto place = numbers_.find(finding.number);
    if (place == numbers_.end()) continue;
    const auto [number, index] = place->second;
    auto& r = rounds_.at(number);
    // What is learned after the deadline comes too late, say because this process stood still (core/refill.hpp).
    if (r.deadline_us <= now_us && !planted(planted_bug::late_answer_counts)) continue;
    auto& one = r.keys[index];
    if (finding.record && finding.key != one.key.key) continue;  // the value of something else
    core::holding held{finding.stamp, finding.record};
    if (finding.number == one.question)
      one.machine.found(m.member, std::move(held));
    else
      one.machine.confirmed(m.member, std::move(held));
    if (touched.empty() || touched.back() != number) touched.push_back(number);
  }
  for (const auto number : touched) settle(number);
}

void inquirer_state::settle(std::uint64_t number) {
  auto found = rounds_.find(number);
  if (found == rounds_.end()) return;
  if (plan_again(found)) return;
  auto& r = found->second;
  for (std::size_t i = 0; i < r.keys.size(); ++i) {
    auto& one = r.keys[i];
    if (!one.machine.confirming() || one.confirming == one.machine.round()) continue;
    // A new round of confirming: what answers an earlier one must not count in it.
    one.confirming = one.machine.round();
    if (one.write_back != 0) numbers_.erase(one.write_back);
    one.write_back = ++next_;
    numbers_[one.write_back] = {number, i};
    reached(mark::read_wrote_back);
    pass(kill_point::inquirer_settled);
    r.sent_us = context->time.steady_us();
    write_back(one);
  }
  if (!std::all_of(r.keys.begin(), r.keys.end(), [](const asked& one) { return one.machine.done(); })) return;
  auto ended = end(found);
  finish(ended);
}

void inquirer_state::finish(round& r) {
  ensure(std::all_of(r.keys.begin(), r.keys.end(), [](const asked& one) { return one.machine.done(); })
             || planted(planted_bug::no_question) || planted(planted_bug::stamped_twice),
         "what is answered has been asked to its end");
  if (r.read) {
    if (r.keys.front().write_back == 0) reached(mark::read_agreed_at_once);
    return r.read.finish({{}, r.keys.front().machine.best().record});
  }
  if (r.copies_needed > 0) {
    net::write_answer answer;
    answer.copies_needed = answer.copies = r.copies_needed;
    for (const auto& one : r.keys)
      ensure(one.machine.copies() >= r.copies_needed || planted(planted_bug::no_write_back)
                 || planted(planted_bug::blind_write_back) || planted(planted_bug::absence_not_written_back),
             "what is called unchanged has its copies");
    reached(mark::unchanged_confirmed);
    return r.write.finish(std::move(answer));
  }
  auto& found = r.write->found;
  for (auto& one : r.keys) {
    const auto& best = one.machine.best();
    found.floor = std::max(found.floor, best.stamp.time);
    if (!best.record) continue;
    r.write->bytes += best.record->value.size();
    found.newer.emplace_back(one.key.key, *best.record);
  }
  std::vector<net::write_ticket> ready;
  ready.push_back(std::move(r.write));
  if (context->inbox.submit(ready)) return;
  r.write = std::move(ready.front());
  refuse(r, {errc::overloaded, std::to_string(context->inbox.waiting()) + " writes are waiting; try again later"});
}

void inquirer_state::on_tick() {
  const auto now_us = context->time.steady_us();
  for (auto i = rounds_.begin(); i != rounds_.end();) {
    auto& r = i->second;
    if (r.deadline_us > now_us) {
      if (now_us - r.sent_us >= limits::question_repeat_ms * 1000) ask_again(r);
      ++i;
      continue;
    }
    const auto next = std::next(i);
    auto late = end(i);
    i = next;
    refuse(late, {errc::quorum_unreachable, "too few members answered in time"});
  }
}

caf::behavior inquirer_behavior(caf::stateful_actor<inquirer_state>* self, node_context* context) {
  install_defaults(self);
  self->state.start(context);
  // It looks at deadlines only while something is asked.
  const auto look_again = [self] {
    if (!self->state.idle() && !std::exchange(self->state.ticking, true))
      self->delayed_send(self, tick_interval, message::tick{});
  };
  return {
      [self, look_again](const message::inquire_ptr& order) {
        self->state.context->inquirer.received();
        self->state.on_inquire(order->writes);
        look_again();
      },
      [self, look_again](const message::confirm_ptr& order) {
        self->state.context->inquirer.received();
        self->state.on_confirm(*order);
        look_again();
      },
      [self, look_again](const message::read_value_ptr& request) {
        self->state.context->inquirer.received();
        self->state.on_read(*request);
        look_again();
      },
      [self](const message::found& m) {
        self->state.context->inquirer.received();
        self->state.on_found(m);
      },
      [self, look_again](message::tick) {
        self->state.ticking = false;
        self->state.on_tick();
        look_again();
      },
      [context](message::crash) {
        context->inquirer.received();
        throw_for_drill();
      },
  };
}

}  // namespace quorate
