// Memory records as JSON: the field names and types of an ai-memory export.
#pragma once

#include <string>
#include <string_view>

#include "proto/status.hpp"
#include "quorate/v1/memory.pb.h"

namespace quorate::memory {

/// One line, keys in the order of the record's fields; last_accessed_at and expires_at absent when unset; metadata
/// as an object, its keys in the order they came in.
std::string to_json(const v1::MemoryRecord& record);

/// Reads one record. Missing fields stay unset (defaults come later); unknown keys are ignored; a wrong type or
/// tier is an invalid_argument that names the field, malformed JSON one that names the byte offset.
result<v1::MemoryRecord> from_json(std::string_view text);

}  // namespace quorate::memory
