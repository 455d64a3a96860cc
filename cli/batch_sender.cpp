#include "cli/batch_sender.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "cli/session.hpp"

namespace quorate::cli {
namespace {

constexpr std::string_view namespace_default = "global";

std::string name_space_of(const v1::MemoryRecord& record) {
  return record.namespace_().empty() ? std::string(namespace_default) : record.namespace_();
}

/// Equal for records that overwrite each other.
std::string key_of(const v1::MemoryRecord& record) {
  auto key = name_space_of(record);
  key += '\0';
  return key += record.title();
}

/// Sending it again may end better, and does no harm.
bool may_repeat(const net::call_result& why) {
  return why.outcome == net::call_outcome::indeterminate || net::may_move_on(why)
         || why.reason == name_of(errc::deadline_exceeded);
}

/// About the nodes rather than the record: the records that follow would fare no better.
bool out_of_service(const net::call_result& why) {
  return net::may_move_on(why) || lacked_quorum(why) || why.reason == name_of(errc::deadline_exceeded);
}

std::string explain(const net::call_result& why) {
  auto text = why.field.empty() ? why.message : why.field + ": " + why.message;
  switch (why.outcome) {
    case net::call_outcome::indeterminate: return "unknown, may have been stored: " + text;
    case net::call_outcome::superseded: return "stored, but a newer version was already there";
    default: return text;
  }
}

}  // namespace

batch_sender::batch_sender(net::client& client, import_report& report, const sender_options& options)
    : client_(client), report_(report), options_(options), jitter_(std::random_device{}()) {
  for (std::size_t i = 0; i < options_.batches_in_flight; ++i) threads_.emplace_back([this] { work(); });
}

batch_sender::~batch_sender() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
}

bool batch_sender::gave_up() const {
  const std::lock_guard lock(mutex_);
  return gave_up_;
}

bool batch_sender::add(import_record&& record) {
  auto key = key_of(record.record);
  const auto bytes = record.record.ByteSizeLong();
  if (open_.records.size() == options_.batch_items_max || open_.bytes + bytes > options_.batch_bytes_max) flush();
  std::unique_lock lock(mutex_);
  if (busy_keys_.contains(key)) {
    lock.unlock();
    flush();
    lock.lock();
    changed_.wait(lock, [&] { return gave_up_ || !busy_keys_.contains(key); });
  }
  if (gave_up_) return false;
  busy_keys_.insert(key);
  lock.unlock();
  open_.keys.push_back(std::move(key));
  open_.bytes += bytes;
  open_.records.push_back(std::move(record));
  return true;
}

void batch_sender::flush() {
  if (open_.records.empty()) return;
  std::unique_lock lock(mutex_);
  // As many may wait as are being sent: enough to keep every thread busy, and memory bounded.
  changed_.wait(lock, [this] { return waiting_.size() < options_.batches_in_flight; });
  waiting_.push_back(std::exchange(open_, {}));
  ++unfinished_;
  changed_.notify_all();
}

void batch_sender::finish() {
  flush();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return unfinished_ == 0; });
}

void batch_sender::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    changed_.notify_all();
    lock.unlock();
    const auto keys = next.keys;
    send(std::move(next));
    lock.lock();
    for (const auto& key : keys) busy_keys_.erase(key);
    --unfinished_;
    changed_.notify_all();
  }
}

void batch_sender::send(batch&& work) {
  auto records = std::move(work.records);
  std::size_t settled = 0;
  for (int attempts = 1;; ++attempts) {
    auto made = send_once(std::move(records));
    settled += made.settled;
    if (made.left.empty()) return;
    if (attempts == options_.attempts_max || !pause(attempts)) {
      {
        const std::lock_guard lock(mutex_);
        gave_up_ = gave_up_ || (settled == 0 && out_of_service(made.whys.front()));
      }
      changed_.notify_all();
      for (std::size_t i = 0; i < made.left.size(); ++i) report_failed(made.left[i], made.whys[i]);
      return;
    }
    records = std::move(made.left);
  }
}

batch_sender::attempt batch_sender::send_once(std::vector<import_record>&& records) {
  v1::StoreBatchRequest request;
  request.set_write_quorum(options_.write_quorum);
  for (auto& each : records) {
    auto& item = *request.add_items();
    // Lent to the request, taken back below: a retry must not pay for a copy.
    item.mutable_memory()->Swap(&each.record);
    item.set_full_record(true);
  }
  v1::StoreBatchReply reply;
  auto result = client_.store_batch(request, &reply);
  for (std::size_t i = 0; i < records.size(); ++i)
    records[i].record.Swap(request.mutable_items(static_cast<int>(i))->mutable_memory());
  if (result.ok() && static_cast<std::size_t>(reply.items_size()) == records.size())
    return settle(std::move(records), reply, result.endpoint);
  if (result.ok()) {
    result.outcome = net::call_outcome::indeterminate;
    result.reason = name_of(errc::internal);
    result.message = "the node answered for " + std::to_string(reply.items_size()) + " of "
                     + std::to_string(records.size()) + " records";
  }
  attempt made;
  if (may_repeat(result)) {
    made.whys.assign(records.size(), result);
    made.left = std::move(records);
    return made;
  }
  made.settled = records.size();
  for (const auto& each : records) report_failed(each, result);
  return made;
}

batch_sender::attempt batch_sender::settle(std::vector<import_record>&& records, const v1::StoreBatchReply& reply,
                                           const std::string& endpoint) {
  attempt made;
  std::vector<acknowledged_record> acknowledged;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto& item = reply.items(static_cast<int>(i));
    auto result = net::decode(item);
    if (!result.ok() && may_repeat(result)) {
      made.left.push_back(std::move(records[i]));
      made.whys.push_back(std::move(result));
      continue;
    }
    ++made.settled;
    const auto& record = records[i].record;
    if (result.ok())
      acknowledged.push_back({item.stored().id(), name_space_of(record), record.title()});
    else
      report_failed(records[i], result);
  }
  report_.acknowledged(acknowledged);
  // The node answered, but cannot reach its quorum, drains or is full: the next attempt goes to another.
  if (!made.left.empty()) client_.avoid(endpoint);
  return made;
}

void batch_sender::report_failed(const import_record& record, const net::call_result& why) {
  report_.failed({record.line, record.record.title(), explain(why)}, lacked_quorum(why));
}

/// Before the next attempt. False when there should be none: the end is near, or another batch has given up.
bool batch_sender::pause(int attempts_made) {
  std::unique_lock lock(mutex_);
  const auto doubled = options_.backoff_ms_min << std::min(attempts_made - 1, 16);
  const auto most = std::min(doubled, options_.backoff_ms_max);
  std::uniform_int_distribution<std::int64_t> spread(most / 2, most);
  const auto wait = std::chrono::milliseconds(spread(jitter_));
  return !changed_.wait_for(lock, wait, [this] { return stopping_ || gave_up_; });
}

}  // namespace quorate::cli
