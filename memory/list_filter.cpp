#include "memory/list_filter.hpp"

#include <algorithm>

#include "memory/agent_identity.hpp"
#include "memory/metadata.hpp"
#include "memory/timestamp.hpp"
#include "memory/validation.hpp"
#include "proto/limits.hpp"

namespace quorate::memory {

result<list_filter> list_filter::from(const v1::RecordFilter& given) {
  list_filter filter;
  if (given.has_namespace_()) {
    if (status broken = validate_namespace(given.namespace_()); !broken) return broken;
    filter.name_space_ = given.namespace_();
  }
  if (given.tier() != v1::TIER_UNSPECIFIED && text_of(given.tier()).empty())
    return status::invalid("tier", "must be one of short, mid, long, got number " + std::to_string(given.tier()));
  filter.tier_ = given.tier();
  if (given.has_min_priority()) filter.min_priority_ = given.min_priority();
  if (given.has_since()) {
    if (status broken = validate_timestamp(given.since(), "since"); !broken) return broken;
    filter.since_ms_ = parse_timestamp(given.since());
  }
  if (given.has_until()) {
    if (status broken = validate_timestamp(given.until(), "until"); !broken) return broken;
    filter.until_ms_ = parse_timestamp(given.until());
  }
  if (given.has_tag()) {
    if (given.tag().empty() || given.tag().size() > limits::tag_bytes_max)
      return status::invalid("tag", "must have 1 to " + std::to_string(limits::tag_bytes_max) + " bytes, got "
                                        + std::to_string(given.tag().size()));
    filter.tag_ = given.tag();
  }
  if (given.has_agent_id()) {
    if (status broken = validate_agent_id(given.agent_id()); !broken) return broken;
    filter.agent_id_ = given.agent_id();
  }
  return filter;
}

bool list_filter::keeps_everything() const {
  return !name_space_ && tier_ == v1::TIER_UNSPECIFIED && !min_priority_ && !since_ms_ && !until_ms_ && !tag_
         && !agent_id_;
}

bool list_filter::keeps(const v1::MemoryRecord& record) const {
  if (name_space_ && record.namespace_() != *name_space_) return false;
  if (tier_ != v1::TIER_UNSPECIFIED && record.tier() != tier_) return false;
  if (min_priority_ && record.priority() < *min_priority_) return false;
  if (since_ms_ || until_ms_) {
    const auto created_ms = parse_timestamp(record.created_at());
    if (!created_ms || (since_ms_ && *created_ms < *since_ms_) || (until_ms_ && *created_ms > *until_ms_)) return false;
  }
  if (tag_ && std::find(record.tags().begin(), record.tags().end(), *tag_) == record.tags().end()) return false;
  return !agent_id_ || text_member(record.metadata(), "agent_id") == agent_id_;
}

}  // namespace quorate::memory
