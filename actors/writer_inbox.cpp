#include "actors/writer_inbox.hpp"

#include "actors/inbound.hpp"
#include "proto/ensure.hpp"
#include "proto/limits.hpp"
#include "proto/test_points.hpp"

namespace quorate {

peer_batch::~peer_batch() {
  if (!from_) return;
  reached(mark::writer_batch_lost);
  from_->on_batch_lost();
}

bool writer_inbox::submit(std::vector<net::write_ticket>& tickets) {
  std::size_t bytes = 0;
  for (auto& ticket : tickets) bytes += ticket->bytes;
  bool ring = false;
  {
    std::lock_guard lock(mutex_);
    if (closed_ || writes_.size() + tickets.size() > limits::waiting_writes_max
        || write_bytes_ + bytes > limits::waiting_write_bytes_max)
      return false;
    for (auto& ticket : tickets) writes_.push_back(std::move(ticket));
    write_bytes_ += bytes;
    ring = !std::exchange(rung_, true);
  }
  tickets.clear();
  if (ring) ring_();
  return true;
}

bool writer_inbox::deliver(peer_batch&& batch) {
  bool ring = false;
  {
    std::lock_guard lock(mutex_);
    if (closed_ || peer_bytes_ + batch.bytes > limits::waiting_peer_bytes_max) return false;
    peer_bytes_ += batch.bytes;
    batches_.push_back(std::move(batch));
    ring = !std::exchange(rung_, true);
  }
  if (ring) ring_();
  return true;
}

bool writer_inbox::deliver(written_back&& value) {
  bool ring = false;
  {
    std::lock_guard lock(mutex_);
    const auto bytes = value.key.bytes.size() + value.record.value.size() + 64;
    if (closed_ || write_back_bytes_ + bytes > limits::group_bytes_max) return false;
    write_back_bytes_ += bytes;
    write_backs_.push_back(std::move(value));
    ring = !std::exchange(rung_, true);
  }
  if (ring) ring_();
  return true;
}

writer_inbox::work writer_inbox::take() {
  work result;
  std::size_t entries = 0;
  std::size_t bytes = 0;
  // Half a group for each side: a peer that catches up must not starve clients, nor the other way round.
  auto room = [&] { return entries < limits::group_entries_max / 2 && bytes < limits::group_bytes_max / 2; };
  std::lock_guard lock(mutex_);
  while (!batches_.empty() && room()) {
    auto& batch = batches_.front();
    entries += batch.entries.size();
    bytes += batch.bytes;
    ensure(peer_bytes_ >= batch.bytes, "bytes of peers that wait are counted once");
    peer_bytes_ -= batch.bytes;
    result.batches.push_back(std::move(batch));
    batches_.pop_front();
  }
  // What a read waits for is one value a key; all of it goes along.
  result.write_backs = std::exchange(write_backs_, {});
  write_back_bytes_ = 0;
  entries = 0;
  bytes = 0;
  while (!writes_.empty() && room()) {
    auto& ticket = writes_.front();
    ++entries;
    bytes += ticket->bytes;
    ensure(write_bytes_ >= ticket->bytes, "bytes of writes that wait are counted once");
    write_bytes_ -= ticket->bytes;
    result.writes.push_back(std::move(ticket));
    writes_.pop_front();
  }
  result.more = !batches_.empty() || !writes_.empty();
  rung_ = result.more;
  return result;
}

std::vector<net::write_ticket> writer_inbox::expire(std::int64_t now_us) {
  std::vector<net::write_ticket> expired;
  std::lock_guard lock(mutex_);
  std::deque<net::write_ticket> kept;
  for (auto& ticket : writes_) {
    if (ticket->deadline_us <= now_us) {
      ensure(write_bytes_ >= ticket->bytes, "bytes of writes that wait are counted once");
      write_bytes_ -= ticket->bytes;
      expired.push_back(std::move(ticket));
    } else {
      kept.push_back(std::move(ticket));
    }
  }
  writes_ = std::move(kept);
  return expired;
}

void writer_inbox::close() {
  std::deque<net::write_ticket> writes;
  std::deque<peer_batch> batches;
  std::vector<written_back> write_backs;
  std::lock_guard lock(mutex_);
  closed_ = true;
  write_backs.swap(write_backs_);
  writes.swap(writes_);
  batches.swap(batches_);
  write_bytes_ = 0;
  peer_bytes_ = 0;
}

std::size_t writer_inbox::waiting() const {
  std::lock_guard lock(mutex_);
  return writes_.size();
}

}  // namespace quorate
