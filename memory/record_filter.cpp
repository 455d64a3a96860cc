#include "memory/record_filter.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "memory/list_filter.hpp"
#include "memory/timestamp.hpp"
#include "memory/validation.hpp"
#include "memory/visibility.hpp"
#include "quorate/v1/record.pb.h"

namespace quorate::memory {

namespace {

constexpr double discount_per_level = 0.3;

std::string text_at(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

result<record_filter> filter_of(const v1::RecordFilter& request, const std::string& as_agent, std::int64_t now_ms) {
  // The rules of a filter are those of a listing's.
  if (const auto valid = list_filter::from(request); !valid) return valid.error();
  record_filter filter;
  if (request.has_namespace_()) filter.name_space = request.namespace_();
  filter.tier = request.tier();
  if (request.has_min_priority()) filter.min_priority = request.min_priority();
  if (request.has_since()) filter.since_ms = parse_timestamp(request.since());
  if (request.has_until()) filter.until_ms = parse_timestamp(request.until());
  if (request.has_tag()) filter.tag = request.tag();
  if (request.has_agent_id()) filter.agent_id = request.agent_id();
  if (!as_agent.empty()) {
    if (auto valid = validate_namespace(as_agent); !valid) return status::invalid("as_agent", valid.context());
    filter.as_agent = as_agent;
  }
  filter.now_ms = now_ms;
  return filter;
}

record_claims claims_of(const v1::MemoryRecord& record) {
  record_claims claims;
  const auto& text = record.metadata();
  // Most have neither; a parse costs more than the look.
  if (text.find("\"agent_id\"") == std::string::npos && text.find("\"scope\"") == std::string::npos) return claims;
  const auto object = nlohmann::json::parse(text, nullptr, false);
  if (!object.is_object()) return claims;
  claims.agent_id = text_at(object, "agent_id");
  const auto scope = object.find("scope");
  // What is there but no text names no scope that anybody is in.
  if (scope != object.end() && !scope->is_null()) claims.scope = scope->is_string() ? scope->get<std::string>() : "?";
  return claims;
}

double namespace_discount(const record_filter& filter, std::string_view name_space) {
  if (!filter.name_space || *filter.name_space == name_space) return 1;
  if (!filter.with_ancestors) return 0;
  const std::string_view asked = *filter.name_space;
  if (name_space.size() >= asked.size() || !asked.starts_with(name_space) || asked[name_space.size()] != '/') return 0;
  const auto levels = std::count(asked.begin() + static_cast<std::ptrdiff_t>(name_space.size()), asked.end(), '/');
  return 1 / (1 + discount_per_level * static_cast<double>(levels));
}

bool passes(const record_filter& filter, const v1::MemoryRecord& presented) {
  if (expired(presented, filter.now_ms) || namespace_discount(filter, presented.namespace_()) == 0) return false;
  if (filter.tier != v1::TIER_UNSPECIFIED && presented.tier() != filter.tier) return false;
  if (filter.min_priority && presented.priority() < *filter.min_priority) return false;
  if (filter.since_ms || filter.until_ms) {
    const auto created = parse_timestamp(presented.created_at());
    if (!created || (filter.since_ms && *created < *filter.since_ms)
        || (filter.until_ms && *created > *filter.until_ms))
      return false;
  }
  if (filter.tag && std::find(presented.tags().begin(), presented.tags().end(), *filter.tag) == presented.tags().end())
    return false;
  if (!filter.agent_id && filter.as_agent.empty()) return true;
  const auto claims = claims_of(presented);
  if (filter.agent_id && claims.agent_id != *filter.agent_id) return false;
  return visible(filter.as_agent, claims.scope, presented.namespace_());
}

}  // namespace quorate::memory
