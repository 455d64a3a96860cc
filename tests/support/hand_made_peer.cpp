#include "tests/support/hand_made_peer.hpp"

#include <stdexcept>

#include "actors/core/peer_rules.hpp"
#include "proto/entry_codec.hpp"
#include "proto/hash.hpp"
#include "proto/member_proof.hpp"

namespace quorate::testing {

struct hand_made_peer::heard {
  mutable std::mutex mutex;
  std::vector<v1::LogAck> acks;
  std::vector<v1::LogRefusal> refusals;
  std::vector<v1::Finding> findings;
  std::size_t echoes = 0;
  std::string welcome;
  std::optional<status> closed;
  bool reads = true;
};

class hand_made_peer::ear final : public net::answer_sink {
 public:
  explicit ear(std::shared_ptr<heard> what) : heard_(std::move(what)) {}
  status send(v1::PeerAnswer&& answer) override {
    std::lock_guard lock(heard_->mutex);
    if (!heard_->reads) return {errc::overloaded, "it does not read what it is answered"};
    heard_->acks.insert(heard_->acks.end(), answer.acks().begin(), answer.acks().end());
    heard_->refusals.insert(heard_->refusals.end(), answer.refusals().begin(), answer.refusals().end());
    heard_->findings.insert(heard_->findings.end(), answer.findings().begin(), answer.findings().end());
    if (answer.has_echo()) ++heard_->echoes;
    if (answer.has_welcome()) heard_->welcome = answer.welcome().content();
    return {};
  }
  void close(const status& why) override {
    std::lock_guard lock(heard_->mutex);
    if (!heard_->closed) heard_->closed = why;
  }

 private:
  const std::shared_ptr<heard> heard_;
};

hand_made_peer::hand_made_peer(std::string name, std::uint64_t instance)
    : log{node_id_of(name), hybrid_time_at(1)},
      name_(std::move(name)),
      instance_(instance),
      heard_(std::make_shared<heard>()) {}

hand_made_peer::greeting hand_made_peer::hello_to(const std::string& node) const {
  greeting words;
  words.knock.set_protocol(2);
  words.knock.set_cluster_id("quorate");
  words.knock.set_from(name_);
  words.knock.set_to(node);
  words.knock.set_nonce("nonce of 16 byte");
  words.hello.set_from(name_);
  words.hello.set_to(node);
  words.hello.set_instance(instance_);
  // Its process may change, its disk does not.
  words.hello.set_disk(1);
  words.hello.set_epoch(log.epoch);
  for (const auto* member : {"a", "b", "c"}) words.hello.mutable_configuration()->add_members(member);
  words.hello.mutable_configuration()->set_write_quorum(2);
  return words;
}

std::string hand_made_peer::open(net::node_api& node, const greeting& words) {
  heard_ = std::make_shared<heard>();
  auto accepted = node.accept(words.knock, words.local, std::make_shared<ear>(heard_), &challenge_);
  if (!accepted) return std::string(name_of(accepted.error().code()));
  link_ = std::move(*accepted);
  v1::PeerFrame frame;
  auto* sealed = frame.mutable_hello();
  sealed->set_content(words.hello.SerializeAsString());
  sealed->set_proof(
      words.proof ? *words.proof
                  : make_proof(words.key, proof_of::hello, words.knock.nonce(), challenge_.nonce(), sealed->content()));
  link_->on_frame(std::move(frame));
  const auto why = closed();
  return why ? std::string(name_of(why->code())) : "ok";
}

v1::Welcome hand_made_peer::welcome() const {
  std::lock_guard lock(heard_->mutex);
  v1::Welcome welcome;
  if (heard_->welcome.empty() || !welcome.ParseFromString(heard_->welcome)) throw std::logic_error("no welcome came");
  return welcome;
}

void hand_made_peer::send(v1::PeerFrame frame) { link_->on_frame(std::move(frame)); }

void hand_made_peer::send(const std::vector<entry>& entries) {
  v1::PeerFrame frame;
  frame.set_uncounted(!complete);
  for (const auto& e : entries) frame.add_entries(encode(e));
  frame.set_entries_hash(core::hash_of_entries(frame));
  link_->on_frame(std::move(frame));
}

void hand_made_peer::heartbeat() {
  v1::PeerFrame frame;
  frame.set_uncounted(!complete);
  frame.mutable_heartbeat()->set_number(1);
  frame.mutable_heartbeat()->set_epoch(log.epoch);
  link_->on_frame(std::move(frame));
}

void hand_made_peer::ask(std::uint64_t number, const std::string& key) {
  v1::PeerFrame frame;
  frame.set_uncounted(!complete);
  auto* question = frame.add_questions();
  question->set_number(number);
  question->set_kind(static_cast<std::uint32_t>(key_kind::memory));
  question->set_key(key);
  link_->on_frame(std::move(frame));
}

void hand_made_peer::write_back(std::uint64_t number, version stamp, const std::string& key, const std::string& value) {
  v1::PeerFrame frame;
  frame.set_uncounted(!complete);
  auto* wanted = frame.add_write_backs();
  wanted->set_number(number);
  wanted->mutable_version()->set_time(stamp.time);
  wanted->mutable_version()->set_node(to_number(stamp.node));
  wanted->mutable_mutation()->set_kind(static_cast<std::uint32_t>(key_kind::memory));
  wanted->mutable_mutation()->set_key(key);
  wanted->mutable_mutation()->set_value(value);
  link_->on_frame(std::move(frame));
}

void hand_made_peer::stop_reading() {
  std::lock_guard lock(heard_->mutex);
  heard_->reads = false;
}

void hand_made_peer::close() {
  if (auto link = std::exchange(link_, nullptr)) link->on_closed();
}

entry hand_made_peer::put(sequence_number sequence, std::uint64_t time, const std::string& key,
                          const std::string& value) const {
  return {log, sequence, time, {{{key_kind::memory, key}, false, {}, value}}};
}

std::vector<v1::LogAck> hand_made_peer::acks() const {
  std::lock_guard lock(heard_->mutex);
  return heard_->acks;
}

std::vector<v1::LogRefusal> hand_made_peer::refusals() const {
  std::lock_guard lock(heard_->mutex);
  return heard_->refusals;
}

std::vector<v1::Finding> hand_made_peer::findings() const {
  std::lock_guard lock(heard_->mutex);
  return heard_->findings;
}

std::size_t hand_made_peer::echoes() const {
  std::lock_guard lock(heard_->mutex);
  return heard_->echoes;
}

std::optional<status> hand_made_peer::closed() const {
  std::lock_guard lock(heard_->mutex);
  return heard_->closed;
}

}  // namespace quorate::testing
