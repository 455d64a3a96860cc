// What the writer needs for entries that arrive: what their sender is told, and what is here in their places already.
//
// Made by the writer for one batch, on its thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

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

}  // namespace quorate
