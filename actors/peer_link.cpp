#include "actors/peer_link.hpp"

#include <algorithm>
#include <chrono>

#include "actors/actor_defaults.hpp"
#include "actors/configuration.hpp"
#include "actors/core/membership.hpp"
#include "actors/core/new_log_pace.hpp"
#include "actors/core/peer_rules.hpp"
#include "actors/log.hpp"
#include "actors/scheduler.hpp"
#include "proto/entry_codec.hpp"
#include "proto/limits.hpp"
#include "proto/member_proof.hpp"
#include "proto/test_points.hpp"
#include "quorate/v1/replication.pb.h"

namespace quorate {
namespace {

constexpr std::chrono::milliseconds tick_interval{40};
constexpr std::int64_t read_patience_ms = 2'000;  // the reader may have died with our order
constexpr std::int64_t probe_ms_min = 10;         // between heartbeats that find out how wide the way is
constexpr std::size_t heartbeats_max = 64;
constexpr std::int64_t round_trip_us_max = 500'000;  // longer ones say too little about a clock

/// Turns what happens on a stream into messages to the link that owns it.
class stream_events final : public net::peer_stream_events {
 public:
  stream_events(std::shared_ptr<address> link, std::uint64_t stream, std::shared_ptr<stream_readiness> ready)
      : link_(std::move(link)), stream_(stream), ready_(std::move(ready)) {}
  // The stream's thread lends itself: the link, and fanout behind it, deal with an acknowledgement at once.
  void on_answer(v1::PeerAnswer&& answer) override {
    thread_loan loan;
    link_->send(message::stream_answer{stream_, std::make_shared<v1::PeerAnswer>(std::move(answer))});
  }
  void on_sent() override {
    ready_->writable = true;
    thread_loan loan;
    if (ready_->wanted.exchange(false)) link_->send(message::stream_sent{stream_});
  }
  void on_closed(const status& why) override { link_->send(message::stream_closed{stream_, why}); }

 private:
  const std::shared_ptr<address> link_;
  const std::uint64_t stream_;
  const std::shared_ptr<stream_readiness> ready_;
};

std::size_t bytes_of(const message::ask::question& question) {
  const auto value = question.write_back ? question.write_back->value.size() + question.write_back->alias.size() : 0;
  return question.key.bytes.size() + value + 64;
}

}  // namespace

void peer_link_state::start(node_context* node, std::size_t peer_index) {
  context = node;
  index = peer_index;
  jitter_.seed(static_cast<std::uint32_t>(node->instance ^ (peer_index + 1)));
  // Stream numbers rise over incarnations too, so that events of a dead predecessor's stream are known as stale.
  stream_number_ = static_cast<std::uint64_t>(node->time.steady_us());
  node->facts.change_peer(index, [](peer_fact& f) { f.up = false; });
}

void peer_link_state::connect() {
  phase_ = phase::connecting;
  ready_ = std::make_shared<stream_readiness>();
  connecting_since_ms_ = now_ms();
  ++stream_number_;
  own_nonce_ = context->nonce();
  peer_nonce_.clear();
  hello_due_ = false;
  v1::Knock knock;
  knock.set_protocol(protocol_version);
  knock.set_cluster_id(context->options.cluster_id);
  knock.set_from(context->self.name);
  knock.set_to(context->peers[index].name);
  knock.set_nonce(own_nonce_);
  stream_ = context->transport.open(context->peers[index].address, knock,
                                    std::make_shared<stream_events>(context->links[index], stream_number_, ready_));
}

void peer_link_state::on_challenge(const v1::Challenge& challenge) {
  const bool keyed = !context->options.cluster_key.empty();
  if (auto right = core::check_nonce(challenge.nonce()); !right) return refuse(right);
  // Without a proof to come, nothing that the other side says would be worth anything.
  if (challenge.keyed() != keyed)
    return refuse({errc::not_permitted, std::string(keyed ? "it has no cluster key, and this node has one"
                                                          : "it has a cluster key, and this node has none")
                                            + ": give every node the same --cluster-key-file"});
  phase_ = phase::greeting;
  peer_nonce_ = challenge.nonce();
  connecting_since_ms_ = now_ms();  // another round trip begins
  hello_due_ = true;
  send_hello();
}

void peer_link_state::send_hello() {
  if (!hello_due_) return;
  if (!ready_->writable) {
    ready_->wanted = true;
    // It may have become writable just before it could see that it is wanted.
    if (!ready_->writable) return;
  }
  v1::Hello hello;
  hello.set_from(context->self.name);
  hello.set_to(context->peers[index].name);
  hello.set_instance(context->instance);
  hello.set_disk(context->facts.disks().own);
  fill(context->facts.members(), hello.mutable_configuration());
  hello.set_epoch(context->facts.live_log().epoch);
  for (const auto origin : context->foreign_origins()) hello.add_origins(to_number(origin));
  v1::PeerFrame frame;
  auto* sealed = frame.mutable_hello();
  sealed->set_content(hello.SerializeAsString());
  sealed->set_proof(
      make_proof(context->options.cluster_key, proof_of::hello, own_nonce_, peer_nonce_, sealed->content()));
  ready_->writable = false;
  hello_due_ = false;
  stream_->send(std::move(frame));
}

void peer_link_state::on_welcome(const v1::Sealed& sealed) {
  const auto& peer = context->peers[index].name;
  if (!proof_fits(sealed.proof(), context->options.cluster_key, proof_of::welcome, own_nonce_, peer_nonce_,
                  sealed.content()))
    return refuse({errc::not_permitted,
                   "it does not have this node's cluster key: give every node the same "
                   "--cluster-key-file"});
  v1::Welcome welcome;
  if (!welcome.ParseFromString(sealed.content())) return refuse({errc::malformed, "bytes that are no welcome"});
  if (welcome.from() != peer || welcome.to() != context->self.name)
    return refuse({errc::malformed, "its welcome names others than the call"});
  const auto theirs = configuration_of(welcome.configuration());
  if (auto same = core::compare_members(context->facts.members(), context->facts.complete(), theirs, peer); !same)
    return refuse(same);
  // Before the positions are looked at: they may be of logs that came with its directory.
  context->learn(theirs, {welcome.origins().begin(), welcome.origins().end()});
  const auto known = context->known();
  if (auto right = core::check(welcome, known); !right) return refuse(right, welcome.vector(), known);
  become_open(welcome);
}

void peer_link_state::refuse(const status& why) {
  context->refused(context->peers[index].name, why);
  drop(why.message());
}

void peer_link_state::compare(const std::vector<core::hashed_position>& positions) {
  auto forks = context->facts.forks_with(positions);
  std::erase_if(forks, [&](const log_position& fork) {
    return std::exchange(forks_told_[fork.log], fork.sequence) == fork.sequence;
  });
  if (!forks.empty()) context->forked(context->peers[index].name, forks);
}

void peer_link_state::refuse(const status& why, const named_positions& vector, const core::known_facts& known) {
  // It may be right: then the live log is to be left, or the link never opens again. The writer bounds how often.
  if (const auto claimed = core::claimed_of_live(vector, known)) {
    context->forked(context->peers[index].name, {*claimed});
    context->writer.send(message::forked{claimed->log, index});
  }
  refuse(why);
}

void peer_link_state::drop(const std::string& why) {
  bool was_open = phase_ == phase::open;
  stream_.reset();
  ++stream_number_;
  phase_ = phase::idle;
  machine.on_closed();
  questions_.clear();
  question_bytes_ = 0;
  backoff_ms_ = std::clamp(backoff_ms_ * 2, limits::reconnect_ms_min, limits::reconnect_ms_max);
  auto spread = std::uniform_int_distribution<std::int64_t>(-backoff_ms_ / 5, backoff_ms_ / 5);
  retry_at_ms_ = now_ms() + backoff_ms_ + spread(jitter_);
  bool news = false;
  context->facts.change_peer(index, [&](peer_fact& f) {
    f.up = false;
    f.complete = false;
    f.bytes_in_flight = 0;
    news = was_open || f.last_error != why;
    f.last_error = why;
  });
  if (news)
    logging::event(logging::level::warn, was_open ? "link.down" : "link.refused",
                   {{"peer", context->peers[index].name}, {"reason", why}});
}

void peer_link_state::become_open(const v1::Welcome& welcome) {
  phase_ = phase::open;
  heartbeat_at_ms_ = 0;
  heartbeats_.clear();
  reading_since_ms_ = 0;
  // Before this link can bring an acknowledgement: an old disk that was put back must not count.
  for (auto seen = context->facts.newest_own_disk.load();
       seen < welcome.knows_you_by() && !planted(planted_bug::old_disk_unnoticed)
       && !context->facts.newest_own_disk.compare_exchange_weak(seen, welcome.knows_you_by());) {
  }
  peer_complete_ = welcome.complete();
  peer_full_ = welcome.full();
  const auto vector = core::positions_of(welcome.vector());
  compare(vector);
  machine.on_open(vector);
  machine.on_committed(context->facts.live_end());
  held_seen_ = {};  // what another disk of it had is not what this one has
  note_held(vector);
  context->facts.change_peer(index, [&](peer_fact& f) {
    f.up = true;
    f.heard_us = context->time.steady_us();
    f.vector = core::log_vector::of(vector);
    f.vector_asked_us = -1;
    f.complete = welcome.complete();
    f.full = welcome.full();
    f.disk = welcome.disk();
    f.knows_us_by = welcome.knows_you_by();
    f.founder = welcome.configuration().founder();
    f.clock_known = false;
    ++f.connects;
  });
  logging::event(logging::level::info, "link.up", {{"peer", context->peers[index].name}});
}

void peer_link_state::note_held(const std::vector<core::hashed_position>& vector) {
  for (const auto& [position, hash] : vector)
    if (machine.sent_with(position, hash)) held_seen_ = position;
}

void peer_link_state::tell_held() {
  if (std::exchange(held_told_, held_seen_) != held_seen_ && held_seen_.sequence != 0)
    context->fanout.send(message::held{static_cast<unsigned>(index) + 1, held_seen_});
}

void peer_link_state::on_echo(const v1::PeerAnswer& answer) {
  const auto& echo = answer.echo();
  const auto vector = core::positions_of(echo.vector());
  compare(vector);
  for (const auto& [position, hash] : vector) machine.on_held(position, hash);
  note_held(vector);
  backoff_ms_ = 0;  // only now: a peer that opens streams and closes them again is not to be called in a rush
  while (!heartbeats_.empty() && heartbeats_.front().number < echo.number()) heartbeats_.pop_front();
  bool measured = false;
  std::int64_t asked_us = -1;
  std::int64_t offset_ms = 0;
  if (!heartbeats_.empty() && heartbeats_.front().number == echo.number()) {
    machine.on_echo(heartbeats_.front().mark, now_ms());
    auto round_trip_us = context->time.steady_us() - heartbeats_.front().steady_us;
    asked_us = heartbeats_.front().steady_us;
    measured = round_trip_us <= round_trip_us_max;
    offset_ms = echo.wall_ms() - (heartbeats_.front().wall_ms + round_trip_us / 2000);
  }
  context->facts.change_peer(index, [&](peer_fact& f) {
    f.heard_us = context->time.steady_us();
    for (const auto& [position, hash] : vector) f.vector.raise(position, hash);
    f.vector_asked_us = std::max(f.vector_asked_us, asked_us);
    f.bytes_in_flight = machine.bytes_in_flight();
    if (measured) {
      f.clock_known = true;
      f.clock_measured_at_ms = heartbeats_.front().wall_ms - heartbeats_.front().steady_us / 1000;
      f.clock_offset_ms = offset_ms;
    }
  });
}

void peer_link_state::on_answer(const message::stream_answer& m) {
  if (m.stream != stream_number_ || !stream_) return;
  heard_ms_ = now_ms();
  auto& answer = *m.answer;
  if (answer.has_challenge() && phase_ == phase::connecting) {
    on_challenge(answer.challenge());
    return;
  }
  if (answer.has_welcome() && phase_ == phase::greeting) {
    on_welcome(answer.welcome());
    answer.clear_welcome();  // what was merged with it is looked at below
  }
  if (phase_ != phase::open) return;
  auto known = context->known();
  known.heartbeat = heartbeat_number_;
  if (auto right = core::check(answer, known); !right) return refuse(right, answer.echo().vector(), known);
  if (answer.ByteSizeLong() == 0) return pump();  // nothing came with the welcome
  if (answer.uncounted() == peer_complete_) {
    peer_complete_ = !answer.uncounted();
    context->facts.change_peer(index, [&](peer_fact& f) { f.complete = peer_complete_; });
  }
  if (answer.full() != peer_full_) {
    peer_full_ = answer.full();
    context->facts.change_peer(index, [&](peer_fact& f) { f.full = peer_full_; });
  }
  const bool counts = !answer.uncounted() && context->facts.peer_counts(index);
  pass(kill_point::link_acknowledged);
  for (const auto& ack : answer.acks()) {
    on_ack(ack, counts);
    if (phase_ != phase::open) return;
  }
  for (const auto& refusal : answer.refusals()) on_refusal(refusal);
  if (counts || planted(planted_bug::wiped_counts)) on_findings(answer);
  if (answer.has_echo()) on_echo(answer);
  if (counts) tell_held();
  pump();
}

void peer_link_state::on_ack(const v1::LogAck& ack, bool counts) {
  const log_position upto{{node_id{ack.origin()}, ack.epoch()}, ack.upto()};
  if (!planted(planted_bug::peers_believed)) {
    if (!machine.acknowledgeable(upto))
      return refuse(
          {errc::malformed, "entry " + std::to_string(ack.upto()) + " of a log is acknowledged, and was not sent"});
    if (!machine.same_bytes(upto, ack.hash())) {
      context->forked(context->peers[index].name, {upto});
      return refuse({errc::malformed, "other bytes than those that were sent are acknowledged"});
    }
  }
  if (upto.log == context->facts.live_log()) fork_pause_ms_ = 0;
  if (upto.log.origin == context->self.id && !counts) reached(mark::ack_not_counted);
  if (upto.log.origin == context->self.id && (counts || planted(planted_bug::wiped_counts))) {
    std::vector<core::superseded_entry> superseded;
    for (const auto& s : ack.superseded())
      superseded.push_back({s.sequence(), {s.by().time(), node_id{s.by().node()}}});
    context->fanout.send(
        message::acked{static_cast<unsigned>(index) + 1, upto.log, ack.first(), ack.upto(), std::move(superseded)});
  }
  machine.on_held(upto, ack.hash());
}

void peer_link_state::on_refusal(const v1::LogRefusal& refusal) {
  const log_id log{node_id{refusal.origin()}, refusal.epoch()};
  // A gap is repaired at once; for the other reasons time has to pass first, for some of them much of it.
  std::int64_t pause_ms = limits::refusal_retry_ms;
  if (refusal.reason() == v1::LogRefusal::GAP) pause_ms = 0;
  const bool live = log == context->facts.live_log();
  const bool fork = refusal.reason() == v1::LogRefusal::FORK;
  if ((fork || refusal.reason() == v1::LogRefusal::POISON) && !live) pause_ms = limits::hopeless_retry_ms;
  // Another log is begun, but not at the pace of somebody who says so of each.
  if (fork && live) pause_ms = fork_pause_ms_ = core::next_fork_pause_ms(fork_pause_ms_);
  if (fork && log.origin == context->self.id) context->writer.send(message::forked{log, index});
  reached(mark::link_refused);
  machine.on_refused(log, refusal.have(), now_ms() + pause_ms);
}

void peer_link_state::on_findings(const v1::PeerAnswer& answer) {
  if (answer.findings().empty()) return;
  message::found found{static_cast<unsigned>(index) + 1, {}};
  found.findings.reserve(static_cast<std::size_t>(answer.findings_size()));
  for (const auto& f : answer.findings()) {
    message::found::finding one{f.number(), {f.version().time(), node_id{f.version().node()}}, {}};
    if (f.has_mutation()) {
      const mutation change{{static_cast<key_kind>(f.mutation().kind()), f.mutation().key()},
                            f.mutation().deleted(),
                            f.mutation().alias(),
                            f.mutation().value()};
      // It may become an entry of this node's log, which others would not take.
      if (!context->check_value(change).ok()) continue;
      one.record = stored_record{one.stamp, f.mutation().deleted(), f.mutation().alias(), f.mutation().value()};
      one.key = {static_cast<key_kind>(f.mutation().kind()), f.mutation().key()};
    }
    found.findings.push_back(std::move(one));
  }
  context->inquirer.send(std::move(found));
}

void peer_link_state::on_ask(const message::ask& m) {
  if ((m.members >> (index + 1) & 1) == 0 || phase_ != phase::open) return;
  // Past the bound they are dropped; who asks does so again.
  for (const auto& question : *m.questions) {
    const auto bytes = bytes_of(question);
    if (question_bytes_ + bytes > limits::link_backlog_bytes_max + limits::entry_bytes_max) break;
    question_bytes_ += bytes;
    questions_.push_back(question);
  }
  pump();
}

void peer_link_state::add_heartbeat(v1::PeerFrame& frame) {
  heartbeats_.push_back({++heartbeat_number_, context->time.steady_us(), context->time.wall_ms(), {}});
  if (heartbeats_.size() > heartbeats_max) heartbeats_.pop_front();
  auto& sent = heartbeats_.back();
  sent.mark = machine.on_heartbeat(sent.steady_us / 1000);
  frame.mutable_heartbeat()->set_number(sent.number);
  frame.mutable_heartbeat()->set_wall_ms(sent.wall_ms);
  const auto end = context->facts.published();
  frame.mutable_heartbeat()->set_epoch(end.log.epoch);
  frame.mutable_heartbeat()->set_end(end.sequence);
}

bool peer_link_state::add_questions(v1::PeerFrame& frame) {
  if (questions_.empty()) return false;
  const auto room = machine.question_room();
  std::size_t bytes = 0;
  for (; !questions_.empty() && bytes < room; questions_.pop_front()) {
    auto& next = questions_.front();
    bytes += bytes_of(next);
    question_bytes_ -= bytes_of(next);
    if (!next.write_back) {
      auto* question = frame.add_questions();
      question->set_number(next.number);
      question->set_kind(static_cast<std::uint32_t>(next.key.kind));
      question->set_key(next.key.bytes);
      question->mutable_known()->set_time(next.known.time);
      question->mutable_known()->set_node(to_number(next.known.node));
      continue;
    }
    auto* value = frame.add_write_backs();
    value->set_number(next.number);
    value->mutable_version()->set_time(next.write_back->stamp.time);
    value->mutable_version()->set_node(to_number(next.write_back->stamp.node));
    fill(next.key, next.write_back->deleted, next.write_back->alias, next.write_back->value, value->mutable_mutation());
  }
  machine.on_questions_sent(bytes);
  return bytes > 0;
}

void peer_link_state::on_sent(const message::stream_sent& m) {
  if (m.stream != stream_number_ || !stream_) return;
  if (phase_ == phase::greeting) return send_hello();
  pump();
}

void peer_link_state::on_closed(const message::stream_closed& m) {
  if (m.stream == stream_number_ && stream_) drop(m.why.message());
}

void peer_link_state::on_chunk(const message::log_chunk& m) {
  reading_since_ms_ = 0;
  reached(mark::link_read_from_disk);
  machine.on_read(m.log, std::move(*m.entries), now_ms());
  pump();
}

void peer_link_state::pump() {
  // What is left when a frame is full goes as soon as that one has left, not with the next event.
  while (pump_once() && (machine.anything_due(now_ms()) || !questions_.empty())) {
  }
}

bool peer_link_state::pump_once() {
  if (phase_ != phase::open) return false;
  if (!ready_->writable) {
    ready_->wanted = true;
    // It may have become writable just before it could see that it is wanted.
    if (!ready_->writable) return false;
  }
  auto now = now_ms();
  v1::PeerFrame frame;
  bool send = false;
  // The first heartbeat goes alone: it finds out how long the way is with nothing on it.
  const bool first = heartbeat_at_ms_ == 0;
  // What a full peer would refuse stays here until its next echo says that it takes entries again.
  if (peer_full_) reached(mark::link_held_for_full_peer);
  for (bool more = !first && !peer_full_; more;) {
    auto order = machine.next(now);
    more = false;
    if (auto* read = std::get_if<core::read_order>(&order)) {
      reading_since_ms_ = now;
      context->log_reader.send(message::read_log{index, *read});
      more = true;  // something else may be ready to go meanwhile
    } else if (auto* entries = std::get_if<core::send_order>(&order)) {
      for (const auto& e : entries->entries) frame.add_entries(*e.bytes);
      send = true;
    }
  }
  if (!first) send = add_questions(frame) || send;
  // Not at every turn: on a quick way a probe is answered at once, and would be followed by the next. None for a full
  // peer, which is sent nothing that could be slow.
  const bool probe = !peer_full_ && machine.heartbeat_wanted() && now >= probe_at_ms_;
  if (now >= heartbeat_at_ms_ || probe) {
    probe_at_ms_ = now + probe_ms_min;
    heartbeat_at_ms_ = now + limits::heartbeat_ms;
    add_heartbeat(frame);
    send = true;
  }
  if (!send) return false;
  pass(kill_point::link_frame_ready);
  if (frame.entries_size() > 0) frame.set_entries_hash(core::hash_of_entries(frame));
  frame.set_uncounted(!context->facts.complete());
  ready_->writable = false;
  stream_->send(std::move(frame));
  return true;
}

void peer_link_state::on_tick() {
  auto now = now_ms();
  if (const auto waiting = machine.recent_bytes(); waiting != waiting_published_) {
    waiting_published_ = waiting;
    context->facts.change_peer(index, [&](peer_fact& f) { f.bytes_waiting = waiting; });
  }
  bool cut = context->facts.cut(index);
  switch (phase_) {
    case phase::idle:
      // A hello names this node's disk, which the writer does when it opens the store.
      if (!cut && now >= retry_at_ms_ && context->facts.live_log().epoch != 0) connect();
      break;
    case phase::connecting:
    case phase::greeting:
      if (now - connecting_since_ms_ > limits::connect_timeout_ms)
        drop("no answer from " + context->peers[index].address + " within " + std::to_string(limits::connect_timeout_ms)
             + " ms");
      break;
    case phase::open:
      if (cut) {
        drop("cut by a drill");
      } else if (now - heard_ms_ > machine.patience_ms()) {
        reached(mark::link_suspected);
        machine.on_silence();
        drop("not heard of for " + std::to_string(now - heard_ms_) + " ms");
      } else {
        if (reading_since_ms_ != 0 && now - reading_since_ms_ > read_patience_ms) {
          reading_since_ms_ = 0;
          machine.on_read({}, {}, now);
        }
        machine.on_committed(context->facts.live_end());
        pump();
      }
      break;
  }
}

caf::behavior peer_link_behavior(caf::stateful_actor<peer_link_state>* self, node_context* context, std::size_t index) {
  install_defaults(self);
  self->state.start(context, index);
  self->state.on_tick();
  self->delayed_send(self, tick_interval, message::tick{});
  auto& own = *context->links[index];
  return {
      [self, &own](const message::published& m) {
        own.received();
        self->state.machine.on_published(*m.entries);
        self->state.pump();
      },
      [self, &own](const message::stream_answer& m) {
        own.received();
        self->state.on_answer(m);
      },
      [self, &own](const message::stream_sent& m) {
        own.received();
        self->state.on_sent(m);
      },
      [self, &own](const message::stream_closed& m) {
        own.received();
        self->state.on_closed(m);
      },
      [self, &own](const message::log_chunk& m) {
        own.received();
        self->state.on_chunk(m);
      },
      [self, &own](message::wake) {
        own.received();
        self->state.on_tick();
      },
      [self, &own](const message::ask& m) {
        own.received();
        self->state.on_ask(m);
      },
      [self, &own](const message::relay& m) {
        own.received();
        self->state.machine.on_relay(m.upto);
        self->state.pump();
      },
      [self](message::tick) {
        self->state.on_tick();
        self->delayed_send(self, tick_interval, message::tick{});
      },
      [&own](message::crash) {
        own.received();
        throw_for_drill();
      },
  };
}

}  // namespace quorate
