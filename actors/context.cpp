#include "actors/context.hpp"

#include "actors/messages.hpp"
#include "proto/hash.hpp"
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
      facts(ids_of(peers)),
      inbox([this] { writer.send(message::wake{}); }),
      words(facts, t, [this] { indexer.send(message::wake{}); }),
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

status node_context::has_room() const {
  if (!facts.disk_full) return {};
  return {errc::disk_full, "this node's disk is full; write through another node, free some space here"};
}

}  // namespace quorate
