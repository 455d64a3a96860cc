#include "actors/inbound.hpp"

#include <algorithm>

#include "actors/context.hpp"
#include "actors/log.hpp"
#include "proto/entry_codec.hpp"
#include "proto/limits.hpp"
#include "proto/test_points.hpp"
#include "quorate/v1/replication.pb.h"

namespace quorate {
namespace {

constexpr std::uint32_t protocol_version = 1;

void add_positions(const std::vector<log_position>& positions,
                   google::protobuf::RepeatedPtrField<v1::LogPosition>* out) {
  for (const auto& p : positions) {
    auto* position = out->Add();
    position->set_origin(to_number(p.log.origin));
    position->set_epoch(p.log.epoch);
    position->set_sequence(p.sequence);
  }
}

std::string list_of(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

}  // namespace

inbound_session::inbound_session(node_context& context, std::size_t peer, const v1::Hello& hello,
                                 core::log_vector announced, std::shared_ptr<net::answer_sink> answers)
    : context_(context),
      peer_(peer),
      instance_(hello.instance()),
      disk_(hello.disk()),
      answers_(std::move(answers)),
      heard_us_(context.time.steady_us()),
      announced_(std::move(announced)) {}

bool inbound_session::alive(std::int64_t now_us) const {
  return !closed_ && now_us - heard_us_ < limits::suspicion_ms * 1000;
}

void inbound_session::on_frame(v1::PeerFrame&& frame) {
  if (closed_) return;
  if (context_.facts.cut(peer_)) return close({errc::unavailable, "the link is cut by a drill"});
  heard_us_ = context_.time.steady_us();
  if (frame.has_heartbeat()) {
    v1::PeerAnswer answer;
    auto* echo = answer.mutable_echo();
    echo->set_number(frame.heartbeat().number());
    echo->set_wall_ms(context_.time.wall_ms());
    // Before the vector: what is said to be held must not be older than what is said to count.
    introduce(context_.facts, answer);
    add_positions(context_.facts.news_for(announced_), echo->mutable_vector());
    answers_->send(std::move(answer));
    // For the reconciler, which has new disks of complete members remembered.
    if (!frame.uncounted()) context_.facts.change_peer(peer_, [&](peer_fact& f) { f.complete_caller = disk_; });
  }
  if (frame.questions_size() > 0) take_questions(frame);
  if (frame.write_backs_size() > 0) take_write_backs(frame);
  if (frame.entries_size() > 0) take_entries(frame);
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
  answers_->send(std::move(answer));
}

void inbound_session::take_write_backs(v1::PeerFrame& frame) {
  if (!frame.uncounted() && !context_.facts.knows_disk(peer_, disk_)) return;
  for (auto& value : *frame.mutable_write_backs()) {
    auto change = take_mutation(*value.mutable_mutation());
    if (!change) return refuse_bytes(change.error());
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

void inbound_session::refuse_bytes(const status& why) {
  logging::event(logging::level::error, "peer.bad_entry",
                 {{"peer", context_.peers[peer_].name}, {"reason", why.message()}});
  close(why);
}

void inbound_session::take_entries(v1::PeerFrame& frame) {
  std::size_t bytes = 0;
  for (const auto& e : frame.entries()) bytes += e.size();
  peer_batch batch(shared_from_this(), bytes);
  batch.counted = !frame.uncounted();
  batch.entries.reserve(static_cast<std::size_t>(frame.entries_size()));
  for (auto& e : *frame.mutable_entries()) {
    auto content = decode_entry(e);
    if (!content) {
      batch.settle();
      return refuse_bytes(content.error());
    }
    batch.entries.push_back({std::move(*content), std::make_shared<const std::string>(std::move(e))});
  }
  // The sender's window keeps honest peers far below the inbox's bound; a full inbox means the disk is stuck, and
  // the peer tries again on a new stream.
  if (!context_.inbox.deliver(std::move(batch))) {
    if (batch.settle()) close({errc::overloaded, "the writer is too far behind"});
  }
}

void inbound_session::answer(v1::PeerAnswer&& answer) {
  if (!closed_) answers_->send(std::move(answer));
}

void inbound_session::on_batch_lost() { close({errc::unavailable, "the writer died; send again"}); }

void inbound_session::close(const status& why) {
  if (!closed_.exchange(true)) answers_->close(why);
}

void inbound_session::on_closed() { closed_ = true; }

inbound_gate::inbound_gate(node_context& context) : context_(context), current_(context.peers.size()) {
  std::vector<std::string> names{context.self.name};
  for (const auto& peer : context.peers) names.push_back(peer.name);
  members_ = list_of(std::move(names));
}

result<std::size_t> inbound_gate::identify(const v1::Hello& hello) const {
  if (hello.protocol() != protocol_version)
    return status::invalid("protocol", "the peer speaks " + std::to_string(hello.protocol()) + ", this node "
                                           + std::to_string(protocol_version));
  if (hello.cluster_id() != context_.options.cluster_id)
    return status(errc::wrong_cluster, "cluster id '" + hello.cluster_id() + "' called, this node is of '"
                                           + context_.options.cluster_id + "': check --cluster-id on both");
  if (hello.to() != context_.self.name)
    return status(errc::wrong_node, "the call is for '" + hello.to() + "', this node is '" + context_.self.name
                                        + "': check --peer on '" + hello.from() + "'");
  for (std::size_t i = 0; i < context_.peers.size(); ++i)
    if (context_.peers[i].name == hello.from()) {
      // Quorums counted over different member lists need not intersect.
      auto theirs = list_of({hello.members().begin(), hello.members().end()});
      if (theirs != members_)
        return status(errc::wrong_cluster, "'" + hello.from() + "' has the members " + theirs + ", this node has "
                                               + members_ + ": give every node the same --peer list");
      return i;
    }
  return status(errc::wrong_node, "'" + hello.from() + "' is no member known to '" + context_.self.name
                                      + "': check --name there and --peer here");
}

result<std::shared_ptr<net::inbound_link>> inbound_gate::accept(const v1::Hello& hello,
                                                                std::shared_ptr<net::answer_sink> answers,
                                                                v1::Welcome* welcome) {
  auto peer = identify(hello);
  if (!peer) {
    logging::event(logging::level::warn, "peer.refused", {{"from", hello.from()}, {"reason", peer.error().message()}});
    return peer.error();
  }
  if (context_.facts.cut(*peer)) return status(errc::unavailable, "the link is cut by a drill");
  if (context_.facts.live_log().epoch == 0) return status(errc::unavailable, "the node is starting");
  std::shared_ptr<inbound_session> session;
  std::shared_ptr<inbound_session> old;
  {
    std::lock_guard lock(mutex_);
    if (shut_) return status(errc::shutting_down, "the node is draining");
    auto& current = current_[*peer];
    if (current && current->instance() != hello.instance() && current->alive(context_.time.steady_us()))
      return status(errc::in_use, "another live process is '" + hello.from() + "': two nodes have one name");
    auto vector = context_.facts.vector();
    welcome->set_instance(context_.instance);
    const auto disks = context_.facts.disks();
    welcome->set_disk(disks.own);
    welcome->set_complete(disks.complete);
    welcome->set_full(context_.facts.disk_full);
    if (const auto known = disks.others.find(context_.peers[*peer].id); known != disks.others.end())
      welcome->set_knows_you_by(known->second);
    add_positions(vector.list(), welcome->mutable_vector());
    session = std::make_shared<inbound_session>(context_, *peer, hello, std::move(vector), answers);
    old = std::exchange(current, session);
  }
  // Nothing of an old stream is processed once a new one is accepted.
  if (old && !old->closed()) {
    reached(mark::session_replaced);
    old->close({errc::unavailable, "replaced by a newer stream"});
  }
  return std::shared_ptr<net::inbound_link>(session);
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
