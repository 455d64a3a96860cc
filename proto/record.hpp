// Keyed values and their changes, as plain structs: what the replication core, the store and the domain share.
//
// The core replicates mutations of keyed values and knows nothing of memories. Standard library only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/ids.hpp"
#include "proto/status.hpp"

namespace quorate {

/// What sort of thing a key names. Stored and sent as a number: append only.
enum class key_kind : std::uint8_t {
#define QUORATE_KEY_KIND(name, number, key, alias, value) name = number,
#include "proto/key_kinds.def"
#undef QUORATE_KEY_KIND
};
/// The kinds of the table, in its order: what this release knows.
inline constexpr key_kind known_kinds[] = {
#define QUORATE_KEY_KIND(name, number, key, alias, value) key_kind::name,
#include "proto/key_kinds.def"
#undef QUORATE_KEY_KIND
};
static_assert(static_cast<int>(*std::begin(known_kinds)) >= 1
              && std::adjacent_find(std::begin(known_kinds), std::end(known_kinds), std::greater_equal<>())
                     == std::end(known_kinds));
/// Whether this release knows what rows of this kind hold. Those of other kinds are bytes.
constexpr bool is_known(key_kind kind) {
  return std::find(std::begin(known_kinds), std::end(known_kinds), kind) != std::end(known_kinds);
}
/// Whether a kind can have this number, in this release or another.
constexpr bool is_key_kind(std::uint32_t number) { return number >= 1 && number <= 255; }

/// Identity of a value. For memories the bytes are namespace, a zero byte, title.
struct record_key {
  key_kind kind = key_kind::memory;
  std::string bytes;
  auto operator<=>(const record_key&) const = default;
};

/// The newest version of a key that a node has. A tombstone keeps the version and nothing else.
struct stored_record {
  version stamp;
  bool deleted = false;
  std::string alias;  ///< second key it can be found under (for memories the id); empty = none
  std::string value;  ///< opaque here; for memories a serialised quorate.v1.MemoryRecord
  bool operator==(const stored_record&) const = default;
};

/// One change of one key: put(value) or delete.
struct mutation {
  record_key key;
  bool deleted = false;
  std::string alias;
  std::string value;
  bool operator==(const mutation&) const = default;
};

/// An atomic group of mutations with one version and one place in one log.
struct entry {
  log_id log;
  sequence_number sequence = 0;
  std::uint64_t time = 0;
  std::vector<mutation> mutations;
  /// Who stamped it; zero = the log's own node, as for every write. Else a value that was written back: the node of
  /// this log did not make it but passes it on (docs/adr/0009).
  node_id stamped_by{};
  /// The hash of the entry before it in its log (proto/log_chain.hpp); 0 in logs of releases that had no such thing.
  std::uint64_t previous = 0;
  version stamp() const { return {time, stamped_by == node_id{} ? log.origin : stamped_by}; }
  bool operator==(const entry&) const = default;
};

/// The bytes of a serialised quorate.v1.Entry: made once, then shared by the disk, the log and every link.
using shared_bytes = std::shared_ptr<const std::string>;

/// An entry together with its bytes.
struct encoded_entry {
  log_id log;
  sequence_number sequence = 0;
  shared_bytes bytes;
};

/// A page of records in key order.
struct record_page {
  std::vector<std::pair<record_key, stored_record>> records;
  std::optional<std::string> next;  ///< key bytes to continue after; none = nothing follows
};

/// Reads of the newest versions. Every call reads a consistent state; any thread. Damage is errc::corruption,
/// never wrong bytes.
class record_reader {
 public:
  virtual ~record_reader() = default;

  /// The newest version of a key, tombstones included; nothing when the key was never written.
  virtual result<std::optional<stored_record>> get(const record_key& key) const = 0;

  /// The keys of all live records with this alias, in key order. More than one only after concurrent writes.
  virtual result<std::vector<record_key>> find(key_kind kind, std::string_view alias) const = 0;

  /// The aliases of live records that start with `prefix` (not empty), each once, in order of length and then of bytes;
  /// at most `count_max`.
  virtual result<std::vector<std::string>> aliases_with_prefix(key_kind kind, std::string_view prefix,
                                                               std::size_t count_max) const = 0;

  /// Live records whose key starts with `prefix`, after key `after` (exclusive; empty = from the start), at most
  /// `count_max` of them and ending once their values add up to `bytes_max` (at least one is returned).
  virtual result<record_page> scan(key_kind kind, std::string_view prefix, std::string_view after,
                                   std::size_t count_max, std::size_t bytes_max) const = 0;
};

}  // namespace quorate
