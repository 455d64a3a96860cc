#include "memory/messages.hpp"

#include <algorithm>

#include "memory/agent_identity.hpp"
#include "memory/compact_json.hpp"
#include "memory/key.hpp"
#include "memory/metadata.hpp"
#include "memory/newest_first.hpp"
#include "memory/scan.hpp"
#include "memory/text.hpp"
#include "memory/timestamp.hpp"
#include "memory/validation.hpp"
#include "proto/limits.hpp"

namespace quorate::memory {

namespace {

constexpr std::string_view namespace_prefix = "_messages/";
constexpr std::string_view title_member = "message_title";
constexpr std::size_t mark_digits = 12;
constexpr int priority_default = 5;

/// Takes characters off the end until no more than `most` are left.
std::string shortened(std::string_view title, std::size_t most) {
  std::size_t bytes = 0;
  for (std::size_t characters = 0; bytes < title.size() && characters < most; ++characters)
    bytes += std::max<std::size_t>(first_scalar(title.substr(bytes)).bytes, 1);
  return std::string(title.substr(0, bytes));
}

/// The title it is stored under.
std::string marked(const std::string& title, std::string mark) {
  std::erase(mark, '-');
  const std::string end = " (" + mark.substr(0, mark_digits) + ')';
  return shortened(trimmed(title), limits::title_characters_max - end.size()) + end;
}

std::string json_text(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

std::string envelope(const v1::NotifyRequest& request) {
  std::string metadata = "{}";
  metadata = with_member(metadata, "agent_id", json_text(request.agent_id()));
  metadata = with_member(metadata, "recipient_agent_id", json_text(request.target_agent_id()));
  metadata = with_member(metadata, "message_kind", R"("notify")");
  return with_member(metadata, title_member, json_text(request.title()));
}

}  // namespace

result<std::string> inbox_of(const std::string& agent_id, const std::string& field) {
  if (status broken = validate_agent_id(agent_id, field); !broken) return broken;
  auto name_space = std::string(namespace_prefix) + agent_id;
  if (status broken = validate_namespace(name_space); !broken)
    return status::invalid(field, "gives no legal namespace for its messages: " + broken.context());
  return name_space;
}

result<v1::MemoryRecord> prepare_message(const v1::NotifyRequest& request, const std::string& mark,
                                         std::int64_t now_ms) {
  auto name_space = inbox_of(request.target_agent_id(), "target_agent_id");
  if (!name_space) return name_space.error();
  if (status broken = validate_agent_id(request.agent_id()); !broken) return broken;
  if (status broken = validate_title(request.title()); !broken) return broken;
  v1::StoreRequest storing;
  storing.set_full_record(true);
  auto& record = *storing.mutable_memory();
  record.set_namespace_(std::move(*name_space));
  record.set_title(marked(request.title(), mark));
  record.set_content(request.payload());
  record.set_tier(request.tier());
  record.set_source("notify");
  record.add_tags("_message");
  record.set_priority(std::clamp(request.has_priority() ? request.priority() : priority_default, limits::priority_min,
                                 limits::priority_max));
  record.set_metadata(envelope(request));
  auto prepared = prepare(std::move(storing), now_ms);
  if (!prepared && prepared.error().field() == "content") return status::invalid("payload", prepared.error().context());
  return prepared;
}

void show_message(v1::MemoryRecord* message) {
  clear_internal(message);
  if (auto title = text_member(message->metadata(), title_member)) message->set_title(std::move(*title));
}

result<std::vector<v1::MemoryRecord>> read_inbox(const record_reader& now, const std::string& name_space,
                                                 bool unread_only, std::size_t limit, std::int64_t now_ms) {
  newest_first<v1::MemoryRecord> newest(limit);
  usage_reader usage(now);
  const auto visit = [&](const record_key& key, const stored_record& stored) -> status {
    auto message = usage.present(key, stored);
    if (!message) return message.error();
    if (expired(*message, now_ms) || (unread_only && message->access_count() > 0)) return {};
    show_message(&*message);
    const auto time = parse_timestamp(message->created_at()).value_or(0);
    newest.add(time, stored.stamp, key.bytes, std::move(*message));
    return {};
  };
  if (status end = for_each(now, key_kind::memory, prefix_of(name_space), visit); !end) return end;
  return std::move(newest).take();
}

}  // namespace quorate::memory
