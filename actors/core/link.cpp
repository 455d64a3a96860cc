#include "actors/core/link.hpp"

#include <algorithm>
#include <iterator>

#include "proto/ensure.hpp"
#include "proto/limits.hpp"
#include "proto/log_chain.hpp"
#include "proto/test_points.hpp"

namespace quorate::core {

void link::on_published(const std::vector<encoded_entry>& entries) {
  if (entries.empty()) return;
  const auto& log = entries.front().log;
  if (log != live_) begin_live(log);
  for (const auto& e : entries) {
    recent_.push_back(e);
    recent_bytes_ += e.bytes->size();
  }
  outgoing_[log].upto = entries.back().sequence;
  trim_recent();
}

void link::begin_live(const log_id& log) {
  // A new life of the writer. What the old one left unsent is on disk, and the reconciler has it sent, or it is not,
  // and then nobody can send it.
  if (auto old = outgoing_.find(live_); old != outgoing_.end()) {
    release(old->second, ~sequence_number{0});
    outgoing_.erase(old);
  }
  live_ = log;
  live_hashes_.clear();
  recent_.clear();
  recent_bytes_ = 0;
  outgoing_[log].next = peer_.at(log) + 1;
}

void link::trim_recent() {
  auto next = outgoing_[live_].next;
  const auto bytes_max = planted(planted_bug::backlog_unbounded) ? ~std::size_t{0} : limits::link_backlog_bytes_max;
  while (!recent_.empty() && (recent_.front().sequence < next || recent_bytes_ > bytes_max)) {
    if (recent_.front().sequence >= next) reached(mark::link_backlog_dropped);
    recent_bytes_ -= recent_.front().bytes->size();
    recent_.pop_front();
  }
}

void link::on_open(const std::vector<hashed_position>& vector) {
  open_ = true;
  reading_ = false;
  // The welcome replaces what was known: a peer that lost its disk has less than it once said.
  if (planted(planted_bug::vector_only_grows))
    for (const auto& [position, hash] : vector) peer_.raise(position, hash);
  else
    peer_ = log_vector::of(vector);
  in_flight_bytes_ = 0;
  sent_.clear();
  chunk_.second.clear();
  window_.on_open();
  held_back_ = false;
  questions_sent_ = questions_marked_ = questions_arrived_ = 0;
  std::map<log_id, outgoing> fresh;
  if (auto live = outgoing_.find(live_); live != outgoing_.end())
    fresh[live_] = {peer_.at(live_) + 1, live->second.upto};
  outgoing_ = std::move(fresh);
}

void link::on_closed() { open_ = false; }

void link::release(outgoing& out, sequence_number upto) {
  while (!out.in_flight.empty() && out.in_flight.front().last <= upto) {
    ensure(in_flight_bytes_ >= out.in_flight.front().bytes, "bytes under way are counted down once");
    in_flight_bytes_ -= out.in_flight.front().bytes;
    out.in_flight.pop_front();
    if (out.doomed > 0) --out.doomed;  // the doomed ones are the first; this one was taken after all
  }
}

bool link::acknowledgeable(const log_position& position) const {
  const auto sent = sent_.find(position.log);
  return position.sequence <= peer_.at(position.log) || (sent != sent_.end() && position.sequence <= sent->second);
}

bool link::same_bytes(const log_position& position, std::uint64_t hash) const {
  const auto found = outgoing_.find(position.log);
  if (found == outgoing_.end() || (hash == 0 && position.log != live_)) return true;
  for (const auto& frame : found->second.in_flight) {
    if (position.sequence > frame.last) continue;
    const auto behind = frame.last - position.sequence;
    return behind >= frame.hashes.size() || frame.hashes[frame.hashes.size() - 1 - behind] == hash;
  }
  return true;
}

bool link::sent_with(const log_position& position, std::uint64_t hash) const {
  const auto behind = live_hashes_end_ - position.sequence;  // 1: the last
  return position.log == live_ && position.sequence < live_hashes_end_ && behind <= live_hashes_.size()
         && live_hashes_[live_hashes_.size() - behind] == hash;
}

void link::note_sent(sequence_number first, const std::vector<std::uint64_t>& hashes) {
  // What goes again on another stream is known, but for what was dropped from here long ago.
  if (live_hashes_.empty() || first > live_hashes_end_) {
    live_hashes_.clear();
    live_hashes_end_ = first;
  }
  if (first + hashes.size() <= live_hashes_end_) return;
  const auto known = static_cast<std::ptrdiff_t>(live_hashes_end_ - first);
  live_hashes_.insert(live_hashes_.end(), hashes.begin() + known, hashes.end());
  live_hashes_end_ = first + hashes.size();
  while (live_hashes_.size() > limits::pending_writes_max) live_hashes_.pop_front();
}

void link::on_held(const log_position& position, std::uint64_t hash) {
  peer_.raise(position, hash);
  auto found = outgoing_.find(position.log);
  if (found == outgoing_.end()) return;
  auto& out = found->second;
  release(out, position.sequence);
  if (out.next <= position.sequence) out.next = position.sequence + 1;  // it came another way
  if (position.log != live_ && out.next > out.upto && out.in_flight.empty()) outgoing_.erase(found);
}

void link::on_refused(const log_id& log, sequence_number have, std::int64_t retry_at_ms) {
  auto found = outgoing_.find(log);
  if (found == outgoing_.end()) return;
  if (planted(planted_bug::refusal_ignored)) return release(found->second, found->second.next);
  auto& out = found->second;
  if (!out.in_flight.empty()) {
    in_flight_bytes_ -= out.in_flight.front().bytes;
    out.in_flight.pop_front();
  }
  if (out.doomed > 0) {
    --out.doomed;
    return;
  }
  out.doomed = out.in_flight.size();
  out.next = std::min(out.next, have + 1);
  out.held_until_ms = std::max(out.held_until_ms, retry_at_ms);
  if (chunk_.first == log) chunk_.second.clear();
}

void link::on_relay(const log_position& upto) {
  if (!open_ || upto.log == live_) return;
  auto [found, fresh] = outgoing_.try_emplace(upto.log);
  auto& out = found->second;
  if (fresh) out.next = peer_.at(upto.log) + 1;
  // Nothing under way and still asked for: what was sent was lost on the other side; start over from what it has.
  if (out.in_flight.empty() && out.next > upto.sequence) out.next = std::min(out.next, peer_.at(upto.log) + 1);
  out.upto = std::max(out.upto, upto.sequence);
}

void link::on_committed(const log_position& live) {
  if (live.log != live_) begin_live(live.log);
  auto& upto = outgoing_[live_].upto;
  upto = std::max(upto, live.sequence);
}

void link::on_read(const log_id& log, std::vector<encoded_entry> entries, std::int64_t now_ms) {
  reading_ = false;
  auto found = outgoing_.find(log);
  if (found == outgoing_.end()) return;
  auto next = found->second.next;
  auto first = std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.sequence >= next; });
  entries.erase(entries.begin(), first);
  if (entries.empty() || entries.front().sequence != next) {
    // Not there (yet). Ask again a little later rather than at once.
    found->second.held_until_ms = std::max(found->second.held_until_ms, now_ms + limits::reconnect_ms_min);
    return;
  }
  chunk_ = {log, {std::make_move_iterator(entries.begin()), std::make_move_iterator(entries.end())}};
}

send_order link::send(const log_id& log, outgoing& out, std::vector<encoded_entry> entries, std::int64_t now_ms) {
  frame_sent_ms_ = now_ms;
  std::size_t bytes = 0;
  for (const auto& e : entries) bytes += e.bytes->size();
  out.next = entries.back().sequence + 1;
  ensure(entries.front().log == log, "a frame holds entries of the log it is sent for");
  std::vector<std::uint64_t> hashes;
  hashes.reserve(entries.size());
  for (const auto& e : entries) hashes.push_back(chain_hash(*e.bytes));
  if (log == live_) note_sent(entries.front().sequence, hashes);
  out.in_flight.push_back({entries.back().sequence, bytes, std::move(hashes)});
  auto& sent = sent_[log];
  sent = std::max(sent, entries.back().sequence);
  in_flight_bytes_ += bytes;
  if (log == live_) trim_recent();
  return {std::move(entries)};
}

std::vector<encoded_entry> link::take_frame(std::deque<encoded_entry>& from) const {
  std::vector<encoded_entry> entries;
  std::size_t bytes = 0;
  while (!from.empty()) {
    bytes += from.front().bytes->size();
    if (!entries.empty() && bytes > window_.frame_bytes()) break;
    entries.push_back(std::move(from.front()));
    from.pop_front();
  }
  return entries;
}

std::optional<link_order> link::next_from_disk(const log_id& log, outgoing& out) {
  if (reading_) return std::nullopt;
  reading_ = true;
  return read_order{log, out.next, window_.frame_bytes()};
}

std::optional<link_order> link::next_live(std::int64_t now_ms) {
  auto found = outgoing_.find(live_);
  if (found == outgoing_.end()) return std::nullopt;
  auto& out = found->second;
  if (out.next > out.upto || out.held_until_ms > now_ms) return std::nullopt;
  trim_recent();
  if (recent_.empty() || recent_.front().sequence != out.next) return next_from_disk(live_, out);
  if (must_wait(recent_.front().bytes->size())) return wait_for_acks();
  auto entries = take_frame(recent_);
  for (const auto& e : entries) recent_bytes_ -= e.bytes->size();
  return send(live_, out, std::move(entries), now_ms);
}

std::optional<link_order> link::next_chunk(std::int64_t now_ms) {
  auto& [log, entries] = chunk_;
  auto found = outgoing_.find(log);
  if (found == outgoing_.end()) entries.clear();
  // Part of it may have come to the peer another way while it waited.
  while (!entries.empty() && entries.front().sequence < found->second.next) entries.pop_front();
  if (!entries.empty() && entries.front().sequence != found->second.next) entries.clear();
  if (entries.empty()) return std::nullopt;
  if (must_wait(entries.front().bytes->size())) return wait_for_acks();
  return send(log, found->second, take_frame(entries), now_ms);
}

link_order link::wait_for_acks() {
  held_back_ = true;
  return {};
}

bool link::must_wait(std::size_t first_entry_bytes) const {
  return in_flight_bytes_ > 0
         && in_flight_bytes_ + std::max(first_entry_bytes, window_.frame_bytes()) > window_.bytes();
}

bool link::anything_due(std::int64_t now_ms) const {
  return !chunk_.second.empty() || std::any_of(outgoing_.begin(), outgoing_.end(), [&](const auto& each) {
    return each.second.next <= each.second.upto && each.second.held_until_ms <= now_ms;
  });
}

link_order link::next(std::int64_t now_ms) {
  held_back_ = false;
  if (!open_) return {};
  if (must_wait(0)) {
    held_back_ = anything_due(now_ms);
    return {};
  }
  if (auto order = next_chunk(now_ms)) return std::move(*order);
  if (auto order = next_live(now_ms)) return std::move(*order);
  for (auto& [log, out] : outgoing_) {
    if (log == live_ || out.next > out.upto || out.held_until_ms > now_ms) continue;
    if (auto order = next_from_disk(log, out)) return std::move(*order);
    break;
  }
  return {};
}

std::size_t link::question_room() {
  const auto waiting = static_cast<std::size_t>(questions_sent_ - questions_arrived_);
  if (waiting == 0 || waiting + window_.frame_bytes() <= window_.bytes())
    return std::min(window_.frame_bytes(), limits::frame_questions_bytes_max);
  held_back_ = true;
  return 0;
}

bool link::heartbeat_wanted() const {
  return window_.probe_wanted(held_back_) || questions_sent_ - questions_marked_ >= window_.frame_bytes();
}

heartbeat_mark link::on_heartbeat(std::int64_t now_ms) {
  const auto filled_ms = questions_sent_ != questions_marked_ ? now_ms : frame_sent_ms_;
  heartbeat_mark mark{now_ms, filled_ms, under_way(), questions_sent_, held_back_};
  questions_marked_ = questions_sent_;
  window_.on_heartbeat(mark);
  return mark;
}

void link::on_echo(const heartbeat_mark& mark, std::int64_t now_ms) {
  questions_arrived_ = std::max(questions_arrived_, mark.questions);
  window_.on_echo(mark, now_ms);
}

}  // namespace quorate::core
