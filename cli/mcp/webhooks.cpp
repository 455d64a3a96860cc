#include "cli/mcp/webhooks.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "cli/http_post.hpp"
#include "cli/parse.hpp"
#include "cli/session.hpp"
#include "memory/timestamp.hpp"
#include "memory/webhook_url.hpp"
#include "proto/clock.hpp"

namespace quorate::cli::mcp {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* event_name = "memory_store";

std::optional<unsigned char> digit_of(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned char>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned char>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned char>(c - 'A' + 10);
  return std::nullopt;
}

/// Empty when the text is no hexadecimal one.
std::string bytes_of(const std::string& hexadecimal) {
  std::string bytes;
  if (hexadecimal.size() % 2 != 0) return bytes;
  for (std::size_t i = 0; i < hexadecimal.size(); i += 2) {
    const auto high = digit_of(hexadecimal[i]);
    const auto low = digit_of(hexadecimal[i + 1]);
    if (!high || !low) return {};
    bytes.push_back(static_cast<char>(*high * 16 + *low));
  }
  return bytes;
}

/// Whether a host may be spoken to without TLS, which is so for this machine alone.
bool is_this_machine(std::string_view host_and_rest) {
  return memory::validate_webhook_url("http://" + std::string(host_and_rest)).ok();
}

}  // namespace

status judge_webhook_address(const std::string& url, const std::string& address) {
  const auto host = address.find(':') == std::string::npos ? address : "[" + address + "]";
  if (auto legal = memory::validate_webhook_url("https://" + host); !legal) return legal;
  const auto behind_scheme = url.find("://");
  if (is_this_machine(host) && (behind_scheme == std::string::npos || !is_this_machine(url.substr(behind_scheme + 3))))
    return status::invalid("url", "leads to this machine under another name");
  return {};
}

bool wants(const v1::Subscription& subscription, const webhook_event& event) {
  const auto events = split_list(subscription.events());
  const bool asked = events.empty() || std::any_of(events.begin(), events.end(), [](const std::string& name) {
                       return name == "*" || name == event_name;
                     });
  return asked && (subscription.namespace_filter().empty() || subscription.namespace_filter() == event.name_space)
         && (subscription.agent_filter().empty() || subscription.agent_filter() == event.agent_id);
}

std::string webhook_signature(const std::string& secret_hash, const std::string& timestamp, const std::string& body) {
  const auto key = bytes_of(secret_hash);
  if (key.empty()) return {};
  const auto text = timestamp + "." + body;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
           text.size(), digest.data(), &length)
      == nullptr)
    return {};
  return "sha256=" + hex({reinterpret_cast<const char*>(digest.data()), length});
}

webhooks::webhooks(net::client& nodes) : nodes_(nodes), thread_([this] { run(); }) {}

webhooks::~webhooks() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    end_by_ = steady_clock::now() + end_max;
  }
  changed_.notify_all();
  thread_.join();
}

bool webhooks::announce(webhook_event event) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= events_max) return false;
    queue_.push_back(std::move(event));
  }
  changed_.notify_all();
  return true;
}

void webhooks::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return ending_ || !queue_.empty(); });
    if (queue_.empty() || (ending_ && steady_clock::now() >= end_by_)) return;
    const auto event = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    deliver(event);
    lock.lock();
  }
}

/// How long one more attempt may take; 0 = no more.
std::int64_t webhooks::patience_ms() {
  const std::lock_guard lock(mutex_);
  const milliseconds whole = attempt_max;
  if (!ending_) return whole.count();
  const auto left = duration_cast<milliseconds>(end_by_ - steady_clock::now());
  return std::clamp<std::int64_t>(left.count(), 0, whole.count());
}

void webhooks::deliver(const webhook_event& event) {
  v1::ListSubscriptionsReply listed;
  if (!nodes_.call(v1::ListSubscriptionsRequest(), &listed).ok()) return;
  for (const auto& subscription : listed.subscriptions())
    if (wants(subscription, event)) deliver(event, subscription);
}

void webhooks::deliver(const webhook_event& event, const v1::Subscription& to) {
  const auto patience = patience_ms();
  if (patience == 0) return;
  const auto now_ms = system_clock().wall_ms();
  http_request post;
  post.url = to.url();
  post.timeout_ms = patience;
  post.judge_address = [&to](const std::string& address) { return judge_webhook_address(to.url(), address); };
  post.body = nlohmann::ordered_json{{"event", event_name},
                                     {"memory_id", event.memory_id},
                                     {"namespace", event.name_space},
                                     {"agent_id", event.agent_id},
                                     {"delivered_at", memory::format_timestamp(now_ms)}}
                  .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const auto timestamp = std::to_string(now_ms / 1000);
  post.headers = {{"user-agent", "quorate/" QUORATE_VERSION}, {"x-ai-memory-timestamp", timestamp}};
  if (const auto signature = webhook_signature(to.secret_hash(), timestamp, post.body); !signature.empty())
    post.headers.emplace_back("x-ai-memory-signature", signature);
  const auto answer = http_post(post);
  v1::RecordDispatchRequest told;
  told.set_id(to.id());
  told.set_delivered(answer.ok() && answer->code >= 200 && answer->code < 300);
  v1::RecordDispatchReply unused;
  // Counting is all that is lost when this fails, too.
  static_cast<void>(nodes_.call(told, &unused).ok());
}

}  // namespace quorate::cli::mcp
