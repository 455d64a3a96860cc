#include "actors/inbound.hpp"

#include <algorithm>

#include "actors/context.hpp"
#include "actors/log.hpp"
#include "proto/entry_codec.hpp"
#include "proto/limits.hpp"
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

inbound_session::inbound_session(node_context& context, std::size_t peer, std::uint64_t instance,
                                 core::log_vector announced, std::shared_ptr<net::answer_sink> answers)
    : context_(context),
      peer_(peer),
      instance_(instance),
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
    add_positions(context_.facts.news_for(announced_), echo->mutable_vector());
    answers_->send(std::move(answer));
  }
  if (frame.entries_size() > 0) take_entries(frame);
}

void inbound_session::take_entries(v1::PeerFrame& frame) {
  std::size_t bytes = 0;
  for (const auto& e : frame.entries()) bytes += e.size();
  peer_batch batch(shared_from_this(), bytes);
  batch.entries.reserve(static_cast<std::size_t>(frame.entries_size()));
  for (auto& e : *frame.mutable_entries()) {
    auto content = decode_entry(e);
    if (!content) {
      batch.settle();
      logging::event(logging::level::error, "peer.bad_entry",
                     {{"peer", context_.peers[peer_].name}, {"reason", content.error().message()}});
      return close(content.error());
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
    add_positions(vector.list(), welcome->mutable_vector());
    session = std::make_shared<inbound_session>(context_, *peer, hello.instance(), std::move(vector), answers);
    old = std::exchange(current, session);
  }
  // Nothing of an old stream is processed once a new one is accepted.
  if (old) old->close({errc::unavailable, "replaced by a newer stream"});
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
