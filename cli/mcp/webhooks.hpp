// Tells subscribers that a record was stored: one HTTP POST each, once.
//
// Owns a thread that begins with the first event. `announce` may be called from any thread and never waits: when too
// many events are queued the newest is dropped, for a message is worth less than the write it tells of. The end waits
// some seconds for what is queued. How each delivery went is noted at the subscription, if a node can be reached.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "net/client.hpp"

namespace quorate::cli::mcp {

struct webhook_event {
  std::string memory_id;
  std::string name_space;
  std::string agent_id;
};

class webhooks {
 public:
  static constexpr std::size_t events_max = 256;
  static constexpr std::chrono::seconds attempt_max{10};
  static constexpr std::chrono::seconds end_max{3};

  /// `nodes` outlives it.
  explicit webhooks(net::client& nodes);
  ~webhooks();
  webhooks(const webhooks&) = delete;
  webhooks& operator=(const webhooks&) = delete;

  /// False when it was dropped.
  bool announce(webhook_event event);

 private:
  void run();
  void deliver(const webhook_event& event);
  void deliver(const webhook_event& event, const v1::Subscription& to);
  std::int64_t patience_ms();

  net::client& nodes_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<webhook_event> queue_;
  bool ending_ = false;
  std::chrono::steady_clock::time_point end_by_;
  std::thread thread_;
};

/// Whether a subscription asks for a stored record. Empty filters ask for all; `events` is a comma list or *.
bool wants(const v1::Subscription& subscription, const webhook_event& event);

/// "sha256=" and the HMAC-SHA256 of "<timestamp>.<body>", keyed with the bytes that `secret_hash` is the hexadecimal
/// form of. Empty when that is none.
std::string webhook_signature(const std::string& secret_hash, const std::string& timestamp, const std::string& body);

/// Whether the host of a subscription's URL may lead to this address. A name may lead anywhere by the time it is asked
/// for: what it leads to is judged like an address in a URL, and to this machine only a URL that says so leads.
status judge_webhook_address(const std::string& url, const std::string& address);

}  // namespace quorate::cli::mcp
