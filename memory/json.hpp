// Memory records as JSON: the field names and types of an ai-memory export.
//
// Pure functions, any thread, any bytes; neither depth nor length of the input costs stack.
#pragma once

#include <string>
#include <string_view>

#include "proto/status.hpp"
#include "quorate/v1/memory.pb.h"

namespace quorate::memory {

/// One line, keys in the order of the record's fields; last_accessed_at and expires_at absent when unset; metadata
/// as an object, its keys in the order they came in. Always valid JSON: of a record that broke the rules, bytes that
/// are not UTF-8 become U+FFFD and metadata that is no object becomes a string.
std::string to_json(const v1::MemoryRecord& record);

/// Reads one record. Missing fields stay unset (defaults come later), and so do expires_at, last_accessed_at,
/// priority and confidence when null; unknown keys are ignored. Errors are invalid_argument: a wrong type, a wrong
/// tier or a key given twice names the field; malformed JSON or UTF-8 names the byte offset, counted from 0.
/// Lengths, ranges and characters are `prepare`'s to check.
result<v1::MemoryRecord> from_json(std::string_view text);

}  // namespace quorate::memory
