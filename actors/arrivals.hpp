// What the writer needs for entries that arrive: what their sender is told, what is here in their places already, and
// where the logs end.
//
// Made by the writer, on its thread: for one batch, the ends for its whole life.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "actors/core/log_vector.hpp"
#include "actors/core/quorum.hpp"
#include "proto/record.hpp"
#include "quorate/v1/replication.pb.h"
#include "storage/store.hpp"

namespace quorate {

class board;

/// What a batch's sender is told once the group is on disk.
struct batch_answer {
  struct log_answer {
    sequence_number first = 0;
    sequence_number last = 0;
    std::vector<core::superseded_entry> superseded;
    std::uint64_t hash = 0;  ///< of `last`
    std::optional<v1::LogRefusal::Reason> refusal;
    sequence_number have = 0;
  };
  std::map<log_id, log_answer> logs;

  v1::PeerAnswer to_message(const board& facts) const;
};

/// Entries that are on disk already, for comparison with ones that arrive again: read in stretches, because they come
/// in stretches.
class held_entries {
 public:
  explicit held_entries(const storage::store& store) : store_(store) {}

  /// The bytes in that place, which the vector covers. Errors are the store's.
  result<shared_bytes> at(const log_id& log, sequence_number sequence);

 private:
  const storage::store& store_;
  std::vector<encoded_entry> read_;
};

/// The ends of all logs with the hashes of their last entries. Errors are the store's.
result<core::log_vector> read_ends(const storage::store& store, const std::vector<log_position>& vector);

}  // namespace quorate
