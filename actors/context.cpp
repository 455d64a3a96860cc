#include "actors/context.hpp"

#include <algorithm>

#include "actors/log.hpp"
#include "actors/messages.hpp"
#include "actors/readiness.hpp"
#include "proto/hash.hpp"
#include "proto/member_proof.hpp"
#include "proto/test_points.hpp"

namespace quorate {
namespace {

std::vector<node_id> ids_of(const std::vector<member_identity>& members) {
  std::vector<node_id> ids;
  for (const auto& member : members) ids.push_back(member.id);
  return ids;
}

std::vector<member_identity> identities_of(const std::vector<peer_member>& peers) {
  std::vector<member_identity> result;
  for (const auto& peer : peers) result.push_back({peer.name, node_id_of(peer.name), peer.address});
  return result;
}

}  // namespace

node_context::node_context(node_options o, storage::store& s, const clock& t, net::peer_transport& n,
                           std::function<void(const status&)> f, std::function<std::uint64_t()> r)
    : options(std::move(o)),
      self{options.name, node_id_of(options.name), {}},
      peers(identities_of(options.peers)),
      random(std::move(r)),
      instance(random()),
      started_us(t.steady_us()),
      store(s),
      time(t),
      transport(n),
      fail(std::move(f)),
      facts(self.id, ids_of(peers)),
      waiting_reads({errc::behind, "this node has not yet got the write of the session; ask another one or try again"}),
      inbox([this] { writer.send(message::wake{}); }),
      words(facts, [this] { indexer.send(message::wake{}); }),
      clock_steps(options.max_clock_offset_ms) {
  for (std::size_t i = 0; i < peers.size(); ++i) links.push_back(std::make_shared<address>());
}

unsigned node_context::copies_needed(net::write_quorum quorum) const {
  switch (quorum) {
    case net::write_quorum::one: return 1;
    case net::write_quorum::majority: return members() / 2 + 1;
    case net::write_quorum::all: return members();
    case net::write_quorum::by_default: break;
  }
  const auto copies = options.write_quorum == 0 ? members() / 2 + 1 : options.write_quorum;
  return planted(planted_bug::one_copy_less) && copies > 1 ? copies - 1 : copies;
}

core::known_facts node_context::known() const {
  return {facts.origins(), facts.published(), time.wall_ms(), 0, facts.newest_disk()};
}

std::string node_context::nonce() const {
  std::string bytes;
  while (bytes.size() < nonce_bytes) {
    const auto part = random();
    for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(part >> shift));
  }
  return bytes;
}

void node_context::refused(const std::string& who, const status& why) {
  ++facts.peers_refused;
  lines.event(logging::level::warn, "peer.refused", who, {{"peer", logging::printable(who)}, {"reason", why.message()}},
              time.steady_us());
}

std::string node_context::words_for(const log_position& where) const {
  const auto origin = where.log.origin;
  auto name = origin == self.id ? self.name : std::to_string(to_number(origin));
  for (const auto& one : peers)
    if (one.id == origin) name = one.name;
  return name + " (epoch " + std::to_string(where.log.epoch) + ", entry " + std::to_string(where.sequence) + ")";
}

void node_context::forked(const std::string& peer, const std::vector<log_position>& where) {
  facts.forks += where.size();
  std::string logs;
  for (const auto& one : where) logs += (logs.empty() ? "" : ", ") + words_for(one);
  lines.event(logging::level::error, "log.forked", peer,
              {{"peer", peer},
               {"logs_of", logs},
               {"meaning",
                "this node and the peer hold different entries there; these logs are not passed on between them, "
                "all others are"}},
              time.steady_us());
}

void node_context::learn(const storage::member_list& theirs, const std::vector<std::uint64_t>& origins) {
  std::vector<node_id> writers;
  for (const auto origin : origins) writers.push_back(node_id{origin});
  facts.add_origins(writers);
  auto own = facts.members();
  if (!own.founder.empty() || theirs.founder.empty()) return;
  own.founder = theirs.founder;
  facts.set_members(own);
  writer.send(message::settle_members{std::move(own)});
}

std::vector<node_id> node_context::foreign_origins() const {
  std::vector<node_id> foreign;
  for (const auto origin : *facts.origins())
    if (origin != self.id && std::none_of(peers.begin(), peers.end(), [&](const auto& p) { return p.id == origin; }))
      foreign.push_back(origin);
  return foreign;
}

status node_context::check_value(const mutation& change) const {
  return options.check_value ? options.check_value(change) : status();
}

status node_context::has_room() const {
  if (!facts.disk_full) return {};
  return {errc::disk_full, core::with_full_disk(sight_of(*this)).sentence()};
}

}  // namespace quorate
