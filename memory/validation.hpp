// The rules a memory record must keep. First broken rule, in the order of docs/compatibility.md, as an
// invalid_argument with field, limit and what came instead (numbers only, never contents).
//
// Pure functions, any thread, any bytes. A failure leaves nothing behind.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proto/status.hpp"
#include "quorate/v1/memory.pb.h"

namespace quorate::memory {

/// Bounds of text whose rule counts something else, so that a record always fits an entry: the whole of a title or a
/// namespace (outer white space does not count as characters), and a timestamp (its fraction may have any length).
inline constexpr std::size_t title_bytes_max = 2'048;
inline constexpr std::size_t namespace_bytes_max = 2'048;
inline constexpr std::size_t timestamp_bytes_max = 64;

/// Fills the defaults of a store request (namespace, tier, source, priority, confidence, metadata; for a full record
/// also the timestamps that are missing), checks every rule and returns the record ready to be planned: metadata
/// compact, unknown fields dropped. An empty text field counts as missing; title and content may not be missing.
///
/// A request that is not a full record: id, timestamps and access count of the input are dropped; created_at and
/// updated_at are `now_ms`; expires_at is the one given, else now + ttl_seconds, else now + the tier's time.
///
/// A full record keeps what it has. Missing created_at = updated_at or the other way round, both missing = now;
/// missing source = import. A missing expires_at is created_at + ttl_seconds when that is given. Else a record that
/// says when it was made keeps having none, as its store meant it, so that the result does not depend on `now_ms`;
/// one that does not gets the tier's time.
///
/// A long record never has an expiry; one that is given is checked and dropped.
///
/// agent_id and scope of the request become those of the metadata, over what is there inline.
result<v1::MemoryRecord> prepare(v1::StoreRequest&& request, std::int64_t now_ms);

/// The checks of an update request's present fields, id included. A request that changes nothing is invalid.
status validate(const v1::UpdateRequest& request);

/// Each part on its own, for requests that name a record.
status validate_id(std::string_view id);
status validate_namespace(std::string_view name_space);
status validate_title(std::string_view title);
status validate_tags(const google::protobuf::RepeatedPtrField<std::string>& tags, const std::string& field = "tags");
/// Either an id or, not null, a name; and one that a record can have.
status validate_addressing(std::string_view id, const v1::RecordName* name);
status validate_content(std::string_view content, std::string_view field = "content");
/// RFC 3339, at most timestamp_bytes_max.
status validate_timestamp(std::string_view text, std::string_view field);
/// Compact metadata after something was put into it; `with_what` says what, for the message.
status check_metadata_size(std::string_view metadata, std::string_view with_what);

/// The sources a store may name: those of v1::Source, lower case, without the prefix, in the order of the enum.
std::span<const std::string> source_names();

/// "short", "mid", "long"; nothing for anything else.
std::string_view text_of(v1::Tier tier);
std::optional<v1::Tier> tier_of(std::string_view text);

/// Whether a record's expiry has come. A record without one never expires.
bool expired(const v1::MemoryRecord& record, std::int64_t now_ms);

}  // namespace quorate::memory
