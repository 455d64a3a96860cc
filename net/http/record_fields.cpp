#include "net/http/record_fields.hpp"

#include "memory/json.hpp"
#include "memory/validation.hpp"
#include "net/http/raw_json.hpp"

namespace quorate::net::http {

std::vector<field> filter_fields() {
  return {{"namespace", value_kind::text, "exactly this one"},
          {"tier", value_kind::tier, "short, mid or long"},
          {"min_priority", value_kind::int32, "1 to 10"},
          {"since", value_kind::text, "RFC 3339; created then or later"},
          {"until", value_kind::text, "RFC 3339; created then or earlier"},
          {"tags", value_kind::text, "one tag that the record has"},
          {"agent_id", value_kind::text, "the author"}};
}

v1::RecordFilter filter_of(const call& request) {
  v1::RecordFilter filter;
  if (const auto given = request.maybe_text("namespace")) filter.set_namespace_(*given);
  if (const auto given = request.maybe_text("tier"))
    filter.set_tier(memory::tier_of(*given).value_or(v1::TIER_UNSPECIFIED));
  if (const auto given = request.integer("min_priority")) filter.set_min_priority(static_cast<std::int32_t>(*given));
  if (const auto given = request.maybe_text("since")) filter.set_since(*given);
  if (const auto given = request.maybe_text("until")) filter.set_until(*given);
  if (const auto given = request.maybe_text("tags")) filter.set_tag(*given);
  if (const auto given = request.maybe_text("agent_id")) filter.set_agent_id(*given);
  return filter;
}

std::vector<field> new_record_fields() {
  return {{"title", value_kind::text, "at most 512 characters", true},
          {"content", value_kind::text, "at most 65,536 bytes", true},
          {"tier", value_kind::tier, "short, mid (unless given) or long", false, false},
          {"namespace", value_kind::text, "global unless given", false, false},
          {"tags", value_kind::texts, "at most 50", false, false},
          {"priority", value_kind::int32, "1 to 10, 5 unless given", false, false},
          {"confidence", value_kind::number, "0.0 to 1.0, 1.0 unless given", false, false},
          {"source", value_kind::text, "api unless given", false, false},
          {"expires_at", value_kind::text, "RFC 3339"},
          {"ttl_secs", value_kind::int64, "1 to 31,536,000"},
          {"metadata", value_kind::object, "at most 65,536 bytes", false, false}};
}

status read_new_record(std::string_view text, std::optional<std::int64_t> ttl_seconds, v1::StoreRequest* request) {
  auto record = memory::from_json(text);
  if (!record) return record.error();
  *request->mutable_memory() = std::move(*record);
  if (ttl_seconds) request->set_ttl_seconds(*ttl_seconds);
  return {};
}

std::vector<field> change_fields() {
  return {{"title", value_kind::text, "at most 512 characters"},
          {"content", value_kind::text, "at most 65,536 bytes"},
          {"tier", value_kind::tier, "never lowered"},
          {"namespace", value_kind::text, "moves the record"},
          {"tags", value_kind::texts, "replace those that are there"},
          {"priority", value_kind::int32, "1 to 10"},
          {"confidence", value_kind::number, "0.0 to 1.0"},
          {"expires_at", value_kind::text, "RFC 3339; an empty text removes the expiry"},
          {"metadata", value_kind::object, "replaces all but agent_id"}};
}

void read_changes(const call& request, v1::UpdateRequest* changes) {
  if (const auto given = request.maybe_text("title")) changes->set_title(*given);
  if (const auto given = request.maybe_text("content")) changes->set_content(*given);
  if (const auto given = request.maybe_text("tier"))
    changes->set_tier(memory::tier_of(*given).value_or(v1::TIER_UNSPECIFIED));
  if (const auto given = request.maybe_text("namespace")) changes->set_namespace_(*given);
  if (request.has("tags")) {
    auto* tags = changes->mutable_tags();
    for (auto& tag : request.texts("tags")) tags->add_values(std::move(tag));
  }
  if (const auto given = request.integer("priority")) changes->set_priority(static_cast<std::int32_t>(*given));
  if (const auto given = request.number("confidence")) changes->set_confidence(*given);
  if (const auto given = request.maybe_text("expires_at")) changes->set_expires_at(*given);
  if (!request.has("metadata")) return;
  // Not from the parsed value: that has rounded what does not fit 64 bits.
  if (const auto raw = member_of(request.from().body, "metadata")) changes->set_metadata(std::string(*raw));
}

}  // namespace quorate::net::http
