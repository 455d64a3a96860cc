// What a store, an update or a delete changes, given what is there: the upsert rules, written once.
//
// Pure apart from the reads; run on the writer's thread, so a write sees every write stamped before it. An error
// means that nothing is to be written. "Live" is there and not a tombstone; a record whose expiry has come is live
// until it is deleted. Errors of the reader are passed on; a stored value that is no record (memory/stored_value.hpp)
// is errc::unreadable to who asks for it, and as if it were not there to who writes or deletes it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "proto/record.hpp"
#include "quorate/v1/memory.pb.h"

namespace quorate::memory {

struct planned_write {
  std::vector<mutation> mutations;
  std::string id;        ///< of the record the write is about
  bool created = false;  ///< no live record of that name was there
  /// Of an update: the record as a reader sees it from now on.
  std::optional<v1::MemoryRecord> shown;
};

/// What a store does to a record that is there: the upsert rules, or those of a synchronisation between stores.
enum class merge_rule : std::uint8_t { upsert, by_time };

/// Upsert by (namespace, title). Against a live record: id, created_at, access_count, last_accessed_at stay;
/// content, tags, source, updated_at are the new ones; priority, confidence, tier the higher; expires_at none when
/// either tier is long, else the new one, else the old; metadata the new one with the old agent_id (invalid_argument
/// when the two together break the size limit).
/// Without one: the given id (already_exists when another live record has it), else the derived one.
/// "The higher" is judged by the record as it is with its use: one that is long by use stays so, and its priority stays
/// with what use has added to it unless the new one is higher.
///
/// By time: content, tags, source, metadata (with the old agent_id) and updated_at are the new ones only when
/// updated_at is later, as an instant; access_count is the higher; the rest as above.
/// Planned over its own result, a full record gives the same bytes again.
/// `prepared` comes from `prepare`. Reads: one get; for a new name one find, for one that is there its use when its
/// priority may rise.
result<planned_write> plan_store(const record_reader& now, const v1::MemoryRecord& prepared, const version& stamp,
                                 merge_rule rule = merge_rule::upsert);

/// Addressed by id, or with allow_prefix as `full_id` says; validates the request. A changed name deletes the old key
/// and puts the new one in the same entry, id kept; already_exists when the new name is taken. `now_ms` becomes
/// updated_at. A tier that rises to long removes the expiry; setting one on a record that is long afterwards is an
/// invalid_argument. A record that is long by use counts as long. A priority that is given is what is shown from then
/// on: uses count anew towards a higher one.
result<planned_write> plan_update(const record_reader& now, const v1::UpdateRequest& request, std::int64_t now_ms);

/// By id, with allow_prefix as `full_id` says, or by name; not_found when there is no live record. Its links and the
/// standards it stands for go with it (memory/links.hpp).
result<planned_write> plan_delete(const record_reader& now, const v1::DeleteRequest& request);

/// The keys that the plan of the same request would change, in the order it changes them. A name is a key whether a
/// record is there or not; an id stands for the key it has in `now`, and for none when it is not known there or cannot
/// be looked up: to say so is the plan's business. Those of a delete are also the links and standards that go with it.
std::vector<record_key> keys_of_store(const v1::MemoryRecord& prepared);
std::vector<record_key> keys_of_update(const record_reader& now, const v1::UpdateRequest& request);
std::vector<record_key> keys_of_delete(const record_reader& now, const v1::DeleteRequest& request);
/// Of any other write: those that a plan made now changes; none when it fails.
std::vector<record_key> keys_of(const result<planned_write>& plan);

/// The id that is meant: `id` when a live record has it; else, with `allow_prefix`, that of the one live record whose
/// id begins so. errc::not_found; invalid_argument of field "id" when there are several.
result<std::string> full_id(const record_reader& now, const std::string& id, bool allow_prefix);

/// The id of a record with this key that is about to be made; `given` may be empty. No live record has its key.
/// already_exists when a record of another name has the one given.
result<std::string> choose_id(const record_reader& now, const std::string& given, const record_key& key,
                              const version& stamp);

/// The change that stores a record under its name.
mutation put_record(const v1::MemoryRecord& record);

/// Takes out what is stored with a record but never answered.
void clear_internal(v1::MemoryRecord* record);

/// The live record with this id or name, and its version; of several with one id the newest. errc::not_found, and
/// errc::unreadable when there is only a value that is none.
struct found_record {
  v1::MemoryRecord record;
  record_key key;
  version stamp;
};
/// `name` is null when the request has none, and `id` empty; both or neither is an invalid_argument, as is an id or
/// name that no record can have. A name without a namespace means the default one.
result<found_record> find_record(const record_reader& now, std::string_view id, const v1::RecordName* name);

/// What a delete is about, as `find_record` finds it; a row whose value is no record is found as well, as a record that
/// has what its key and alias say and nothing else.
result<found_record> find_to_delete(const record_reader& now, const v1::DeleteRequest& request);

/// The same in two steps, for a record that is read elsewhere. Where to read: a name says it without a read, whether
/// such a record is there or not; an id is looked up in `now`, errc::not_found when no live record there has it.
result<record_key> find_key(const record_reader& now, std::string_view id, const v1::RecordName* name);
/// What was read there: errc::unreadable, or errc::not_found unless it is live and, when an `id` is given, still has
/// that id.
result<found_record> record_at(const record_key& key, const std::optional<stored_record>& stored, std::string_view id);

}  // namespace quorate::memory
