#include "memory/validation.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <vector>

#include "memory/agent_identity.hpp"
#include "memory/enum_names.hpp"
#include "memory/key.hpp"
#include "memory/metadata.hpp"
#include "memory/text.hpp"
#include "memory/timestamp.hpp"
#include "memory/visibility.hpp"
#include "proto/limits.hpp"

namespace quorate::memory {

namespace {

constexpr int priority_default = 5;
constexpr double confidence_default = 1.0;
constexpr std::int64_t short_seconds = 21'600;
constexpr std::int64_t mid_seconds = 604'800;

/// Runs the checks in order and returns the first failure.
template <class... Checks>
status first_broken(const Checks&... checks) {
  status broken;
  (void)((broken = checks(), broken.ok()) && ...);
  return broken;
}

std::string at_most(std::size_t limit, std::string_view unit, std::size_t actual) {
  std::string rule = "must have at most ";
  return rule.append(std::to_string(limit)).append(unit).append(", got ").append(std::to_string(actual));
}

std::string describe(const text_fault& fault) {
  const std::string place = " at byte " + std::to_string(fault.offset);
  if (!fault.control) return "must be UTF-8, is not" + place;
  char code_point[16];
  std::snprintf(code_point, sizeof code_point, "U+%04X", static_cast<unsigned>(*fault.control));
  return std::string("must not hold control characters other than \\n and \\t, got ") + code_point + place;
}

status check_clean(std::string_view field, std::string_view text) {
  if (const auto fault = find_fault(text)) return status::invalid(std::string(field), describe(*fault));
  return {};
}

/// The rules that title and namespace share: something besides white space, and not too long without it.
status check_name_length(std::string_view field, std::string_view text, std::size_t characters_max,
                         std::size_t bytes_max) {
  const std::string_view inner = trimmed(text);
  if (inner.empty()) return status::invalid(std::string(field), "must not be empty or white space only");
  // No more bytes than characters allowed means no more characters either.
  if (inner.size() > characters_max) {
    const std::size_t characters = count_characters(inner);
    if (characters > characters_max) {
      return status::invalid(std::string(field), at_most(characters_max, " characters", characters));
    }
  }
  if (text.size() > bytes_max) {
    return status::invalid(std::string(field), at_most(bytes_max, " bytes, outer white space included", text.size()));
  }
  return {};
}

/// The rules that id and source share.
status check_short_text(std::string_view field, std::string_view text, std::size_t bytes_max) {
  if (trimmed(text).empty()) return status::invalid(std::string(field), "must not be empty or white space only");
  if (text.size() > bytes_max) return status::invalid(std::string(field), at_most(bytes_max, " bytes", text.size()));
  return check_clean(field, text);
}

status check_segments(std::string_view name_space) {
  if (name_space.front() == '/' || name_space.back() == '/') {
    return status::invalid("namespace", "must not start or end with /");
  }
  std::size_t count = 0;
  for (std::string_view rest = name_space; !rest.empty(); ++count) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view segment = rest.substr(0, slash);
    if (segment.empty()) return status::invalid("namespace", "must not hold an empty segment (//)");
    if (segment == "." || segment == "..") return status::invalid("namespace", "must not hold the segments . and ..");
    rest.remove_prefix(std::min(slash + 1, rest.size()));
  }
  if (count > limits::namespace_segments_max) {
    return status::invalid("namespace", at_most(limits::namespace_segments_max, " segments split by /", count));
  }
  return {};
}

status check_listed_source(std::string_view source) {
  const auto names = source_names();
  if (std::find(names.begin(), names.end(), source) != names.end()) return {};
  return status::invalid("source", one_of({names.begin(), names.end()}));
}

status check_tier(v1::Tier tier) {
  if (tier == v1::TIER_UNSPECIFIED || !text_of(tier).empty()) return {};
  return status::invalid("tier", "must be one of short, mid, long, got number " + std::to_string(tier));
}

status check_priority(std::int64_t priority) {
  if (priority >= limits::priority_min && priority <= limits::priority_max) return {};
  return status::invalid("priority", "must be an integer from " + std::to_string(limits::priority_min) + " to "
                                         + std::to_string(limits::priority_max) + ", got " + std::to_string(priority));
}

status check_confidence(double confidence) {
  if (std::isfinite(confidence) && confidence >= 0.0 && confidence <= 1.0) return {};
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, confidence).ptr;
  return status::invalid("confidence", "must be a number from 0.0 to 1.0, got " + std::string(text, end));
}

status check_ttl(std::int64_t seconds) {
  if (seconds >= 1 && seconds <= limits::ttl_seconds_max) return {};
  return status::invalid("ttl_seconds", "must be an integer from 1 to " + std::to_string(limits::ttl_seconds_max)
                                            + ", got " + std::to_string(seconds));
}

status check_timestamp(std::string_view field, std::string_view text) {
  if (text.size() > timestamp_bytes_max) {
    return status::invalid(std::string(field), at_most(timestamp_bytes_max, " bytes", text.size()));
  }
  if (!parse_timestamp(text)) {
    return status::invalid(std::string(field), "must be an RFC 3339 date and time such as 2026-11-21T22:30:30Z");
  }
  return {};
}

status check_expiry_to_come(std::string_view text, std::int64_t now_ms) {
  if (status broken = check_timestamp("expires_at", text); !broken) return broken;
  const std::int64_t expiry_ms = *parse_timestamp(text);
  if (expiry_ms >= now_ms) return {};
  return status::invalid("expires_at",
                         "must not be in the past, is " + std::to_string(now_ms - expiry_ms) + " ms before now");
}

status compact(std::string& metadata) {
  if (metadata == "{}") return {};
  auto text = compact_metadata(metadata);
  if (!text) return text.error();
  metadata = std::move(*text);
  return {};
}

void fill_defaults(v1::MemoryRecord& record, std::string_view source) {
  if (record.namespace_().empty()) record.set_namespace_(std::string(default_namespace));
  if (record.tier() == v1::TIER_UNSPECIFIED) record.set_tier(v1::TIER_MID);
  if (record.source().empty()) record.set_source(std::string(source));
  if (!record.has_priority()) record.set_priority(priority_default);
  if (!record.has_confidence()) record.set_confidence(confidence_default);
  if (record.metadata().empty()) record.set_metadata("{}");
}

std::string after(std::int64_t start_ms, std::int64_t seconds) { return format_timestamp(start_ms + seconds * 1'000); }

/// The tier's own time, when it has one.
void expire_with_tier(v1::MemoryRecord& record, std::int64_t start_ms) {
  if (record.tier() == v1::TIER_SHORT) record.set_expires_at(after(start_ms, short_seconds));
  if (record.tier() == v1::TIER_MID) record.set_expires_at(after(start_ms, mid_seconds));
}

status prepare_new(v1::MemoryRecord& record, std::optional<std::int64_t> ttl_seconds, std::int64_t now_ms) {
  fill_defaults(record, "api");
  status broken = first_broken(
      [&] { return check_tier(record.tier()); }, [&] { return validate_title(record.title()); },
      [&] { return validate_content(record.content()); }, [&] { return validate_namespace(record.namespace_()); },
      [&] { return check_listed_source(record.source()); }, [&] { return validate_tags(record.tags()); },
      [&] { return check_priority(record.priority()); }, [&] { return check_confidence(record.confidence()); },
      [&] { return record.has_expires_at() ? check_expiry_to_come(record.expires_at(), now_ms) : status(); },
      [&] { return ttl_seconds ? check_ttl(*ttl_seconds) : status(); },
      [&] { return compact(*record.mutable_metadata()); });
  if (!broken) return broken;

  record.clear_id();
  record.clear_access_count();
  record.clear_last_accessed_at();
  record.set_created_at(format_timestamp(now_ms));
  record.set_updated_at(record.created_at());
  if (!record.has_expires_at()) {
    if (ttl_seconds) {
      record.set_expires_at(after(now_ms, *ttl_seconds));
    } else {
      expire_with_tier(record, now_ms);
    }
  }
  return {};
}

status prepare_full(v1::MemoryRecord& record, std::optional<std::int64_t> ttl_seconds, std::int64_t now_ms) {
  fill_defaults(record, "import");
  const bool dated = !record.created_at().empty() || !record.updated_at().empty();
  if (!dated) record.set_created_at(format_timestamp(now_ms));
  // A text that is no timestamp is left to the check, under its own name.
  if (record.created_at().empty() && parse_timestamp(record.updated_at())) record.set_created_at(record.updated_at());
  if (record.updated_at().empty() && parse_timestamp(record.created_at())) record.set_updated_at(record.created_at());

  status broken = first_broken(
      [&] { return check_tier(record.tier()); },
      [&] { return record.id().empty() ? status() : validate_id(record.id()); },
      [&] { return validate_title(record.title()); }, [&] { return validate_content(record.content()); },
      [&] { return validate_namespace(record.namespace_()); },
      [&] { return check_short_text("source", record.source(), limits::source_bytes_max); },
      [&] { return validate_tags(record.tags()); }, [&] { return check_priority(record.priority()); },
      [&] { return check_confidence(record.confidence()); },
      [&] { return ttl_seconds ? check_ttl(*ttl_seconds) : status(); },
      [&] { return compact(*record.mutable_metadata()); },
      [&] {
        if (record.access_count() >= 0) return status();
        return status::invalid("access_count", "must be 0 or more, got " + std::to_string(record.access_count()));
      },
      // Empty only where the other one is broken.
      [&] { return record.created_at().empty() ? status() : check_timestamp("created_at", record.created_at()); },
      [&] { return check_timestamp("updated_at", record.updated_at()); },
      [&] {
        return record.has_last_accessed_at() ? check_timestamp("last_accessed_at", record.last_accessed_at())
                                             : status();
      },
      [&] { return record.has_expires_at() ? check_timestamp("expires_at", record.expires_at()) : status(); });
  if (!broken) return broken;

  if (!record.has_expires_at()) {
    if (ttl_seconds) {
      record.set_expires_at(after(*parse_timestamp(record.created_at()), *ttl_seconds));
    } else if (!dated) {
      expire_with_tier(record, now_ms);
    }
  }
  return {};
}

/// What the request says of its author and of who may see the record, over what the metadata says.
status stamp(v1::MemoryRecord& record, const std::string& agent_id, const std::string& scope) {
  if (agent_id.empty() && scope.empty()) return {};
  status broken = first_broken([&] { return agent_id.empty() ? status() : validate_agent_id(agent_id); },
                               [&] { return scope.empty() ? status() : validate_scope(scope); });
  if (!broken) return broken;
  if (!agent_id.empty()) record.set_metadata(with_text_member(record.metadata(), "agent_id", agent_id));
  if (!scope.empty()) record.set_metadata(with_text_member(record.metadata(), "scope", scope));
  return check_metadata_size(record.metadata(), "with agent_id and scope");
}

bool changes_something(const v1::UpdateRequest& request) {
  return request.has_title() || request.has_content() || request.tier() != v1::TIER_UNSPECIFIED
         || request.has_namespace_() || request.has_tags() || request.has_priority() || request.has_confidence()
         || request.has_expires_at() || request.has_metadata();
}

}  // namespace

result<v1::MemoryRecord> prepare(v1::StoreRequest&& request, std::int64_t now_ms) {
  v1::MemoryRecord record = std::move(*request.mutable_memory());
  // Fields of another release are under no rule here and would get past every size limit.
  if (!record.GetReflection()->GetUnknownFields(record).empty()) record.DiscardUnknownFields();
  record.clear_life();
  record.clear_priority_base_count();
  record.clear_expiry_set_ms();
  const auto ttl_seconds = request.has_ttl_seconds() ? std::optional(request.ttl_seconds()) : std::nullopt;
  status broken =
      request.full_record() ? prepare_full(record, ttl_seconds, now_ms) : prepare_new(record, ttl_seconds, now_ms);
  if (!broken) return broken;
  if (status wrong = stamp(record, request.agent_id(), request.scope()); !wrong) return wrong;
  if (request.merge_by_time() && !request.full_record())
    return status::invalid("merge_by_time", "needs full_record: a new record has no time of its own");
  if (record.tier() == v1::TIER_LONG) record.clear_expires_at();
  return record;
}

status validate(const v1::UpdateRequest& request) {
  return first_broken(
      [&] { return validate_id(request.id()); },
      [&] {
        if (changes_something(request)) return status();
        return status(errc::invalid_argument, "the update must give at least one field to change");
      },
      [&] { return request.has_title() ? validate_title(request.title()) : status(); },
      [&] { return request.has_content() ? validate_content(request.content()) : status(); },
      [&] { return check_tier(request.tier()); },
      [&] { return request.has_namespace_() ? validate_namespace(request.namespace_()) : status(); },
      [&] { return request.has_tags() ? validate_tags(request.tags().values()) : status(); },
      [&] { return request.has_priority() ? check_priority(request.priority()) : status(); },
      [&] { return request.has_confidence() ? check_confidence(request.confidence()) : status(); },
      [&] { return request.expires_at().empty() ? status() : check_timestamp("expires_at", request.expires_at()); },
      [&] { return request.has_metadata() ? compact_metadata(request.metadata()).error() : status(); });
}

status validate_content(std::string_view content, std::string_view field) {
  if (trimmed(content).empty()) return status::invalid(std::string(field), "must not be empty or white space only");
  if (content.size() > limits::content_bytes_max) {
    return status::invalid(std::string(field), at_most(limits::content_bytes_max, " bytes", content.size()));
  }
  return check_clean(field, content);
}

status validate_timestamp(std::string_view text, std::string_view field) { return check_timestamp(field, text); }

status check_metadata_size(std::string_view metadata, std::string_view with_what) {
  if (metadata.size() <= limits::metadata_bytes_max) return {};
  return status::invalid("metadata", "must have at most " + std::to_string(limits::metadata_bytes_max) + " bytes "
                                         + std::string(with_what) + ", got " + std::to_string(metadata.size()));
}

status validate_id(std::string_view id) { return check_short_text("id", id, limits::id_bytes_max); }

status validate_title(std::string_view title) {
  if (status broken = check_name_length("title", title, limits::title_characters_max, title_bytes_max); !broken) {
    return broken;
  }
  return check_clean("title", title);
}

status validate_tags(const google::protobuf::RepeatedPtrField<std::string>& tags, const std::string& field) {
  const auto count = static_cast<std::size_t>(tags.size());
  if (count > limits::tags_max) return status::invalid(field, at_most(limits::tags_max, " entries", count));
  for (int i = 0; i < tags.size(); ++i) {
    const status broken = check_short_text(field, tags[i], limits::tag_bytes_max);
    if (!broken) return status::invalid(field, "tag " + std::to_string(i + 1) + ' ' + broken.context());
  }
  return {};
}

status validate_namespace(std::string_view name_space) {
  const auto length = [&] {
    return check_name_length("namespace", name_space, limits::namespace_characters_max, namespace_bytes_max);
  };
  const std::string_view inner = trimmed(name_space);
  const auto characters = [&] {
    constexpr std::string_view forbidden("\\\0 ", 3);
    if (inner.find_first_of(forbidden) == std::string_view::npos) return status();
    return status::invalid("namespace", "must not hold a backslash, a zero byte or a space");
  };
  return first_broken(
      length, characters, [&] { return check_clean("namespace", name_space); }, [&] { return check_segments(inner); });
}

status validate_addressing(std::string_view id, const v1::RecordName* name) {
  if (id.empty() == (name == nullptr))
    return status::invalid("id", "give either an id or a name (namespace and title)");
  if (name == nullptr) return validate_id(id);
  return first_broken([&] { return validate_namespace(name->namespace_()); },
                      [&] { return validate_title(name->title()); });
}

std::span<const std::string> source_names() {
  static const std::vector<std::string> names = names_of(*v1::Source_descriptor(), "SOURCE_");
  return names;
}

std::string_view text_of(v1::Tier tier) {
  switch (tier) {
    case v1::TIER_SHORT: return "short";
    case v1::TIER_MID: return "mid";
    case v1::TIER_LONG: return "long";
    default: return {};
  }
}

std::optional<v1::Tier> tier_of(std::string_view text) {
  for (const v1::Tier tier : {v1::TIER_SHORT, v1::TIER_MID, v1::TIER_LONG}) {
    if (text == text_of(tier)) return tier;
  }
  return std::nullopt;
}

bool expired(const v1::MemoryRecord& record, std::int64_t now_ms) {
  if (!record.has_expires_at()) return false;
  const auto expiry_ms = parse_timestamp(record.expires_at());
  return expiry_ms && *expiry_ms <= now_ms;
}

}  // namespace quorate::memory
