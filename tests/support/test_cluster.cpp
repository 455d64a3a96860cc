#include "tests/support/test_cluster.hpp"

#include <algorithm>
#include <cstdlib>

#include <doctest/doctest.h>

#include "actors/log.hpp"
#include "proto/hash.hpp"

namespace quorate::testing {
namespace {

/// What the nodes log is of interest only when a test is looked into: QUORATE_TEST_LOG=1.
void quiet() {
  static const bool done = [] {
    logging::start(logging::format::text, std::getenv("QUORATE_TEST_LOG") ? logging::level::debug : logging::level::off,
                   "");
    return true;
  }();
  (void)done;
}

template <class Positions>
std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> as_map(const Positions& positions) {
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> result;
  for (const auto& p : positions) result[{p.origin(), p.epoch()}] = p.sequence();
  return result;
}

/// Whether `one` can count the other; true of an other that is not complete.
bool knows_disk_if_complete(const member& one, const member& other) {
  const auto own = other.disk.store().summary();
  return own && (!own->disks.complete || one.knows_disk_of(other));
}

}  // namespace

member::member(loopback_network& network, node_options given) : options(std::move(given)), network_(network) {}

member::~member() { stop(); }

void member::start() {
  REQUIRE(!running());
  auto started = start_node(
      options, disk.open(), network_.transport(options.name),
      [this](const quorate::status& why) {
        std::lock_guard lock(mutex_);
        failures_.push_back(why);
      },
      time);
  REQUIRE_MESSAGE(started.ok(), started.error().message());
  node_ = std::move(*started);
  REQUIRE(eventually([this] { return ready(); }));
  network_.listen(options.name, node_->api());
}

bool member::ready() const {
  const auto tree = actors();
  for (const auto& a : tree.actors())
    if (a.state() != "running") return false;
  return tree.actors_size() == static_cast<int>(8 + options.peers.size()) && status().epoch() != 0;
}

void member::stop() {
  if (!running()) return;
  disk.let_commits_go();
  disk.let_reads_go();
  disk.let_get_go();
  network_.stop_listening(options.name);
  node_.reset();
}

bool member::knows_disk_of(const member& other) const {
  const auto held = disk.store().summary();
  const auto own = other.disk.store().summary();
  if (!held || !own) return false;
  const auto known = held->disks.others.find(node_id_of(other.name()));
  return known != held->disks.others.end() && known->second == own->disks.own;
}

v1::StatusReply member::status() const {
  v1::StatusReply reply;
  node_->api().describe(&reply);
  return reply;
}

v1::DigestReply member::digest() const {
  v1::DigestReply reply;
  const auto described = node_->api().describe(&reply);
  CHECK(described.ok());
  return reply;
}

v1::ActorsReply member::actors() const {
  v1::ActorsReply reply;
  node_->api().describe(&reply);
  return reply;
}

v1::PeerStatus member::peer(const std::string& other) const {
  const auto reply = status();
  for (const auto& p : reply.peers())
    if (p.name() == other) return p;
  return {};
}

v1::ActorStatus member::actor(const std::string& which) const {
  const auto reply = actors();
  for (const auto& a : reply.actors())
    if (a.name() == which) return a;
  return {};
}

quorate::status member::kill(const std::string& which) {
  v1::DrillRequest request;
  request.set_kill_actor(which);
  return api().drill(request);
}

bool member::kill_and_see_it_back(const std::string& which) {
  const auto before = actor(which).restarts();
  auto kill_again_us = time.steady_us();
  return eventually([&] {
    const auto now = actor(which);
    if (now.restarts() > before) return now.state() == "running";
    if (time.steady_us() >= kill_again_us) {
      CHECK(kill(which).ok());
      kill_again_us = time.steady_us() + 1'000'000;
    }
    return false;
  });
}

std::vector<quorate::status> member::failures() const {
  std::lock_guard lock(mutex_);
  return failures_;
}

cluster::cluster(const cluster_options& options) {
  quiet();
  for (const auto& name : options.names) {
    node_options of;
    of.name = name;
    of.write_quorum = options.write_quorum;
    of.quorum_timeout_ms = options.quorum_timeout_ms;
    of.relay_delay_ms = options.relay_delay_ms;
    of.refill_wait_ms = options.refill_wait_ms;
    of.accept_loss = options.accept_loss;
    of.enable_drills = true;
    for (const auto& other : options.names)
      if (other != name) of.peers.push_back({other, other});
    members_[name] = std::make_unique<member>(network, std::move(of));
  }
  if (!options.start) return;
  for (auto& [name, m] : members_) m->start();
  REQUIRE(all_up());
}

cluster::~cluster() {
  for (auto& [name, m] : members_) m->stop();
  CHECK(network.contract_breaches() == 0);
}

std::vector<member*> cluster::running() {
  std::vector<member*> result;
  for (auto& [name, m] : members_)
    if (m->running()) result.push_back(m.get());
  return result;
}

bool cluster::all_up(std::chrono::milliseconds bound) {
  return eventually(
      [this] {
        const auto nodes = running();
        for (auto* one : nodes) {
          if (one->filling()) return false;
          for (auto* other : nodes) {
            if (one == other) continue;
            const auto seen = one->peer(other->name());
            if (!seen.up() || !seen.clock_known() || !knows_disk_if_complete(*one, *other)) return false;
          }
        }
        return std::all_of(nodes.begin(), nodes.end(), [&](auto* one) { return counts_all(*one, nodes.size()); });
      },
      bound);
}

bool cluster::counts_all(member& one, std::size_t running) const {
  // Nobody but the node knows whom it counts: a write that needs as many copies as there are members that run comes to
  // its plan only if it counts them all. That leaves nothing behind but the present time on its clock.
  const bool all_run = running == members_.size();
  if (!all_run && running < members_.size() / 2 + 1) return true;
  const auto quorum = all_run ? net::write_quorum::all : net::write_quorum::majority;
  const auto outcome = write(one.api(), "", "", {.timeout_ms = 1'000, .quorum = quorum, .give_up = true}).outcome();
  return outcome == "not_found" || outcome == "clock_skew";
}

bool cluster::see_each_other(const std::string& one, const std::string& other, bool up) {
  const bool seen = eventually([&] {
    auto& first = (*this)[one];
    auto& second = (*this)[other];
    if (first.peer(other).up() != up || second.peer(one).up() != up) return false;
    return !up || (knows_disk_if_complete(first, second) && knows_disk_if_complete(second, first));
  });
  if (!seen) {
    MESSAGE(one, " sees ", (*this)[one].peer(other).ShortDebugString());
    MESSAGE(other, " sees ", (*this)[other].peer(one).ShortDebugString());
  }
  return seen;
}

bool cluster::equal(std::chrono::milliseconds bound) {
  return eventually(
      [this] {
        const auto nodes = running();
        const auto first = nodes.front()->digest();
        for (auto* one : nodes) {
          const auto digest = one->digest();
          if (digest.root() != first.root() || as_map(digest.vector()) != as_map(first.vector())) return false;
        }
        return true;
      },
      bound);
}

bool cluster::everywhere(const std::string& key, const std::string& value, std::chrono::milliseconds bound) {
  return eventually(
      [&] {
        for (auto* one : running())
          if (one->disk.value_of(key) != value) return false;
        return true;
      },
      bound);
}

}  // namespace quorate::testing
