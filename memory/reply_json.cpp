#include "memory/reply_json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "memory/json.hpp"
#include "memory/validation.hpp"

namespace quorate::memory {

using nlohmann::ordered_json;

namespace {

ordered_json text_or_null(const std::string& text) { return text.empty() ? ordered_json() : ordered_json(text); }

/// Stored JSON text; what is none stays a string.
ordered_json parsed(const std::string& text) {
  auto value = ordered_json::parse(text, nullptr, false);
  return value.is_discarded() ? ordered_json(text) : value;
}

template <class Range>
ordered_json list_of(const Range& range) {
  auto list = ordered_json::array();
  for (const auto& element : range) list.push_back(json_of(element));
  return list;
}

}  // namespace

ordered_json json_of(const v1::MemoryRecord& record) { return ordered_json::parse(to_json(record)); }

ordered_json json_of(const v1::RecallReply::Found& found) {
  auto json = json_of(found.memory());
  json["score"] = std::round(found.score() * 1000) / 1000;
  return json;
}

ordered_json json_of(const v1::LinkRecord& link) {
  return {{"source_id", link.source_id()},
          {"target_id", link.target_id()},
          {"relation", link.relation()},
          {"created_at", link.created_at()}};
}

result<v1::LinkRecord> link_from_json(std::string_view text) {
  const auto json = ordered_json::parse(text, nullptr, false);
  if (!json.is_object()) return status::invalid("link", "must be a JSON object");
  v1::LinkRecord link;
  for (const auto& [key, value] : json.items()) {
    auto* const field = key == "source_id"    ? link.mutable_source_id()
                        : key == "target_id"  ? link.mutable_target_id()
                        : key == "relation"   ? link.mutable_relation()
                        : key == "created_at" ? link.mutable_created_at()
                                              : nullptr;
    if (field == nullptr) continue;
    if (!value.is_string()) return status::invalid(key, "must be a string");
    *field = value.get<std::string>();
  }
  if (link.source_id().empty() || link.target_id().empty())
    return status::invalid("link", "must have a source_id and a target_id");
  return link;
}

ordered_json json_of(const v1::ArchivedMemory& archived) {
  auto json = json_of(archived.memory());
  for (const char* key : {"last_accessed_at", "expires_at"})
    if (!json.contains(key)) json[key] = nullptr;
  json["archived_at"] = archived.archived_at();
  json["archive_reason"] = archived.archive_reason();
  return json;
}

ordered_json json_of(const v1::NamespaceCount& count) {
  return {{"namespace", count.namespace_()}, {"count", count.count()}};
}

ordered_json json_of(const v1::StatsReply& stats) {
  auto by_tier = ordered_json::array();
  for (const auto& tier : stats.by_tier()) by_tier.push_back({{"tier", text_of(tier.tier())}, {"count", tier.count()}});
  return {{"total", stats.total()},
          {"by_tier", by_tier},
          {"by_namespace", list_of(stats.by_namespace())},
          {"expiring_soon", stats.expiring_soon()},
          {"links_count", stats.links()},
          {"db_size_bytes", stats.stored_bytes()},
          {"unreadable", stats.unreadable()}};
}

ordered_json json_of(const v1::ArchiveStatsReply& stats) {
  return {{"archived_total", stats.total()}, {"by_namespace", list_of(stats.by_namespace())}};
}

ordered_json json_of(const v1::Agent& agent) {
  return {{"agent_id", agent.agent_id()},
          {"agent_type", agent.agent_type()},
          {"capabilities", agent.capabilities()},
          {"registered_at", agent.registered_at()},
          {"last_seen_at", agent.last_seen_at()}};
}

ordered_json json_of(const v1::PendingAction& action) {
  auto approvals = ordered_json::array();
  for (const auto& approval : action.approvals())
    approvals.push_back({{"agent_id", approval.agent_id()}, {"approved_at", approval.approved_at()}});
  ordered_json json{{"id", action.id()},
                    {"action_type", action.action_type()},
                    {"memory_id", text_or_null(action.memory_id())},
                    {"namespace", action.namespace_()},
                    {"payload", parsed(action.payload())},
                    {"requested_by", action.requested_by()},
                    {"requested_at", action.requested_at()},
                    {"status", action.status()}};
  if (action.has_decided_by()) json["decided_by"] = action.decided_by();
  if (action.has_decided_at()) json["decided_at"] = action.decided_at();
  json["approvals"] = std::move(approvals);
  return json;
}

ordered_json json_of(const v1::PendingNotice& notice) {
  ordered_json json{
      {"status", "pending"}, {"pending_id", notice.id()}, {"reason", notice.reason()}, {"action", notice.action()}};
  if (notice.memory_id().empty())
    json["namespace"] = notice.namespace_();
  else
    json["memory_id"] = notice.memory_id();
  return json;
}

ordered_json json_of(const v1::Subscription& subscription) {
  return {{"id", subscription.id()},
          {"url", subscription.url()},
          {"events", subscription.events()},
          {"namespace_filter", text_or_null(subscription.namespace_filter())},
          {"agent_filter", text_or_null(subscription.agent_filter())},
          {"created_by", text_or_null(subscription.created_by())},
          {"created_at", subscription.created_at()},
          {"dispatch_count", subscription.dispatch_count()},
          {"failure_count", subscription.failure_count()}};
}

ordered_json json_of(const v1::Standard& standard) {
  ordered_json json{{"namespace", standard.namespace_()}, {"standard_id", text_or_null(standard.standard_id())}};
  if (standard.standard_id().empty()) return json;
  if (!standard.found()) {
    json["warning"] = "the standard's memory is gone";
    return json;
  }
  json["title"] = standard.title();
  json["content"] = standard.content();
  json["priority"] = standard.priority();
  json["governance"] = parsed(standard.governance());
  return json;
}

}  // namespace quorate::memory
