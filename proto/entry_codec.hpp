// Entries as bytes: plain structs ⇄ quorate.v1.Entry. The only file that knows both.
//
// Pure functions, any thread.
#pragma once

#include "proto/record.hpp"

namespace quorate::v1 {
class Mutation;
}

namespace quorate {

/// Serialises; deterministic for equal entries.
std::string encode(const entry& e);

/// Parses and checks: known key kinds, a sequence, a time, at least one mutation, within limits::entry_bytes_max.
/// Anything else is errc::corruption with the reason.
result<entry> decode_entry(std::string_view bytes);

/// One change, also on its own: what a member holds of a key, or is to hold.
void fill(const record_key& key, bool deleted, const std::string& alias, const std::string& value, v1::Mutation* out);
/// Empties `in`. Checks: a known kind, lengths of key and alias; errc::corruption otherwise.
result<mutation> take_mutation(v1::Mutation& in);

}  // namespace quorate
