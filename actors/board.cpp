#include "actors/board.hpp"

#include <algorithm>
#include <bit>

#include "proto/ensure.hpp"

namespace quorate {

board::board(node_id self, std::vector<node_id> peers)
    : ids_(std::move(peers)), members_count_(ids_.size() + 1), peers_(ids_.size()), cut_(ids_.size()) {
  auto origins = std::make_shared<std::set<node_id>>(ids_.begin(), ids_.end());
  origins->insert(self);
  ensure(origins->size() == members_count_, "no two members have one number");
  origins_ = std::move(origins);
}

void board::set_published(const log_position& end) {
  std::lock_guard lock(mutex_);
  ensure(end.log != published_.log || end.sequence >= published_.sequence, "a log is published in its order");
  published_ = end;
}

log_position board::published() const {
  std::lock_guard lock(mutex_);
  return published_;
}

void board::set_members(storage::member_list members) {
  std::lock_guard lock(mutex_);
  members_ = std::move(members);
}

storage::member_list board::members() const {
  std::lock_guard lock(mutex_);
  return members_;
}

std::shared_ptr<const std::set<node_id>> board::origins() const {
  std::lock_guard lock(mutex_);
  return origins_;
}

void board::add_origins(const std::vector<node_id>& more) {
  std::lock_guard lock(mutex_);
  auto all = std::make_shared<std::set<node_id>>(*origins_);
  for (const auto origin : more)
    if (all->size() < members_count_ + limits::foreign_origins_max) all->insert(origin);
  if (all->size() != origins_->size()) origins_ = std::move(all);
}

std::vector<log_position> board::forks_with(const std::vector<core::hashed_position>& positions) const {
  std::lock_guard lock(mutex_);
  return vector_.forks_with(core::log_vector::of(positions));
}

std::optional<log_position> board::live_log_of(node_id member, std::int64_t now_us) const {
  std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < ids_.size(); ++i)
    if (ids_[i] == member && peers_[i].called_us >= 0 && now_us - peers_[i].called_us < limits::suspicion_ms * 1000)
      return peers_[i].live;
  return std::nullopt;
}

void board::set_vector(core::log_vector vector, const log_id& live) {
  std::lock_guard lock(mutex_);
  ensure(vector.covers(vector_), "what is on disk stays there");
  vector_ = std::move(vector);
  ++change_;
  live_ = live;
  published_ = {live, vector_.at(live)};
}

void board::raise_vector(const std::vector<core::hashed_position>& positions) {
  std::lock_guard lock(mutex_);
  for (const auto& [position, hash] : positions) vector_.raise(position, hash);
  ++change_;
}

core::log_vector board::vector() const {
  std::lock_guard lock(mutex_);
  return vector_;
}

log_id board::live_log() const {
  std::lock_guard lock(mutex_);
  return live_;
}

log_position board::live_end() const {
  std::lock_guard lock(mutex_);
  return {live_, vector_.at(live_)};
}

std::vector<core::hashed_position> board::news_for(core::log_vector& announced) const {
  std::vector<core::hashed_position> news;
  {
    std::lock_guard lock(mutex_);
    news = vector_.beyond(announced);
  }
  for (const auto& [position, hash] : news) announced.raise(position, hash);
  return news;
}

void board::set_disks(const storage::member_disks& disks) {
  std::lock_guard lock(mutex_);
  ensure(disks.own >= disks_.own, "the name of the own disk only rises");
  disks_ = disks;
  own_disk_ = disks.own;
  complete_ = disks.complete;
  for (std::size_t i = 0; i < peers_.size(); ++i) recount(i);
}

storage::member_disks board::disks() const {
  std::lock_guard lock(mutex_);
  return disks_;
}

std::uint64_t board::newest_disk() const {
  std::lock_guard lock(mutex_);
  auto newest = disks_.own;
  for (const auto& [member, disk] : disks_.others) newest = std::max(newest, disk);
  return newest;
}

bool board::knows_disk(std::size_t peer, std::uint64_t disk) const {
  std::lock_guard lock(mutex_);
  const auto known = disks_.others.find(ids_[peer]);
  return known != disks_.others.end() && known->second == disk;
}

void board::recount(std::size_t index) {
  const auto& peer = peers_[index];
  const auto bit = 1u << index;
  const auto set = [bit](std::atomic<std::uint32_t>& bits, bool on) {
    if (on)
      bits.fetch_or(bit);
    else
      bits.fetch_and(~bit);
  };
  const auto known = disks_.others.find(ids_[index]);
  set(up_, peer.up);
  const bool counts = peer.up && peer.complete && known != disks_.others.end() && known->second == peer.disk;
  set(counting_, counts);
  set(taking_, counts && !peer.full);
}

unsigned board::peers_counting() const { return static_cast<unsigned>(std::popcount(counting_.load())); }

unsigned board::peers_taking() const { return static_cast<unsigned>(std::popcount(taking_.load())); }

peer_fact board::peer(std::size_t index) const {
  std::lock_guard lock(mutex_);
  return peers_[index];
}

std::vector<peer_fact> board::peers() const {
  std::lock_guard lock(mutex_);
  return peers_;
}

unsigned board::peers_up() const { return static_cast<unsigned>(std::popcount(up_.load())); }

void board::set_actor(const actor_fact& fact) {
  std::lock_guard lock(mutex_);
  auto known = std::find_if(actors_.begin(), actors_.end(), [&](const auto& a) { return a.name == fact.name; });
  if (known == actors_.end())
    actors_.push_back(fact);
  else
    *known = fact;
}

std::vector<actor_fact> board::actors() const {
  std::lock_guard lock(mutex_);
  return actors_;
}

}  // namespace quorate
