#include "memory/operations.hpp"

#include <algorithm>

#include "memory/key.hpp"
#include "memory/links.hpp"
#include "memory/metadata.hpp"
#include "memory/stored_value.hpp"
#include "memory/timestamp.hpp"
#include "memory/usage.hpp"
#include "memory/validation.hpp"
#include "proto/limits.hpp"

namespace quorate::memory {

namespace {

/// The live record of a key; nothing when it is a tombstone or was never written. errc::unreadable for a live value
/// that is no record.
result<std::optional<found_record>> live_record(const record_key& key, const std::optional<stored_record>& stored) {
  if (!stored || stored->deleted) return std::optional<found_record>();
  auto record = value_of<v1::MemoryRecord>(key, *stored);
  if (!record) return record.error();
  return std::optional(found_record{std::move(*record), key, stored->stamp});
}

/// The same for whoever writes under that key: a value that is no record is in nobody's way.
result<std::optional<found_record>> record_in_the_way(const record_key& key,
                                                      const std::optional<stored_record>& stored) {
  auto found = live_record(key, stored);
  if (!found && is_unreadable(found.error())) return std::optional<found_record>();
  return found;
}

status merge_metadata(v1::MemoryRecord& record, const std::string& incoming) {
  std::string merged = keep_agent_id(incoming, record.metadata());
  if (status broken = check_metadata_size(merged, "with the agent_id the record has"); !broken) return broken;
  record.set_metadata(std::move(merged));
  return {};
}

/// What a store takes over whole from the new record.
status replace_contents(v1::MemoryRecord& record, const v1::MemoryRecord& incoming) {
  record.set_content(incoming.content());
  *record.mutable_tags() = incoming.tags();
  record.set_source(incoming.source());
  record.set_updated_at(incoming.updated_at());
  return merge_metadata(record, incoming.metadata());
}

bool later(const std::string& one, const std::string& other) {
  const auto one_ms = parse_timestamp(one);
  const auto other_ms = parse_timestamp(other);
  return one_ms && (!other_ms || *one_ms > *other_ms);
}

/// `total`: all uses that `record` shows, its own count included.
void set_priority(v1::MemoryRecord& record, int priority, std::int64_t total) {
  record.set_priority(priority);
  record.set_priority_base_count(total);
}

/// The same expiry again changes nothing, not even what uses have made of it.
void set_expiry(v1::MemoryRecord& record, const std::string& expires_at, std::int64_t at_ms) {
  if (record.has_expires_at() && record.expires_at() == expires_at) return;
  record.set_expires_at(expires_at);
  record.set_expiry_set_ms(at_ms);
}

/// `record` is what is there and becomes what is to be there at `at_ms`; `usage` is its use.
status merge(v1::MemoryRecord& record, const usage_total& usage, const v1::MemoryRecord& incoming, merge_rule rule,
             std::int64_t at_ms) {
  v1::MemoryRecord seen = record;
  apply_usage(usage, &seen);
  if (rule == merge_rule::upsert || later(incoming.updated_at(), record.updated_at()))
    if (status broken = replace_contents(record, incoming); !broken) return broken;
  if (rule == merge_rule::by_time && incoming.access_count() > seen.access_count()) {
    record.set_access_count(incoming.access_count() - usage.count);
    // What the uses that came with it have done to the priority is in the priority that came with it.
    set_priority(record, std::max(seen.priority(), incoming.priority()), incoming.access_count());
  } else if (incoming.priority() > seen.priority()) {
    set_priority(record, incoming.priority(), seen.access_count());
  }
  record.set_confidence(std::max(record.confidence(), incoming.confidence()));
  record.set_tier(std::max(seen.tier(), incoming.tier()));
  if (record.tier() == v1::TIER_LONG) {
    record.clear_expires_at();
  } else if (incoming.has_expires_at()) {
    set_expiry(record, incoming.expires_at(), at_ms);
  }
  return {};
}

void change_fields(v1::MemoryRecord& record, const v1::UpdateRequest& request) {
  if (request.has_title()) record.set_title(request.title());
  if (request.has_content()) record.set_content(request.content());
  if (request.has_namespace_()) record.set_namespace_(request.namespace_());
  if (request.has_tags()) *record.mutable_tags() = request.tags().values();
  if (request.has_confidence()) record.set_confidence(request.confidence());
}

status change_lifetime(v1::MemoryRecord& record, const v1::UpdateRequest& request, std::int64_t now_ms) {
  record.set_tier(std::max(record.tier(), request.tier()));
  if (record.tier() == v1::TIER_LONG) {
    if (!request.expires_at().empty()) {
      return status::invalid("expires_at", "must not be set on a record of tier long, which never expires");
    }
    record.clear_expires_at();
  } else if (request.has_expires_at()) {
    if (request.expires_at().empty()) {
      record.clear_expires_at();
    } else {
      record.set_expires_at(request.expires_at());
      record.set_expiry_set_ms(now_ms);
    }
  }
  return {};
}

status not_found() { return status(errc::not_found, "no live record of that id or name"); }

result<found_record> newest_with_id(const record_reader& now, std::string_view id) {
  const auto keys = now.find(key_kind::memory, id);
  if (!keys) return keys.error();
  std::optional<found_record> newest;
  status none = not_found();
  for (const record_key& key : *keys) {
    const auto stored = now.get(key);
    if (!stored) return stored.error();
    // Between the two reads the key may have been deleted or stored anew under another id.
    if (!*stored || (*stored)->deleted || (*stored)->alias != id) continue;
    auto found = live_record(key, *stored);
    if (!found && !is_unreadable(found.error())) return found.error();
    if (!found)
      none = found.error();
    else if ((*found)->record.id() == id && (!newest || newest->stamp < (*found)->stamp))
      newest = std::move(**found);
  }
  if (!newest) return none;
  return std::move(*newest);
}

result<record_key> key_of_name(const v1::RecordName& name) {
  const std::string_view name_space = name.namespace_().empty() ? default_namespace : name.namespace_();
  if (status broken = validate_title(name.title()); !broken) return broken;
  if (status broken = validate_namespace(name_space); !broken) return broken;
  return key_of(name_space, name.title());
}

const v1::RecordName* name_in(const v1::DeleteRequest& request) {
  return request.has_name() ? &request.name() : nullptr;
}

/// What key and alias say of a row whose value is no record.
found_record without_value(const record_key& key, const stored_record& stored) {
  found_record found{{}, key, stored.stamp};
  const auto end = std::min(key.bytes.find('\0'), key.bytes.size());
  found.record.set_namespace_(key.bytes.substr(0, end));
  found.record.set_title(key.bytes.substr(std::min(end + 1, key.bytes.size())));
  found.record.set_id(stored.alias);
  return found;
}

/// The newest live row with this id, or with this name, whatever its value is.
result<found_record> find_row(const record_reader& now, std::string_view id, const v1::RecordName* name) {
  auto keys = std::vector<record_key>();
  if (name != nullptr) {
    auto key = key_of_name(*name);
    if (!key) return key.error();
    keys.push_back(std::move(*key));
  } else {
    auto found = now.find(key_kind::memory, id);
    if (!found) return found.error();
    keys = std::move(*found);
  }
  std::optional<found_record> newest;
  for (const auto& key : keys) {
    const auto stored = now.get(key);
    if (!stored) return stored.error();
    if (!*stored || (*stored)->deleted || (name == nullptr && (*stored)->alias != id)) continue;
    if (!newest || newest->stamp < (*stored)->stamp) newest = without_value(key, **stored);
  }
  if (!newest) return not_found();
  return std::move(*newest);
}

}  // namespace

result<found_record> find_to_delete(const record_reader& now, const v1::DeleteRequest& request) {
  auto id = request.id();
  if (!id.empty() && !request.has_name()) {
    auto full = full_id(now, id, request.allow_prefix());
    if (!full) return full.error();
    id = std::move(*full);
  }
  auto found = find_record(now, id, name_in(request));
  if (!found && is_unreadable(found.error())) return find_row(now, id, name_in(request));
  return found;
}

result<std::string> choose_id(const record_reader& now, const std::string& given, const record_key& key,
                              const version& stamp) {
  std::string id = given.empty() ? derived_id(key) : given;
  // No record has the key, so whoever is found under the id has another name.
  const auto holders = now.find(key_kind::memory, id);
  if (!holders) return holders.error();
  // But for what has the key and is no record: it gives way.
  if (std::all_of(holders->begin(), holders->end(), [&](const record_key& holder) { return holder == key; })) return id;
  if (given.empty()) return derived_id(key, stamp);
  return status(errc::already_exists, "a record of another name has the id " + given);
}

mutation put_record(const v1::MemoryRecord& record) {
  return {key_of(record.namespace_(), record.title()), false, record.id(), record.SerializeAsString()};
}

void clear_internal(v1::MemoryRecord* record) {
  record->clear_life();
  record->clear_priority_base_count();
  record->clear_expiry_set_ms();
}

result<planned_write> plan_store(const record_reader& now, const v1::MemoryRecord& prepared, const version& stamp,
                                 merge_rule rule) {
  const record_key key = key_of(prepared.namespace_(), prepared.title());
  const auto stored = now.get(key);
  if (!stored) return stored.error();
  auto existing = record_in_the_way(key, *stored);
  if (!existing) return existing.error();
  planned_write plan;
  v1::MemoryRecord record;
  if (*existing) {
    record = std::move((*existing)->record);
    usage_total usage;
    // Most stores raise nothing and need not know: what use makes of the record holds over what is stored.
    if (rule == merge_rule::by_time || prepared.priority() > record.priority()) {
      const auto read = usage_of(now, record);
      if (!read) return read.error();
      usage = *read;
    }
    const auto at_ms = static_cast<std::int64_t>(milliseconds_of(stamp.time));
    if (status broken = merge(record, usage, prepared, rule, at_ms); !broken) return broken;
  } else {
    auto id = choose_id(now, prepared.id(), key, stamp);
    if (!id) return id.error();
    record = prepared;
    record.set_id(std::move(*id));
    // Uses that came with it have long been at work on the priority that came with it.
    record.set_priority_base_count(record.access_count());
    if (*stored) record.set_life((*stored)->stamp.time);
    plan.created = true;
  }
  plan.id = record.id();
  plan.mutations.push_back(put_record(record));
  return plan;
}

result<planned_write> plan_update(const record_reader& now, const v1::UpdateRequest& request, std::int64_t now_ms) {
  if (status broken = validate(request); !broken) return broken;
  const auto id = full_id(now, request.id(), request.allow_prefix());
  if (!id) return id.error();
  auto found = newest_with_id(now, *id);
  if (!found) return found.error();
  v1::MemoryRecord& record = found->record;
  const auto usage = usage_of(now, record);
  if (!usage) return usage.error();
  v1::MemoryRecord seen = record;
  apply_usage(*usage, &seen);
  change_fields(record, request);
  if (request.has_priority()) set_priority(record, request.priority(), seen.access_count());
  record.set_tier(seen.tier());
  if (status broken = change_lifetime(record, request, now_ms); !broken) return broken;
  if (request.has_metadata()) {
    const auto metadata = compact_metadata(request.metadata());
    if (!metadata) return metadata.error();
    if (status broken = merge_metadata(record, *metadata); !broken) return broken;
  }
  record.set_updated_at(format_timestamp(now_ms));

  planned_write plan;
  plan.id = record.id();
  mutation put = put_record(record);
  if (put.key != found->key) {
    const auto stored = now.get(put.key);
    if (!stored) return stored.error();
    const auto holder = record_in_the_way(put.key, *stored);
    if (!holder) return holder.error();
    if (*holder) return status(errc::already_exists, "a record of that title already exists in namespace");
    plan.mutations.push_back({found->key, true, {}, {}});
  }
  plan.mutations.push_back(std::move(put));
  if (status failed = present(now, &record); !failed) return failed;
  clear_internal(&record);
  plan.shown = std::move(record);
  return plan;
}

result<planned_write> plan_delete(const record_reader& now, const v1::DeleteRequest& request) {
  auto found = find_to_delete(now, request);
  if (!found) return found.error();
  planned_write plan;
  plan.id = found->record.id();
  plan.mutations.push_back({std::move(found->key), true, {}, {}});
  if (plan.id.empty()) return plan;  // nothing names a row without an id
  if (status failed = plan_cascade(now, plan.id, cascade_links_max, &plan.mutations); !failed) return failed;
  return plan;
}

std::vector<record_key> keys_of_store(const v1::MemoryRecord& prepared) {
  return {key_of(prepared.namespace_(), prepared.title())};
}

std::vector<record_key> keys_of_update(const record_reader& now, const v1::UpdateRequest& request) {
  const auto id = full_id(now, request.id(), request.allow_prefix());
  if (!id) return {};
  auto found = newest_with_id(now, *id);
  if (!found) return {};
  change_fields(found->record, request);
  auto named = key_of(found->record.namespace_(), found->record.title());
  std::vector<record_key> keys{std::move(found->key)};
  if (named != keys.front()) keys.push_back(std::move(named));
  return keys;
}

std::vector<record_key> keys_of_delete(const record_reader& now, const v1::DeleteRequest& request) {
  if (auto keys = keys_of(plan_delete(now, request)); !keys.empty()) return keys;
  auto key = find_key(now, request.id(), name_in(request));
  if (!key) return {};
  return {std::move(*key)};
}

std::vector<record_key> keys_of(const result<planned_write>& plan) {
  std::vector<record_key> keys;
  if (!plan) return keys;
  for (const auto& change : plan->mutations) keys.push_back(change.key);
  return keys;
}

result<std::string> full_id(const record_reader& now, const std::string& id, bool allow_prefix) {
  if (status broken = validate_id(id); !broken) return broken;
  if (!allow_prefix) return id;
  const auto exact = now.find(key_kind::memory, id);
  if (!exact) return exact.error();
  if (!exact->empty()) return id;
  auto longer = now.aliases_with_prefix(key_kind::memory, id, 2);
  if (!longer) return longer.error();
  if (longer->empty()) return not_found();
  if (longer->size() > 1) return status::invalid("id", "ambiguous ID prefix: more than one record's id begins so");
  return std::move(longer->front());
}

result<found_record> find_record(const record_reader& now, std::string_view id, const v1::RecordName* name) {
  if (id.empty() == (name == nullptr)) {
    return status(errc::invalid_argument, "a record is named by its id or by (namespace, title), one of the two");
  }
  if (name == nullptr) {
    if (status broken = validate_id(id); !broken) return broken;
    return newest_with_id(now, id);
  }
  const auto key = key_of_name(*name);
  if (!key) return key.error();
  const auto stored = now.get(*key);
  if (!stored) return stored.error();
  return record_at(*key, *stored, {});
}

result<record_key> find_key(const record_reader& now, std::string_view id, const v1::RecordName* name) {
  if (id.empty() && name != nullptr) return key_of_name(*name);
  auto found = find_record(now, id, name);
  if (!found) return found.error();
  return std::move(found->key);
}

result<found_record> record_at(const record_key& key, const std::optional<stored_record>& stored, std::string_view id) {
  auto found = live_record(key, stored);
  if (!found && !id.empty() && stored->alias != id) return not_found();
  if (!found) return found.error();
  if (!*found || (!id.empty() && (*found)->record.id() != id)) return not_found();
  return std::move(**found);
}

}  // namespace quorate::memory
