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

/// Parses and checks: possible kinds, an epoch, a sequence, a time, at least one mutation, within
/// limits::entry_bytes_max. Anything else is errc::malformed with the reason: the bytes may come from anywhere, and who
/// read them from a disk says himself what that makes of the disk. Kinds that this release does not know pass.
result<entry> decode_entry(std::string_view bytes);

/// The place of an entry that decode_entry refuses: its log and number, where at least these can be read.
std::optional<log_position> place_of_entry(std::string_view bytes);

/// One change, also on its own: what a member holds of a key, or is to hold.
void fill(const record_key& key, bool deleted, const std::string& alias, const std::string& value, v1::Mutation* out);
/// Empties `in`. Checks: a possible kind, lengths of key and alias; errc::malformed otherwise. A deletion comes out
/// with neither alias nor value.
result<mutation> take_mutation(v1::Mutation& in);

}  // namespace quorate
