#include "memory/subscriptions.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <limits>

#include "memory/agent_identity.hpp"
#include "memory/agents.hpp"
#include "memory/scan.hpp"
#include "memory/text.hpp"
#include "memory/timestamp.hpp"
#include "memory/usage.hpp"
#include "memory/validation.hpp"
#include "memory/webhook_url.hpp"

namespace quorate::memory {

namespace {

constexpr std::size_t events_bytes_max = 512;

// Names of the usage rows of a subscription. No record has an id like it: those hold no control characters.
std::string dispatched_name(std::string_view id) {
  return std::string(
             "\x01"
             "dispatched ")
      .append(id);
}
std::string failed_name(std::string_view id) {
  return std::string(
             "\x01"
             "failed ")
      .append(id);
}

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) return {};
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    constexpr std::string_view digits = "0123456789abcdef";
    hex.push_back(digits[digest.at(i) >> 4]);
    hex.push_back(digits[digest.at(i) & 15]);
  }
  return hex;
}

/// The list without white space around its names.
result<std::string> events_in(std::string_view list) {
  if (trimmed(list).empty()) return std::string("*");
  if (list.size() > events_bytes_max)
    return status::invalid("events", "must have at most " + std::to_string(events_bytes_max) + " bytes, got "
                                         + std::to_string(list.size()));
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  };
  std::string events;
  for (std::size_t comma = 0; comma != std::string_view::npos;) {
    comma = list.find(',');
    const auto name = trimmed(list.substr(0, comma));
    if (name != "*" && (name.empty() || !std::all_of(name.begin(), name.end(), allowed)))
      return status::invalid("events", "must be * or names of a-z 0-9 _ . - with commas between");
    events.append(events.empty() ? "" : ",").append(name);
    if (comma != std::string_view::npos) list.remove_prefix(comma + 1);
  }
  return events;
}

/// The rows of all nodes under that name.
result<usage_total> counts_of(const record_reader& now, const std::string& name) {
  v1::MemoryRecord counted;
  counted.set_id(name);
  return usage_of(now, counted);
}

struct delivery_counts {
  usage_total delivered;
  usage_total failed;
};
result<delivery_counts> deliveries_of(const record_reader& now, std::string_view id) {
  const auto delivered = counts_of(now, dispatched_name(id));
  if (!delivered) return delivered.error();
  const auto failed = counts_of(now, failed_name(id));
  if (!failed) return failed.error();
  return delivery_counts{*delivered, *failed};
}

}  // namespace

record_key subscription_key(std::string_view id) { return {key_kind::subscription, std::string(id)}; }

result<v1::Subscription> prepare_subscription(const v1::SubscribeRequest& request, std::int64_t now_ms) {
  if (status broken = validate_webhook_url(request.url()); !broken) return broken;
  auto events = events_in(request.events());
  if (!events) return events.error();
  if (!request.namespace_filter().empty())
    if (status broken = validate_namespace(request.namespace_filter()); !broken)
      return status::invalid("namespace_filter", broken.context());
  if (!request.agent_filter().empty())
    if (status broken = validate_agent_id(request.agent_filter(), "agent_filter"); !broken) return broken;
  if (status broken = validate_agent_id(request.agent_id()); !broken) return broken;

  v1::Subscription subscription;
  subscription.set_url(request.url());
  subscription.set_events(std::move(*events));
  if (!request.secret().empty()) {
    subscription.set_secret_hash(sha256_hex(request.secret()));
    if (subscription.secret_hash().empty()) return status(errc::internal, "SHA-256 is not available");
  }
  subscription.set_namespace_filter(request.namespace_filter());
  subscription.set_agent_filter(request.agent_filter());
  subscription.set_created_by(request.agent_id());
  subscription.set_created_at(format_timestamp(now_ms));
  return subscription;
}

result<planned_write> plan_subscribe(const record_reader& now, const v1::Subscription& prepared, std::int64_t now_ms) {
  const auto registered = is_registered(now, prepared.created_by(), now_ms);
  if (!registered) return registered.error();
  if (!*registered) return status(errc::not_permitted, "only registered agents may subscribe");
  planned_write plan;
  plan.id = prepared.id();
  plan.created = true;
  plan.mutations.push_back({subscription_key(prepared.id()), false, {}, prepared.SerializeAsString()});
  return plan;
}

result<planned_write> plan_unsubscribe(const record_reader& now, std::string_view id) {
  if (status broken = validate_id(id); !broken) return broken;
  const auto stored = now.get(subscription_key(id));
  if (!stored) return stored.error();
  planned_write plan;
  plan.id = std::string(id);
  if (*stored && !(*stored)->deleted) plan.mutations.push_back({subscription_key(id), true, {}, {}});
  return plan;
}

result<planned_write> plan_record_dispatch(const record_reader& now, const v1::RecordDispatchRequest& request,
                                           node_id self, std::int64_t now_ms) {
  if (status broken = validate_id(request.id()); !broken) return broken;
  const auto subscription = subscription_key(request.id());
  const auto found = now.get(subscription);
  if (!found) return found.error();
  if (!*found || (*found)->deleted) return status(errc::not_found, "no subscription of that id");
  if (const auto read = value_of<v1::Subscription>(subscription, **found); !read) return read.error();
  auto key = usage_key(request.delivered() ? dispatched_name(request.id()) : failed_name(request.id()), self);
  const auto stored = now.get(key);
  if (!stored) return stored.error();
  v1::UsageRow row;
  // What is no count says nothing of how many there were, and leaves the row empty.
  if (*stored && !(*stored)->deleted) static_cast<void>(read_value(key, **stored, &row).ok());
  row.set_count(row.count() + 1);
  row.set_last_accessed_ms(std::max(row.last_accessed_ms(), now_ms));
  planned_write plan;
  plan.id = request.id();
  plan.mutations.push_back({std::move(key), false, {}, row.SerializeAsString()});
  return plan;
}

status present(const record_reader& now, v1::Subscription* subscription) {
  const auto counted = deliveries_of(now, subscription->id());
  if (!counted) return counted.error();
  // What came with it may be any number.
  const auto with = [](std::int64_t before, std::int64_t here) {
    return before + std::min(here, std::numeric_limits<std::int64_t>::max() - before);
  };
  subscription->set_dispatch_count(with(subscription->dispatch_count(), counted->delivered.count));
  subscription->set_failure_count(with(subscription->failure_count(), counted->failed.count));
  const auto last = std::max(counted->delivered.last_accessed_ms, counted->failed.last_accessed_ms);
  const auto before = parse_timestamp(subscription->last_dispatched_at());
  if (last > 0 && (!before || *before < last)) subscription->set_last_dispatched_at(format_timestamp(last));
  return {};
}

status take_off_deliveries(const record_reader& now, v1::Subscription* subscription) {
  const auto counted = deliveries_of(now, subscription->id());
  if (!counted) return counted.error();
  const auto without = [](std::int64_t all, std::int64_t here) { return std::max<std::int64_t>(all - here, 0); };
  subscription->set_dispatch_count(without(subscription->dispatch_count(), counted->delivered.count));
  subscription->set_failure_count(without(subscription->failure_count(), counted->failed.count));
  return {};
}

result<std::vector<v1::Subscription>> list_subscriptions(const record_reader& now) {
  std::vector<v1::Subscription> all;
  const auto visit = [&](const record_key& key, const stored_record& stored) -> status {
    auto subscription = value_of<v1::Subscription>(key, stored);
    if (!subscription) return subscription.error();
    if (status failed = present(now, &*subscription); !failed) return failed;
    all.push_back(std::move(*subscription));
    return {};
  };
  if (status end = for_each(now, key_kind::subscription, {}, visit); !end) return end;
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::pair(a.created_at(), a.id()) < std::pair(b.created_at(), b.id());
  });
  return all;
}

}  // namespace quorate::memory
