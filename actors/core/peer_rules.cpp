#include "actors/core/peer_rules.hpp"

#include <algorithm>
#include <string>

#include "proto/limits.hpp"
#include "proto/log_chain.hpp"
#include "proto/member_proof.hpp"
#include "proto/test_points.hpp"
#include "quorate/v1/replication.pb.h"

namespace quorate::core {
namespace {

using positions = google::protobuf::RepeatedPtrField<v1::LogPosition>;

constexpr std::size_t cluster_id_bytes_max = 64;
constexpr std::int64_t wall_ms_max = std::int64_t{1} << 47;  // what a stamp has room for

status broken_rule(std::string what) { return {errc::malformed, std::move(what)}; }

bool off() { return planted(planted_bug::peers_believed); }

status check_disk(std::uint64_t disk, const known_facts& known) {
  const auto latest_ms =
      static_cast<std::uint64_t>(std::max<std::int64_t>(known.wall_ms, 0) + limits::disk_name_ahead_ms_max);
  const bool in_place_of_known = disk <= known.newest_disk || disk - known.newest_disk <= limits::disk_names_above_max;
  if (milliseconds_of(disk) > latest_ms && !in_place_of_known)
    return broken_rule("a disk is named " + std::to_string(disk) + ", by a time that is more than a day ahead");
  return {};
}

status check(const positions& vector, const known_facts& known) {
  if (static_cast<std::size_t>(vector.size()) > limits::logs_named_max)
    return broken_rule(std::to_string(vector.size()) + " logs are named, there can be "
                       + std::to_string(limits::logs_named_max));
  for (const auto& p : vector)
    if (auto possible = core::check(log_position{{node_id{p.origin()}, p.epoch()}, p.sequence()}, known); !possible)
      return possible;
  return {};
}

/// So that differences of two clocks can be reckoned with.
status check_time(std::int64_t wall_ms) {
  if (wall_ms >= 0 && wall_ms <= wall_ms_max) return {};
  return broken_rule("a clock that shows " + std::to_string(wall_ms));
}

template <class Origins>
status check_origins(const Origins& origins) {
  if (static_cast<std::size_t>(origins.size()) > limits::foreign_origins_max)
    return broken_rule(std::to_string(origins.size()) + " foreign writers of logs are named");
  return {};
}

status check(const v1::Configuration& configuration) {
  if (static_cast<std::size_t>(configuration.members_size()) > limits::members_max
      || configuration.founder().size() > limits::node_name_bytes_max)
    return broken_rule("an impossible list of members");
  for (const auto& name : configuration.members())
    if (name.empty() || name.size() > limits::node_name_bytes_max) return broken_rule("an impossible name of a member");
  return {};
}

status check_key(std::uint32_t kind, const std::string& key) {
  if (kind == 0 || kind > 0xFF) return broken_rule("a key of the impossible kind " + std::to_string(kind));
  if (key.empty() || key.size() > limits::key_bytes_max)
    return broken_rule("a key of " + std::to_string(key.size()) + " bytes");
  return {};
}

status check(const v1::Mutation& change) {
  if (auto key = check_key(change.kind(), change.key()); !key) return key;
  if (change.alias().size() > limits::alias_bytes_max || change.value().size() > limits::entry_bytes_max)
    return broken_rule("a value or alias that is too large");
  if (change.deleted() && !(change.alias().empty() && change.value().empty()))
    return broken_rule("a deletion with contents");
  return {};
}

}  // namespace

status check(const log_position& position, const known_facts& known) {
  if (!known.origins->contains(position.log.origin))
    return broken_rule("a log of " + std::to_string(to_number(position.log.origin)) + ", who is no member");
  if (position.log.epoch == 0 || position.sequence == 0 || position.sequence > limits::sequence_max)
    return broken_rule("the impossible position " + std::to_string(position.sequence) + " in a log");
  if (position.log == known.published.log && position.sequence > known.published.sequence)
    return broken_rule("position " + std::to_string(position.sequence) + " in this node's own log, which ends at "
                       + std::to_string(known.published.sequence));
  return {};
}

status check_nonce(std::string_view nonce) {
  if (nonce.size() == nonce_bytes) return {};
  return broken_rule("a nonce of " + std::to_string(nonce.size()) + " bytes");
}

status check(const v1::Knock& knock) {
  if (knock.from().size() > limits::node_name_bytes_max || knock.to().size() > limits::node_name_bytes_max
      || knock.cluster_id().size() > cluster_id_bytes_max)
    return broken_rule("a name that is too long");
  return check_nonce(knock.nonce());
}

status check(const v1::Hello& hello, const known_facts& known) {
  if (off()) return {};
  if (hello.disk() == 0) return broken_rule("a disk without a name");
  if (auto disk = check_disk(hello.disk(), known); !disk) return disk;
  if (auto origins = check_origins(hello.origins()); !origins) return origins;
  return check(hello.configuration());
}

status check(const v1::Welcome& welcome, const known_facts& known) {
  if (off()) return {};
  for (const auto disk : {welcome.disk(), welcome.knows_you_by()})
    if (auto named = check_disk(disk, known); !named) return named;
  if (auto origins = check_origins(welcome.origins()); !origins) return origins;
  if (auto list = check(welcome.configuration()); !list) return list;
  return check(welcome.vector(), known);
}

std::uint64_t hash_of_entries(const v1::PeerFrame& frame) {
  std::uint64_t all = static_cast<std::uint64_t>(frame.entries_size());
  for (const auto& e : frame.entries()) all = (all ^ chain_hash(e)) * 0x9E3779B97F4A7C15ull;
  return all;
}

status check(const v1::PeerFrame& frame) {
  if (off()) return {};
  if (frame.has_knock() || frame.has_hello()) return broken_rule("a greeting on an open stream");
  std::size_t bytes = 0;
  for (const auto& e : frame.entries()) {
    if (e.size() > limits::entry_bytes_max) return broken_rule("an entry of " + std::to_string(e.size()) + " bytes");
    bytes += e.size();
  }
  if (bytes > limits::frame_bytes_max)
    return broken_rule("a frame with " + std::to_string(bytes) + " bytes of entries");
  if (frame.entries_size() > 0 && frame.entries_hash() != hash_of_entries(frame))
    return broken_rule("entries that were damaged on the way");
  if (frame.has_heartbeat())
    if (auto time = check_time(frame.heartbeat().wall_ms()); !time) return time;
  for (const auto& question : frame.questions())
    if (auto key = check_key(question.kind(), question.key()); !key) return key;
  for (const auto& value : frame.write_backs()) {
    if (auto change = check(value.mutation()); !change) return change;
    if (value.version().time() == 0) return broken_rule("a value without a version is to be held");
  }
  return {};
}

status check(const v1::PeerAnswer& answer, const known_facts& known) {
  if (off()) return {};
  if (answer.has_challenge() || answer.has_welcome()) return broken_rule("a greeting on an open stream");
  if (answer.has_echo()) {
    if (answer.echo().number() > known.heartbeat)
      return broken_rule("the echo of heartbeat " + std::to_string(answer.echo().number()) + ", of "
                         + std::to_string(known.heartbeat));
    if (auto time = check_time(answer.echo().wall_ms()); !time) return time;
    if (auto vector = check(answer.echo().vector(), known); !vector) return vector;
  }
  for (const auto& ack : answer.acks()) {
    if (!known.origins->contains(node_id{ack.origin()}) || ack.first() == 0 || ack.first() > ack.upto()
        || ack.upto() > limits::sequence_max)
      return broken_rule("entries " + std::to_string(ack.first()) + " to " + std::to_string(ack.upto())
                         + " of a log are acknowledged");
    for (const auto& s : ack.superseded())
      if (s.sequence() < ack.first() || s.sequence() > ack.upto() || s.by().time() == 0)
        return broken_rule("an entry that was not acknowledged is said to be superseded");
  }
  for (const auto& refusal : answer.refusals()) {
    if (!known.origins->contains(node_id{refusal.origin()}) || refusal.have() > limits::sequence_max)
      return broken_rule("a refusal behind entry " + std::to_string(refusal.have()));
  }
  for (const auto& finding : answer.findings()) {
    if (!finding.has_mutation()) continue;
    if (auto change = check(finding.mutation()); !change) return change;
    if (finding.version().time() == 0) return broken_rule("a value without a version is found");
  }
  return {};
}

status check(const entry& e, const known_facts& known) {
  if (off()) return {};
  if (!known.origins->contains(e.log.origin))
    return broken_rule("an entry of " + std::to_string(to_number(e.log.origin)) + ", who is no member");
  if (e.sequence > limits::sequence_max) return broken_rule("the impossible entry " + std::to_string(e.sequence));
  return {};
}

std::optional<log_position> claimed_of_live(const positions& vector, const known_facts& known) {
  for (const auto& p : vector) {
    const log_position position{{node_id{p.origin()}, p.epoch()}, p.sequence()};
    if (position.log == known.published.log && position.sequence > known.published.sequence
        && position.sequence <= limits::sequence_max)
      return position;
  }
  return std::nullopt;
}

std::vector<hashed_position> positions_of(const positions& in) {
  std::vector<hashed_position> out;
  out.reserve(static_cast<std::size_t>(in.size()));
  for (const auto& p : in) out.push_back({{{node_id{p.origin()}, p.epoch()}, p.sequence()}, p.hash()});
  return out;
}

void fill(const std::vector<hashed_position>& positions, google::protobuf::RepeatedPtrField<v1::LogPosition>* out) {
  for (const auto& [position, hash] : positions) {
    auto* to = out->Add();
    to->set_origin(to_number(position.log.origin));
    to->set_epoch(position.log.epoch);
    to->set_sequence(position.sequence);
    to->set_hash(hash);
  }
}

}  // namespace quorate::core
