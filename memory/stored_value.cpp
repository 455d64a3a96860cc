#include "memory/stored_value.hpp"

#include <algorithm>
#include <initializer_list>

#include "memory/key.hpp"
#include "memory/links.hpp"
#include "memory/validation.hpp"
#include "proto/limits.hpp"

namespace quorate::memory {

namespace {

// So that sums over all members stay far below what a number can hold, as do times that any stamp can name.
constexpr std::int64_t count_max = std::int64_t{1} << 40;
constexpr std::int64_t time_ms_max = std::int64_t{1} << 49;
constexpr int stored_priority_max = 1'000;
constexpr std::size_t node_bytes = 8;
constexpr std::size_t short_text_bytes_max = 4'096;

/// A row, wherever it is.
struct row {
  std::string_view key;
  std::string_view alias;
  std::string_view value;
};

bool within(std::int64_t number, std::int64_t most) { return number >= 0 && number <= most; }

/// Whether sums and conversions of its numbers hold.
bool can_be_reckoned_with(const v1::MemoryRecord& record) {
  return record.access_count() >= 0 && record.priority_base_count() >= 0 && within(record.expiry_set_ms(), time_ms_max)
         && within(record.priority(), stored_priority_max);
}

/// Whether a record can be looked up by it.
bool is_id(const std::string& text) { return validate_id(text).ok(); }

// Whether a value belongs under this key. What the key says stands in the value too, so that a reader of the one and a
// reader of the other never see different records.

bool belongs(const v1::MemoryRecord& record, std::string_view key) {
  return is_id(record.id()) && !record.title().empty() && record.namespace_().find('\0') == std::string::npos
         && key_of(record.namespace_(), record.title()).bytes == key && can_be_reckoned_with(record);
}

bool belongs(const v1::LinkRecord& link, std::string_view key) {
  return is_id(link.source_id()) && is_id(link.target_id())
         && link_key(link.source_id(), link.target_id(), link.relation()).bytes == key;
}

bool belongs(const v1::ArchivedMemory& archived, std::string_view key) {
  return archived.memory().id() == key && is_id(archived.memory().id()) && !archived.memory().title().empty()
         && can_be_reckoned_with(archived.memory());
}

bool belongs(const v1::Standard& standard, std::string_view key) {
  return standard.namespace_() == key && (standard.standard_id().empty() || is_id(standard.standard_id()));
}

bool belongs(const v1::PendingAction& action, std::string_view key) { return action.id() == key && is_id(action.id()); }

bool belongs(const v1::Subscription& subscription, std::string_view key) {
  return subscription.id() == key && is_id(subscription.id()) && subscription.dispatch_count() >= 0
         && subscription.failure_count() >= 0;
}

bool belongs(const v1::UsageRow& usage, std::string_view key) {
  return key.size() > node_bytes + 1 && key.find('\0') == key.size() - node_bytes - 1
         && within(usage.count(), count_max) && within(usage.last_accessed_ms(), time_ms_max)
         && within(usage.alive_until_ms(), time_ms_max);
}

// Which alias a value has.

const std::string& alias_of(const v1::MemoryRecord& record) { return record.id(); }
const std::string& alias_of(const v1::LinkRecord& link) { return link.target_id(); }
const std::string& alias_of(const v1::Standard& standard) { return standard.standard_id(); }
/// Of all others.
const std::string& alias_of(const google::protobuf::MessageLite&) {
  static const std::string none;
  return none;
}

bool fit(std::size_t most, std::initializer_list<const std::string*> texts) {
  return std::all_of(texts.begin(), texts.end(), [most](const std::string* text) { return text->size() <= most; });
}

// Whether a value has a size that one can have. An entry bounds all that is not bounded here.

bool fits(const v1::MemoryRecord& record) {
  return fit(limits::id_bytes_max, {&record.id()}) && fit(namespace_bytes_max, {&record.namespace_()})
         && fit(title_bytes_max, {&record.title()}) && fit(limits::content_bytes_max, {&record.content()})
         && fit(limits::metadata_bytes_max, {&record.metadata()})
         && fit(short_text_bytes_max, {&record.source(), &record.created_at(), &record.updated_at(),
                                       &record.last_accessed_at(), &record.expires_at()})
         && static_cast<std::size_t>(record.tags_size()) <= limits::tags_max
         && std::all_of(record.tags().begin(), record.tags().end(),
                        [](const std::string& tag) { return tag.size() <= limits::tag_bytes_max; });
}

bool fits(const v1::LinkRecord& link) {
  return fit(limits::id_bytes_max, {&link.source_id(), &link.target_id()})
         && fit(short_text_bytes_max, {&link.relation(), &link.created_at()});
}

bool fits(const v1::ArchivedMemory& archived) {
  return fits(archived.memory()) && fit(short_text_bytes_max, {&archived.archived_at(), &archived.archive_reason()});
}

bool fits(const v1::Standard& standard) {
  return fit(limits::id_bytes_max, {&standard.standard_id()})
         && fit(namespace_bytes_max, {&standard.namespace_(), &standard.parent_namespace()})
         && fit(short_text_bytes_max, {&standard.updated_at()});
}

bool fits(const v1::PendingAction& action) {
  return fit(limits::id_bytes_max, {&action.id(), &action.memory_id()})
         && fit(namespace_bytes_max, {&action.namespace_()})
         && fit(short_text_bytes_max, {&action.action_type(), &action.requested_by(), &action.requested_at(),
                                       &action.status(), &action.decided_by(), &action.decided_at()});
}

bool fits(const v1::Subscription& subscription) {
  return fit(limits::id_bytes_max, {&subscription.id()}) && fit(namespace_bytes_max, {&subscription.namespace_filter()})
         && fit(short_text_bytes_max,
                {&subscription.url(), &subscription.events(), &subscription.secret_hash(), &subscription.agent_filter(),
                 &subscription.created_by(), &subscription.created_at(), &subscription.last_dispatched_at()});
}

bool fits(const v1::UsageRow&) { return true; }

template <class Message>
bool parse(const row& from, Message* out) {
  return out->ParseFromArray(from.value.data(), static_cast<int>(from.value.size())) && belongs(*out, from.key);
}

template <class Message>
status read_as(std::string_view what, const record_key& key, const stored_record& stored, Message* out) {
  if (parse(row{key.bytes, stored.alias, stored.value}, out)) return {};
  out->Clear();
  return unreadable(what);
}

enum class worth : std::uint8_t { unknown, none, readable, whole };

template <class Message>
worth worth_as(const row& at) {
  Message message;
  if (!parse(at, &message)) return worth::none;
  return fits(message) && alias_of(message) == at.alias ? worth::whole : worth::readable;
}

worth worth_of(key_kind kind, const row& at) {
  switch (kind) {
    case key_kind::memory: return worth_as<v1::MemoryRecord>(at);
    case key_kind::link: return worth_as<v1::LinkRecord>(at);
    case key_kind::archived: return worth_as<v1::ArchivedMemory>(at);
    case key_kind::standard: return worth_as<v1::Standard>(at);
    case key_kind::pending: return worth_as<v1::PendingAction>(at);
    case key_kind::subscription: return worth_as<v1::Subscription>(at);
    case key_kind::usage: return worth_as<v1::UsageRow>(at);
  }
  return worth::unknown;
}

}  // namespace

status read_value(const record_key& key, const stored_record& stored, v1::MemoryRecord* out) {
  return read_as("memory", key, stored, out);
}
status read_value(const record_key& key, const stored_record& stored, v1::LinkRecord* out) {
  return read_as("link", key, stored, out);
}
status read_value(const record_key& key, const stored_record& stored, v1::ArchivedMemory* out) {
  return read_as("record of the archive", key, stored, out);
}
status read_value(const record_key& key, const stored_record& stored, v1::Standard* out) {
  return read_as("standard", key, stored, out);
}
status read_value(const record_key& key, const stored_record& stored, v1::PendingAction* out) {
  return read_as("pending action", key, stored, out);
}
status read_value(const record_key& key, const stored_record& stored, v1::Subscription* out) {
  return read_as("subscription", key, stored, out);
}
status read_value(const record_key& key, const stored_record& stored, v1::UsageRow* out) {
  return read_as("count of uses", key, stored, out);
}

status unreadable(std::string_view what) {
  return {errc::unreadable, "the value under this name is no " + std::string(what) + ": delete or overwrite it"};
}

bool is_readable(const record_key& key, const stored_record& stored) {
  return worth_of(key.kind, {key.bytes, stored.alias, stored.value}) != worth::none;
}

status check_value(key_kind kind, std::string_view key, std::string_view alias, std::string_view value) {
  const auto found = worth_of(kind, {key, alias, value});
  if (found == worth::whole || found == worth::unknown) return {};
  return {errc::malformed,
          std::string(found == worth::none ? "a value that is no record"
                                           : "a record with another alias than its own, or too large a part,")
              + " of kind " + std::to_string(static_cast<int>(kind))};
}

status check_value(const mutation& change) {
  if (change.deleted) return {};
  return check_value(change.key.kind, change.key.bytes, change.alias, change.value);
}

}  // namespace quorate::memory
