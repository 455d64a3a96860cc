#include "memory/operations.hpp"

#include <algorithm>

#include "memory/key.hpp"
#include "memory/metadata.hpp"
#include "memory/timestamp.hpp"
#include "memory/validation.hpp"
#include "proto/limits.hpp"

namespace quorate::memory {

namespace {

result<v1::MemoryRecord> parse(const stored_record& stored) {
  v1::MemoryRecord record;
  if (!record.ParseFromString(stored.value)) {
    return status(errc::corruption, "a stored value is not a memory record");
  }
  return record;
}

/// The live record of a key; nothing when it is a tombstone or was never written.
result<std::optional<found_record>> live_record(const record_key& key, const std::optional<stored_record>& stored) {
  if (!stored || stored->deleted) return std::optional<found_record>();
  auto record = parse(*stored);
  if (!record) return record.error();
  return std::optional(found_record{std::move(*record), key, stored->stamp});
}

result<std::optional<found_record>> live_record(const record_reader& now, const record_key& key) {
  auto stored = now.get(key);
  if (!stored) return stored.error();
  return live_record(key, *stored);
}

mutation put(record_key key, const v1::MemoryRecord& record) {
  return {std::move(key), false, record.id(), record.SerializeAsString()};
}

status merge_metadata(v1::MemoryRecord& record, const std::string& incoming) {
  std::string merged = keep_agent_id(incoming, record.metadata());
  if (merged.size() > limits::metadata_bytes_max) {
    return status::invalid("metadata", "must have at most " + std::to_string(limits::metadata_bytes_max)
                                           + " bytes with the agent_id the record has, got "
                                           + std::to_string(merged.size()));
  }
  record.set_metadata(std::move(merged));
  return {};
}

/// `record` is what is there and becomes what is to be there.
status merge(v1::MemoryRecord& record, const v1::MemoryRecord& incoming) {
  record.set_content(incoming.content());
  *record.mutable_tags() = incoming.tags();
  record.set_source(incoming.source());
  record.set_updated_at(incoming.updated_at());
  record.set_priority(std::max(record.priority(), incoming.priority()));
  record.set_confidence(std::max(record.confidence(), incoming.confidence()));
  record.set_tier(std::max(record.tier(), incoming.tier()));
  if (record.tier() == v1::TIER_LONG) {
    record.clear_expires_at();
  } else if (incoming.has_expires_at()) {
    record.set_expires_at(incoming.expires_at());
  }
  return merge_metadata(record, incoming.metadata());
}

/// The id of a new record. Its key is not live, so whoever is found under the id has another name.
result<std::string> choose_id(const record_reader& now, const std::string& given, const record_key& key,
                              const version& stamp) {
  std::string id = given.empty() ? derived_id(key) : given;
  const auto holders = now.find(key_kind::memory, id);
  if (!holders) return holders.error();
  if (holders->empty()) return id;
  if (given.empty()) return derived_id(key, stamp);
  return status(errc::already_exists, "a record of another name has the id " + given);
}

void change_fields(v1::MemoryRecord& record, const v1::UpdateRequest& request) {
  if (request.has_title()) record.set_title(request.title());
  if (request.has_content()) record.set_content(request.content());
  if (request.has_namespace_()) record.set_namespace_(request.namespace_());
  if (request.has_tags()) *record.mutable_tags() = request.tags().values();
  if (request.has_priority()) record.set_priority(request.priority());
  if (request.has_confidence()) record.set_confidence(request.confidence());
}

status change_lifetime(v1::MemoryRecord& record, const v1::UpdateRequest& request) {
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
    }
  }
  return {};
}

status not_found() { return status(errc::not_found, "no live record of that id or name"); }

result<found_record> newest_with_id(const record_reader& now, std::string_view id) {
  const auto keys = now.find(key_kind::memory, id);
  if (!keys) return keys.error();
  std::optional<found_record> newest;
  for (const record_key& key : *keys) {
    auto found = live_record(now, key);
    if (!found) return found.error();
    // Between the two reads the key may have been deleted or stored anew under another id.
    if (!*found || (*found)->record.id() != id) continue;
    if (!newest || newest->stamp < (*found)->stamp) newest = std::move(**found);
  }
  if (!newest) return not_found();
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

}  // namespace

result<planned_write> plan_store(const record_reader& now, const v1::MemoryRecord& prepared, const version& stamp) {
  record_key key = key_of(prepared.namespace_(), prepared.title());
  const auto stored = now.get(key);
  if (!stored) return stored.error();
  auto existing = live_record(key, *stored);
  if (!existing) return existing.error();
  planned_write plan;
  v1::MemoryRecord record;
  if (*existing) {
    record = std::move((*existing)->record);
    if (status broken = merge(record, prepared); !broken) return broken;
  } else {
    auto id = choose_id(now, prepared.id(), key, stamp);
    if (!id) return id.error();
    record = prepared;
    record.set_id(std::move(*id));
    if (*stored) record.set_life((*stored)->stamp.time);
    plan.created = true;
  }
  plan.id = record.id();
  plan.mutations.push_back(put(std::move(key), record));
  return plan;
}

result<planned_write> plan_update(const record_reader& now, const v1::UpdateRequest& request, std::int64_t now_ms) {
  if (status broken = validate(request); !broken) return broken;
  auto found = newest_with_id(now, request.id());
  if (!found) return found.error();
  v1::MemoryRecord& record = found->record;
  change_fields(record, request);
  if (status broken = change_lifetime(record, request); !broken) return broken;
  if (request.has_metadata()) {
    const auto metadata = compact_metadata(request.metadata());
    if (!metadata) return metadata.error();
    if (status broken = merge_metadata(record, *metadata); !broken) return broken;
  }
  record.set_updated_at(format_timestamp(now_ms));

  planned_write plan;
  plan.id = record.id();
  record_key key = key_of(record.namespace_(), record.title());
  if (key != found->key) {
    const auto holder = live_record(now, key);
    if (!holder) return holder.error();
    if (*holder) return status(errc::already_exists, "a record of that title already exists in namespace");
    plan.mutations.push_back({found->key, true, {}, {}});
  }
  plan.mutations.push_back(put(std::move(key), record));
  return plan;
}

result<planned_write> plan_delete(const record_reader& now, const v1::DeleteRequest& request) {
  auto found = find_record(now, request.id(), name_in(request));
  if (!found) return found.error();
  planned_write plan;
  plan.id = found->record.id();
  plan.mutations.push_back({std::move(found->key), true, {}, {}});
  return plan;
}

std::vector<record_key> keys_of_store(const v1::MemoryRecord& prepared) {
  return {key_of(prepared.namespace_(), prepared.title())};
}

std::vector<record_key> keys_of_update(const record_reader& now, const v1::UpdateRequest& request) {
  auto found = newest_with_id(now, request.id());
  if (!found) return {};
  change_fields(found->record, request);
  auto named = key_of(found->record.namespace_(), found->record.title());
  std::vector<record_key> keys{std::move(found->key)};
  if (named != keys.front()) keys.push_back(std::move(named));
  return keys;
}

std::vector<record_key> keys_of_delete(const record_reader& now, const v1::DeleteRequest& request) {
  auto key = find_key(now, request.id(), name_in(request));
  if (!key) return {};
  return {std::move(*key)};
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
  if (!found) return found.error();
  if (!*found || (!id.empty() && (*found)->record.id() != id)) return not_found();
  return std::move(**found);
}

}  // namespace quorate::memory
