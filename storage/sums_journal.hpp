// The sums of a store (ends of the logs, digest, counts, clock bound) as rows of the column family `default`.
//
// Every group of writes changes some of them, and a row a sum would cost more than the records: so each group writes
// one row with all its changes, into a ring of slots, and every so often the sums themselves are written (folded) and
// the rows of the groups before count no longer. Layout: docs/formats.md.
//
// Pure; sums_journal is the writer's, sums_reader anybody's. What a group changes is in force when its rows are on
// disk, which the store does in one batch with the records.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "storage/meta_codec.hpp"
#include "storage/store.hpp"

namespace quorate::storage {

/// Slots of the ring: at most so many groups lie between two folds.
inline constexpr std::uint16_t group_slots = 1024;
/// A fold comes earlier when the groups since the last have changed so many digest buckets (256 are all).
inline constexpr std::size_t bucket_changes_between_folds = 4096;

struct stored_sums {
  store_summary summary;
  std::uint64_t last_group = 0;  ///< number of the newest group; 0 = none yet
};

/// Puts the rows together. Rows may come in any order; all must come from one snapshot.
class sums_reader {
 public:
  /// errc::corruption for a row that is damaged or that this release does not know.
  status add(std::string_view key, std::string_view stored);
  stored_sums take();

 private:
  struct group {
    std::uint64_t number = 0;
    std::vector<log_position> positions;
    std::vector<std::pair<std::uint8_t, digest_sum>> buckets;
    std::optional<record_counts> counts;
    std::optional<std::uint64_t> clock_bound;
  };

  bool read(std::string_view key, std::string_view stored);
  bool read_group(std::string_view key, std::string_view stored);

  store_summary summary_;
  std::map<log_id, sequence_number> positions_;
  std::uint64_t folded_ = 0;
  std::vector<group> groups_;
};

class sums_journal {
 public:
  explicit sums_journal(const stored_sums& held);

  /// The rows to write with the group, in one batch. The group was checked (storage/group_check.hpp).
  std::vector<meta_row> rows(const write_group& group);

  /// As of the newest group; 0 for a log that does not exist.
  sequence_number end_of(const log_id& log) const;
  std::uint64_t clock_bound() const { return sums_.clock_bound; }

 private:
  meta_row group_row(const write_group& group) const;
  void fold(std::vector<meta_row>& rows);

  store_summary sums_;  ///< `vector` and `epoch` are not used
  std::map<log_id, sequence_number> positions_;
  std::uint64_t last_group_;
  std::uint64_t groups_since_fold_ = group_slots;  ///< the first group folds: what it starts from may lie in slots
  std::size_t bucket_changes_ = 0;
};

}  // namespace quorate::storage
