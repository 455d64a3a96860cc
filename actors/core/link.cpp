#include "actors/core/link.hpp"

#include <algorithm>

#include "proto/limits.hpp"
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

void link::on_open(const std::vector<log_position>& vector) {
  open_ = true;
  reading_ = false;
  // The welcome replaces what was known: a peer that lost its disk has less than it once said.
  if (planted(planted_bug::vector_only_grows))
    for (const auto& position : vector) peer_.raise(position);
  else
    peer_ = log_vector(vector);
  in_flight_bytes_ = 0;
  chunk_.second.clear();
  std::map<log_id, outgoing> fresh;
  if (auto live = outgoing_.find(live_); live != outgoing_.end())
    fresh[live_] = {peer_.at(live_) + 1, live->second.upto};
  outgoing_ = std::move(fresh);
}

void link::on_closed() { open_ = false; }

void link::release(outgoing& out, sequence_number upto) {
  while (!out.in_flight.empty() && out.in_flight.front().first <= upto) {
    in_flight_bytes_ -= out.in_flight.front().second;
    out.in_flight.pop_front();
    if (out.doomed > 0) --out.doomed;  // the doomed ones are the first; this one was taken after all
  }
}

void link::on_held(const log_position& position) {
  peer_.raise(position);
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
  auto& out = found->second;
  if (!out.in_flight.empty()) {
    in_flight_bytes_ -= out.in_flight.front().second;
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
  chunk_ = {log, std::move(entries)};
}

send_order link::send(const log_id& log, outgoing& out, std::vector<encoded_entry> entries) {
  std::size_t bytes = 0;
  for (const auto& e : entries) bytes += e.bytes->size();
  out.next = entries.back().sequence + 1;
  out.in_flight.emplace_back(entries.back().sequence, bytes);
  in_flight_bytes_ += bytes;
  if (log == live_) trim_recent();
  return {std::move(entries)};
}

std::optional<link_order> link::next_from_disk(const log_id& log, outgoing& out) {
  if (reading_) return std::nullopt;
  reading_ = true;
  return read_order{log, out.next, limits::frame_entries_bytes_max};
}

std::optional<link_order> link::next_live(std::int64_t now_ms) {
  auto found = outgoing_.find(live_);
  if (found == outgoing_.end()) return std::nullopt;
  auto& out = found->second;
  if (out.next > out.upto || out.held_until_ms > now_ms) return std::nullopt;
  trim_recent();
  if (!recent_.empty() && recent_.front().sequence == out.next) {
    std::vector<encoded_entry> entries;
    std::size_t bytes = 0;
    while (!recent_.empty()) {
      auto size = recent_.front().bytes->size();
      if (!entries.empty() && bytes + size > limits::frame_entries_bytes_max) break;
      bytes += size;
      recent_bytes_ -= size;
      entries.push_back(std::move(recent_.front()));
      recent_.pop_front();
    }
    return send(live_, out, std::move(entries));
  }
  return next_from_disk(live_, out);
}

link_order link::next(std::int64_t now_ms) {
  if (!open_ || in_flight_bytes_ + limits::frame_entries_bytes_max > limits::link_window_bytes_max) return {};
  if (!chunk_.second.empty()) {
    auto found = outgoing_.find(chunk_.first);
    auto entries = std::move(chunk_.second);
    chunk_.second.clear();
    if (found != outgoing_.end() && found->second.next == entries.front().sequence)
      return send(chunk_.first, found->second, std::move(entries));
  }
  if (auto order = next_live(now_ms)) return std::move(*order);
  for (auto& [log, out] : outgoing_) {
    if (log == live_ || out.next > out.upto || out.held_until_ms > now_ms) continue;
    if (auto order = next_from_disk(log, out)) return std::move(*order);
    break;
  }
  return {};
}

}  // namespace quorate::core
