// The value of a row: a record of its kind, or bytes that are none.
//
// A row whose value is none can come by the entry of a peer. Nothing is damaged then: the bytes are those that were
// sent, and every member has them. So it is stepped over by whoever walks over many rows, told to whoever asks for it
// by its name, and gives way to a deletion and to whatever is stored over it. All readers ask here, so that all agree
// on what a record is: it parses, it names the key it is stored under, and its numbers can be reckoned with.
//
// Pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/record.hpp"
#include "quorate/v1/curation.pb.h"
#include "quorate/v1/governance.pb.h"
#include "quorate/v1/record.pb.h"

namespace quorate::memory {

/// Fills `out` with the value of a live row of the kind whose values such messages are. errc::unreadable, never
/// anything else, when it is none; `out` is then empty.
status read_value(const record_key& key, const stored_record& stored, v1::MemoryRecord* out);
status read_value(const record_key& key, const stored_record& stored, v1::LinkRecord* out);
status read_value(const record_key& key, const stored_record& stored, v1::ArchivedMemory* out);
status read_value(const record_key& key, const stored_record& stored, v1::Standard* out);
status read_value(const record_key& key, const stored_record& stored, v1::PendingAction* out);
status read_value(const record_key& key, const stored_record& stored, v1::Subscription* out);
status read_value(const record_key& key, const stored_record& stored, v1::UsageRow* out);

template <class Message>
result<Message> value_of(const record_key& key, const stored_record& stored) {
  Message message;
  if (status none = read_value(key, stored, &message); !none) return none;
  return message;
}

/// What such a row is, for somebody who asked for it.
status unreadable(std::string_view what);
inline bool is_unreadable(const status& s) { return s.code() == errc::unreadable; }

/// Whether the live row has a value of its kind. Values of kinds that this release does not know are not judged.
bool is_readable(const record_key& key, const stored_record& stored);

/// Whether what was read under that key is live and has a value of its kind.
inline bool holds_record(const record_key& key, const std::optional<stored_record>& stored) {
  return stored && !stored->deleted && is_readable(key, *stored);
}

/// What a value must be to be taken from somebody else: readable, under its own alias, of sizes that a record can have.
/// errc::malformed with the reason otherwise; kinds that this release does not know pass. What this program writes
/// always passes.
status check_value(key_kind kind, std::string_view key, std::string_view alias, std::string_view value);
/// The same of a change; deletions pass.
status check_value(const mutation& change);

}  // namespace quorate::memory
