#include "chaos/drill/member_words.hpp"

#include <chrono>

#include "proto/hash.hpp"
#include "proto/log_chain.hpp"

namespace quorate::chaos {
namespace {

constexpr std::uint32_t protocol = 2;
constexpr std::uint32_t write_quorum = 2;

void fill(const std::vector<std::string>& members, v1::Configuration* out) {
  for (const auto& member : members) out->add_members(member);
  out->set_write_quorum(write_quorum);
}

}  // namespace

std::uint64_t now_as_version() {
  using namespace std::chrono;
  return hybrid_time_at(
      static_cast<std::uint64_t>(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()));
}

v1::PeerFrame knock_of(const std::string& from, const std::string& to, const std::string& nonce) {
  v1::PeerFrame frame;
  auto& knock = *frame.mutable_knock();
  knock.set_protocol(protocol);
  knock.set_cluster_id("local");
  knock.set_from(from);
  knock.set_to(to);
  knock.set_nonce(nonce);
  return frame;
}

v1::Hello hello_of(const std::string& from, const std::string& to, const std::vector<std::string>& members,
                   std::uint64_t instance) {
  v1::Hello hello;
  hello.set_from(from);
  hello.set_to(to);
  hello.set_instance(instance);
  hello.set_disk(oldest_disk);
  fill(members, hello.mutable_configuration());
  hello.set_epoch(1);
  return hello;
}

v1::Welcome welcome_of(const std::string& from, const std::string& to, const std::vector<std::string>& members,
                       std::uint64_t instance) {
  v1::Welcome welcome;
  welcome.set_from(from);
  welcome.set_to(to);
  welcome.set_instance(instance);
  welcome.set_disk(oldest_disk);
  fill(members, welcome.mutable_configuration());
  return welcome;
}

v1::PeerFrame sealed(const v1::Hello& hello) {
  v1::PeerFrame frame;
  frame.mutable_hello()->set_content(hello.SerializeAsString());
  return frame;
}

v1::LogPosition position_of(const log_id& log, std::uint64_t sequence) {
  v1::LogPosition position;
  position.set_origin(to_number(log.origin));
  position.set_epoch(log.epoch);
  position.set_sequence(sequence);
  return position;
}

v1::Entry entry_of(const log_id& log, std::uint64_t sequence, std::uint64_t previous, std::uint64_t time) {
  v1::Entry entry;
  entry.set_origin(to_number(log.origin));
  entry.set_epoch(log.epoch);
  entry.set_sequence(sequence);
  entry.set_time(time);
  entry.set_previous(previous);
  return entry;
}

void add_entries(const std::vector<v1::Entry>& entries, v1::PeerFrame* to) {
  for (const auto& entry : entries) to->add_entries(entry.SerializeAsString());
  // As the nodes reckon it: an attacker knows the protocol.
  auto all = static_cast<std::uint64_t>(to->entries_size());
  for (const auto& bytes : to->entries()) all = (all ^ chain_hash(bytes)) * 0x9E3779B97F4A7C15ull;
  to->set_entries_hash(all);
}

}  // namespace quorate::chaos
