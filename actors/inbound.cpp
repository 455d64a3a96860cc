#include "actors/inbound.hpp"

#include <algorithm>

#include "actors/configuration.hpp"
#include "actors/context.hpp"
#include "actors/core/membership.hpp"
#include "actors/core/peer_rules.hpp"
#include "actors/log.hpp"
#include "proto/entry_codec.hpp"
#include "proto/limits.hpp"
#include "proto/member_proof.hpp"
#include "proto/test_points.hpp"
#include "quorate/v1/replication.pb.h"

namespace quorate {

inbound_session::inbound_session(node_context& context, inbound_gate& gate, std::size_t peer, std::string caller_nonce,
                                 std::string own_nonce, std::shared_ptr<net::answer_sink> answers)
    : context_(context),
      gate_(gate),
      peer_(peer),
      caller_nonce_(std::move(caller_nonce)),
      own_nonce_(std::move(own_nonce)),
      answers_(std::move(answers)),
      heard_us_(context.time.steady_us()) {}

bool inbound_session::alive(std::int64_t now_us) const {
  return !closed_ && now_us - heard_us_ < limits::suspicion_ms * 1000;
}

void inbound_session::on_frame(v1::PeerFrame&& frame) {
  if (closed_) return;
  if (context_.facts.cut(peer_)) return close({errc::unavailable, "the link is cut by a drill"});
  heard_us_ = context_.time.steady_us();
  if (!open_) {
    if (!frame.has_hello()) return refuse({errc::malformed, "something else than a hello follows the challenge"});
    return take_hello(frame.hello());
  }
  if (auto right = core::check(frame); !right) return refuse(right);
  if (frame.has_heartbeat()) take_heartbeat(frame);
  if (frame.questions_size() > 0) take_questions(frame);
  if (frame.write_backs_size() > 0) take_write_backs(frame);
  if (frame.entries_size() > 0) take_entries(frame);
}

void inbound_session::take_hello(const v1::Sealed& sealed) {
  const auto& key = context_.options.cluster_key;
  if (!proof_fits(sealed.proof(), key, proof_of::hello, caller_nonce_, own_nonce_, sealed.content()))
    return refuse({errc::not_permitted, sealed.proof().empty() ? "it shows no proof that it has the cluster key: give "
                                                                 "every node the same --cluster-key-file"
                                        : key.empty() ? "it has a cluster key, and this node has none: give every node "
                                                        "the same --cluster-key-file"
                                                      : "it has another cluster key: give every node the same "
                                                        "--cluster-key-file"});
  v1::Hello hello;
  if (!hello.ParseFromString(sealed.content())) return refuse({errc::malformed, "bytes that are no hello"});
  if (auto right = core::check(hello, context_.known()); !right) return refuse(right);
  if (hello.from() != context_.peers[peer_].name || hello.to() != context_.self.name)
    return refuse({errc::malformed, "its hello names others than its knock"});
  if (auto admitted = gate_.admit(shared_from_this(), hello); !admitted) refuse(admitted);
}

void inbound_session::begin(const v1::Hello& hello, core::log_vector vector, v1::Welcome&& welcome) {
  instance_ = hello.instance();
  disk_ = hello.disk();
  announced_ = std::move(vector);
  context_.learn(configuration_of(hello.configuration()), {hello.origins().begin(), hello.origins().end()});
  const auto now_us = context_.time.steady_us();
  context_.facts.change_peer(peer_, [&](peer_fact& f) {
    f.live = {{context_.peers[peer_].id, hello.epoch()}, 0};
    f.called_us = now_us;
  });
  open_ = true;
  v1::PeerAnswer answer;
  auto* sealed = answer.mutable_welcome();
  sealed->set_content(welcome.SerializeAsString());
  sealed->set_proof(
      make_proof(context_.options.cluster_key, proof_of::welcome, caller_nonce_, own_nonce_, sealed->content()));
  tell(std::move(answer));
}

void inbound_session::take_heartbeat(const v1::PeerFrame& frame) {
  const auto& beat = frame.heartbeat();
  v1::PeerAnswer answer;
  auto* echo = answer.mutable_echo();
  echo->set_number(beat.number());
  echo->set_wall_ms(context_.time.wall_ms());
  // Before the vector: what is said to be held must not be older than what is said to count.
  introduce(context_.facts, answer);
  core::fill(context_.facts.news_for(announced_), echo->mutable_vector());
  tell(std::move(answer));
  context_.facts.change_peer(peer_, [&](peer_fact& f) {
    f.live = {{context_.peers[peer_].id, beat.epoch()}, beat.end()};
    f.called_us = heard_us_;
    // For the reconciler, which has new disks of complete members remembered.
    if (!frame.uncounted()) f.complete_caller = disk_;
  });
}

void inbound_session::take_questions(const v1::PeerFrame& frame) {
  // An answer is a promise that outlives this disk only if somebody remembers which disk the asker's is, should it
  // count its own copy (core/refill.hpp). It asks again.
  if (!frame.uncounted() && !context_.facts.knows_disk(peer_, disk_)) return;
  v1::PeerAnswer answer;
  // Before the reads: what was read while this node did not count must not count.
  introduce(context_.facts, answer);
  std::size_t bytes = 0;
  for (const auto& question : frame.questions()) {
    if (bytes > limits::frame_entries_bytes_max) break;  // the rest is asked again
    const record_key key{static_cast<key_kind>(question.kind()), question.key()};
    auto held = context_.store.get(key);
    if (!held) return context_.fail(held.error());
    auto* finding = answer.add_findings();
    finding->set_number(question.number());
    if (*held) fill(key, **held, {question.known().time(), node_id{question.known().node()}}, finding);
    bytes += finding->mutation().value().size();
  }
  tell(std::move(answer));
}

void inbound_session::take_write_backs(v1::PeerFrame& frame) {
  if (!frame.uncounted() && !context_.facts.knows_disk(peer_, disk_)) return;
  for (auto& value : *frame.mutable_write_backs()) {
    auto change = take_mutation(*value.mutable_mutation());
    if (!change) return refuse(change.error());
    // What is no record elsewhere, either, is not passed on by a read; its peer did nothing wrong.
    if (!context_.check_value(*change).ok()) continue;
    const version stamp{value.version().time(), node_id{value.version().node()}};
    stored_record record{stamp, change->deleted, std::move(change->alias), std::move(change->value)};
    if (!context_.inbox.deliver({std::move(change->key), std::move(record), value.number(), shared_from_this()}))
      return;  // it is written back again
  }
}

void introduce(const board& facts, v1::PeerAnswer& answer) {
  answer.set_uncounted(!facts.complete());
  answer.set_full(facts.disk_full);
}

void fill(const record_key& key, const stored_record& held, const version& known, v1::Finding* out) {
  out->mutable_version()->set_time(held.stamp.time);
  out->mutable_version()->set_node(to_number(held.stamp.node));
  if (held.stamp > known) fill(key, held.deleted, held.alias, held.value, out->mutable_mutation());
}

void inbound_session::tell(v1::PeerAnswer&& answer) {
  if (auto sent = answers_->send(std::move(answer)); !sent) refuse(sent);
}

void inbound_session::refuse(const status& why) {
  context_.refused(context_.peers[peer_].name, why);
  close(why);
}

void inbound_session::take_entries(v1::PeerFrame& frame) {
  std::size_t bytes = 0;
  for (const auto& e : frame.entries()) bytes += e.size();
  peer_batch batch(shared_from_this(), bytes);
  batch.counted = !frame.uncounted();
  batch.entries.reserve(static_cast<std::size_t>(frame.entries_size()));
  const auto known = context_.known();
  const auto give_up = [&](const status& why) {
    batch.settle();
    refuse(why);
  };
  for (auto& e : *frame.mutable_entries()) {
    peer_batch::arrived_entry arrived;
    auto content = decode_entry(e);
    if (content) {
      arrived.content = std::move(*content);
      for (const auto& change : arrived.content.mutations)
        if (arrived.readable) arrived.readable = context_.check_value(change);
    } else {
      // Its place at least has to be known, so that its log can be told.
      const auto place = place_of_entry(e);
      if (!place) return give_up(content.error());
      arrived.content.log = place->log;
      arrived.content.sequence = place->sequence;
      arrived.readable = content.error();
    }
    if (auto right = core::check(arrived.content, known); !right) return give_up(right);
    arrived.encoded = std::make_shared<const std::string>(std::move(e));
    batch.entries.push_back(std::move(arrived));
  }
  // The sender's window keeps honest peers far below the inbox's bound; a full inbox means the disk is stuck, and
  // the peer tries again on a new stream.
  if (!context_.inbox.deliver(std::move(batch))) {
    if (batch.settle()) close({errc::overloaded, "the writer is too far behind"});
  }
}

void inbound_session::answer(v1::PeerAnswer&& answer) {
  if (!closed_) tell(std::move(answer));
}

void inbound_session::on_batch_lost() { close({errc::unavailable, "the writer died; send again"}); }

void inbound_session::close(const status& why) {
  if (!closed_.exchange(true)) answers_->close(why);
}

void inbound_session::on_closed() { closed_ = true; }

std::size_t inbound_gate::count_of(const node_context& context) { return context.peers.size(); }

result<std::size_t> inbound_gate::identify(const v1::Knock& knock, bool local) const {
  if (auto right = core::check(knock); knock.protocol() == protocol_version && !right) return right;
  if (knock.protocol() != protocol_version)
    return status::invalid("protocol", "the peer speaks " + std::to_string(knock.protocol()) + ", this node "
                                           + std::to_string(protocol_version));
  if (knock.cluster_id() != context_.options.cluster_id)
    return status(errc::wrong_cluster, "cluster id '" + logging::printable(knock.cluster_id())
                                           + "' called, this node is of '" + context_.options.cluster_id
                                           + "': check --cluster-id on both");
  if (knock.to() != context_.self.name)
    return status(errc::wrong_node, "the call is for '" + logging::printable(knock.to()) + "', this node is '"
                                        + context_.self.name + "': check --peer on '" + logging::printable(knock.from())
                                        + "'");
  if (!local && context_.options.cluster_key.empty())
    return status(errc::not_permitted,
                  "it calls from another machine, and without a cluster key nobody can show who he is: give every node "
                  "the same --cluster-key-file");
  for (std::size_t i = 0; i < context_.peers.size(); ++i)
    if (context_.peers[i].name == knock.from()) return i;
  return status(errc::wrong_node, "'" + logging::printable(knock.from()) + "' is no member known to '"
                                      + context_.self.name + "': check --name there and --peer here");
}

result<std::shared_ptr<net::inbound_link>> inbound_gate::accept(const v1::Knock& knock, bool local,
                                                                std::shared_ptr<net::answer_sink> answers,
                                                                v1::Challenge* challenge) {
  auto peer = identify(knock, local);
  if (!peer) {
    context_.refused(knock.from(), peer.error());
    return peer.error();
  }
  if (context_.facts.cut(*peer)) return status(errc::unavailable, "the link is cut by a drill");
  if (context_.facts.live_log().epoch == 0) return status(errc::unavailable, "the node is starting");
  challenge->set_nonce(context_.nonce());
  challenge->set_keyed(!context_.options.cluster_key.empty());
  auto session =
      std::make_shared<inbound_session>(context_, *this, *peer, knock.nonce(), challenge->nonce(), std::move(answers));
  std::shared_ptr<inbound_session> oldest;
  {
    std::lock_guard lock(mutex_);
    if (shut_) return status(errc::shutting_down, "the node is draining");
    if (challenged_.size() >= limits::handshakes_open_max) {
      oldest = challenged_.front().lock();
      challenged_.pop_front();
    }
    challenged_.push_back(session);
  }
  // Strangers that knock and say no more must not keep members out.
  if (oldest && !oldest->open_) oldest->close({errc::overloaded, "too many callers have not said who they are"});
  return std::shared_ptr<net::inbound_link>(session);
}

status inbound_gate::admit(const std::shared_ptr<inbound_session>& session, const v1::Hello& hello) {
  const auto peer = session->peer();
  const auto& facts = context_.facts;
  if (auto same = core::compare_members(facts.members(), facts.complete(), configuration_of(hello.configuration()),
                                        context_.peers[peer].name);
      !same)
    return same;
  v1::Welcome welcome;
  welcome.set_from(context_.self.name);
  welcome.set_to(context_.peers[peer].name);
  welcome.set_instance(context_.instance);
  std::shared_ptr<inbound_session> old;
  {
    std::lock_guard lock(mutex_);
    if (shut_) return {errc::shutting_down, "the node is draining"};
    auto& current = current_[peer];
    if (current && current->instance() != hello.instance() && current->alive(context_.time.steady_us()))
      return {errc::in_use, "another live process is '" + hello.from() + "': two nodes have one name"};
    auto vector = facts.vector();
    const auto disks = facts.disks();
    welcome.set_disk(disks.own);
    welcome.set_complete(disks.complete);
    welcome.set_full(facts.disk_full);
    if (const auto known = disks.others.find(context_.peers[peer].id); known != disks.others.end())
      welcome.set_knows_you_by(known->second);
    core::fill(vector.list(), welcome.mutable_vector());
    fill(facts.members(), welcome.mutable_configuration());
    for (const auto origin : context_.foreign_origins()) welcome.add_origins(to_number(origin));
    old = std::exchange(current, session);
    std::erase_if(challenged_, [&](const auto& one) { return one.expired() || one.lock() == session; });
    session->begin(hello, std::move(vector), std::move(welcome));
  }
  // Nothing of an old stream is processed once a new one is accepted.
  if (old && !old->closed()) {
    reached(mark::session_replaced);
    old->close({errc::unavailable, "replaced by a newer stream"});
  }
  return {};
}

void inbound_gate::sweep() {
  std::vector<std::shared_ptr<inbound_session>> late;
  {
    std::lock_guard lock(mutex_);
    const auto latest_us = context_.time.steady_us() - limits::connect_timeout_ms * 1000;
    std::erase_if(challenged_, [&](const auto& one) {
      auto session = one.lock();
      if (!session || session->closed() || session->open_) return true;
      if (session->heard_us() > latest_us) return false;
      late.push_back(std::move(session));
      return true;
    });
  }
  for (auto& session : late) session->close({errc::unavailable, "no hello within a second"});
}

void inbound_gate::close(std::size_t peer, const status& why) {
  std::shared_ptr<inbound_session> session;
  {
    std::lock_guard lock(mutex_);
    session = current_[peer];
  }
  if (session) session->close(why);
}

void inbound_gate::shut(const status& why) {
  std::vector<std::shared_ptr<inbound_session>> sessions;
  {
    std::lock_guard lock(mutex_);
    shut_ = true;
    sessions.swap(current_);
    current_.resize(sessions.size());
  }
  for (auto& session : sessions)
    if (session) session->close(why);
}

}  // namespace quorate
