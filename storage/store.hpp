// The disk, as the node sees it: newest records, every log, the vector, the digest, the clock bound.
//
// Owned by the node, shared by reference. Reads: any thread, at any time. Writes (`begin_epoch`, `commit`): one
// thread at a time, the writer's. A write that returned ok survives loss of power; a write that failed may or may
// not be there after a restart, and every later write on the same store fails too (a failed sync is final: the
// kernel may have dropped the pages). The caller stops the node then; reads go on working. A write that failed for want
// of space says errc::disk_full and is as final as any other. Who asks for `space` before each group, and keeps the
// reserve, does not come to that.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/limits.hpp"
#include "proto/record.hpp"
#include "proto/snapshot_reading.hpp"
#include "storage/disk_space.hpp"
#include "storage/incremental_backup.hpp"

namespace quorate::storage {

/// Sum of 128-bit hashes, added modulo 2^128: low half, high half.
struct digest_sum {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const digest_sum&) const = default;
};

using digest_buckets = std::array<digest_sum, limits::digest_buckets>;

struct record_counts {
  std::uint64_t live = 0;
  std::uint64_t tombstones = 0;
  bool operator==(const record_counts&) const = default;
};

/// Which disks the members have: what a member that lost its disk is known by. A disk is named at its first use by the
/// time and random bits, so that a newer one has a higher name.
struct member_disks {
  std::uint64_t own = 0;  ///< Unix milliseconds << 16 | random; 0 = not named yet
  /// This member holds all it has ever acknowledged. Not so on an empty disk, which may have replaced another: until it
  /// is, the member counts in no quorum.
  bool complete = false;
  std::map<node_id, std::uint64_t> others;  ///< of each other member the newest disk that was complete
  bool operator==(const member_disks&) const = default;
};

/// Who the members are, as the node last wrote it down. Kept as it is: the store does not judge it.
struct member_list {
  std::vector<std::string> names;  ///< sorted, this node included
  unsigned write_quorum = 0;
  std::string founder;  ///< the member whose directory held everything when this list was made; empty = none
  bool operator==(const member_list&) const = default;
};

/// A key's new state, and the alias index entries that change with it.
struct record_change {
  record_key key;
  stored_record record;
  std::string alias_removed;  ///< alias of the version replaced, when it is no longer right; empty = none
  bool alias_added = false;   ///< record.alias was not indexed for this key before
};

/// Everything one group commit writes. Applied as one atomic, synced unit.
struct write_group {
  std::vector<record_change> records;                        ///< at most one per key
  std::vector<encoded_entry> entries;                        ///< appended to their logs, contiguous with what is there
  std::vector<log_position> positions;                       ///< new ends of the logs appended to
  std::vector<std::pair<std::uint8_t, digest_sum>> buckets;  ///< new values of changed digest buckets
  std::optional<record_counts> counts;                       ///< new totals, when changed
  std::optional<std::uint64_t> clock_bound;                  ///< hybrid time no stamp has passed; only grows
  std::optional<member_disks> disks;                         ///< new state, when changed
  std::optional<member_list> members;                        ///< new state, when changed
};

/// What the store holds besides records and entries, read at one instant.
struct store_summary {
  std::vector<log_position> vector;  ///< sorted by log
  digest_buckets buckets{};
  record_counts counts;
  std::uint64_t clock_bound = 0;
  std::uint64_t epoch = 0;  ///< of the newest own log; 0 = none yet
  member_disks disks;
  std::optional<member_list> members;  ///< none = never written, as on a new disk and on one that was restored
};

/// One reading of everything a store holds, in small steps so that its caller sets the pace and may leave off between
/// any two. Used by one thread; not after the store is gone.
class verification {
 public:
  virtual ~verification() = default;
  /// Reads the next stretch, about limits::verify_step_bytes, and compares it with its checksums. How many bytes that
  /// were; nothing once all was read. corruption names the damaged place, any other error did not let it be read.
  virtual result<std::optional<std::size_t>> next() = 0;
};

class store : public record_reader {
 public:
  /// Makes a new epoch durable: above every earlier one of this store and not below `unix_ms << 16`, with random
  /// low bits so that a node that lost its disk cannot repeat one. internal when none is left.
  virtual result<std::uint64_t> begin_epoch(std::uint64_t unix_ms, std::uint16_t random_bits) = 0;

  /// Writes the group: all of it or, on error, none that any reader of this process sees. Durable on return. internal
  /// for a group that breaks what write_group says (of which nothing is written, and the store goes on).
  virtual status commit(const write_group& group) = 0;

  /// Entries of a log from `first` on, in order, without gaps, at most `bytes_max` in all (at least one entry, if
  /// there is any). Empty when the log ends before `first`, whatever number that is. invalid_argument when `first` is
  /// 0: the caller's fault, and no word about the disk. corruption when an entry is missing before another one or
  /// before the log's end.
  virtual result<std::vector<encoded_entry>> read_log(const log_id& log, sequence_number first,
                                                      std::size_t bytes_max) const = 0;

  virtual result<store_summary> summary() const = 0;

  /// A reading that begins now; none when what the store holds cannot be damaged. Disturbs neither reads nor writes.
  virtual std::unique_ptr<verification> verify() const { return nullptr; }

  /// A copy of everything, for a backup; none when this store cannot be copied. Disturbs neither reads nor writes.
  virtual std::unique_ptr<snapshot_reading> snapshot() const { return nullptr; }

  /// The records as they are now, for whoever reads them all; none when this store cannot hold an instant. Not to
  /// outlive the store, which writes on meanwhile and keeps what is replaced: not for long.
  virtual std::unique_ptr<record_reader> view() const { return nullptr; }

  /// Adds what is held now to the backups in a directory that the caller has locked. Takes its time and a thread, and
  /// disturbs neither reads nor writes. not_permitted: this store cannot be backed up so; invalid_argument: the backups
  /// there are another node's; shutting_down: given up as asked; disk_full: no room there. Says nothing about the
  /// store, whatever it ends with.
  virtual result<incremental_backup> back_up(const backup_order& /*order*/) const {
    return status(errc::not_permitted, "this node's store cannot be backed up");
  }

  /// Room for more, at this instant: others write to the same file system.
  virtual result<disk_space> space() const = 0;
};

/// Whom a data directory belongs to; written at creation, checked at every open.
struct store_identity {
  std::string cluster_id;
  std::string node_name;
};

}  // namespace quorate::storage
