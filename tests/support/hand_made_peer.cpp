#include "tests/support/hand_made_peer.hpp"

#include "proto/entry_codec.hpp"
#include "proto/hash.hpp"

namespace quorate::testing {

struct hand_made_peer::heard {
  mutable std::mutex mutex;
  std::vector<v1::LogAck> acks;
  std::vector<v1::LogRefusal> refusals;
  std::vector<v1::Finding> findings;
  std::size_t echoes = 0;
  std::optional<status> closed;
};

class hand_made_peer::ear final : public net::answer_sink {
 public:
  explicit ear(std::shared_ptr<heard> what) : heard_(std::move(what)) {}
  void send(v1::PeerAnswer&& answer) override {
    std::lock_guard lock(heard_->mutex);
    heard_->acks.insert(heard_->acks.end(), answer.acks().begin(), answer.acks().end());
    heard_->refusals.insert(heard_->refusals.end(), answer.refusals().begin(), answer.refusals().end());
    heard_->findings.insert(heard_->findings.end(), answer.findings().begin(), answer.findings().end());
    if (answer.has_echo()) ++heard_->echoes;
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

v1::Hello hand_made_peer::hello_to(const std::string& node) const {
  v1::Hello hello;
  hello.set_protocol(1);
  hello.set_cluster_id("quorate");
  hello.set_from(name_);
  hello.set_to(node);
  hello.set_instance(instance_);
  // Its process may change, its disk does not.
  hello.set_disk(to_number(log.origin));
  for (const auto* member : {"a", "b", "c"}) hello.add_members(member);
  return hello;
}

std::string hand_made_peer::open(net::node_api& node, const v1::Hello& hello) {
  v1::Welcome welcome;
  heard_ = std::make_shared<heard>();
  auto accepted = node.accept(hello, std::make_shared<ear>(heard_), &welcome);
  if (!accepted) return std::string(name_of(accepted.error().code()));
  link_ = std::move(*accepted);
  return "ok";
}

void hand_made_peer::send(const std::vector<entry>& entries) {
  v1::PeerFrame frame;
  frame.set_uncounted(!complete);
  for (const auto& e : entries) frame.add_entries(encode(e));
  link_->on_frame(std::move(frame));
}

void hand_made_peer::heartbeat() {
  v1::PeerFrame frame;
  frame.set_uncounted(!complete);
  frame.mutable_heartbeat()->set_number(1);
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
