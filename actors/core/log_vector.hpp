// A version vector: for every log the last entry held without a gap, and its hash.
//
// A value; whoever holds it decides what "held" means (durable here, announced by a peer, ...). The hash of an entry
// stands for all entries up to it (proto/log_chain.hpp): where two vectors end in the same entry with different hashes,
// the logs came apart. 0 = not known; then the number has to do.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "proto/ids.hpp"

namespace quorate::core {

/// How an entry's place relates to a vector.
enum class placement { next, held, gap };

/// The end of what is held of a log.
struct log_end {
  sequence_number sequence = 0;
  std::uint64_t hash = 0;
};

/// A position, as it is announced: with the hash of its entry.
struct hashed_position {
  log_position position;
  std::uint64_t hash = 0;
};

class log_vector {
 public:
  log_vector() = default;
  explicit log_vector(const std::vector<log_position>& positions);
  static log_vector of(const std::vector<hashed_position>& positions);

  sequence_number at(const log_id& log) const { return end_of(log).sequence; }
  log_end end_of(const log_id& log) const;
  placement place(const log_id& log, sequence_number sequence) const;

  /// One step; `sequence` must be the next of its log.
  void advance(const log_id& log, sequence_number sequence, std::uint64_t hash = 0);
  /// Takes over a position unless a higher one is known. Returns whether anything changed.
  bool raise(const log_position& position, std::uint64_t hash = 0);

  /// Whether every position of `other` is held here too, with the same entries as far as the hashes tell.
  bool covers(const log_vector& other) const;
  /// Positions here that `other` has not reached.
  std::vector<hashed_position> beyond(const log_vector& other) const;
  /// The logs that end in the same entry here and there, and not with the same bytes.
  std::vector<log_position> forks_with(const log_vector& other) const;

  const std::map<log_id, log_end>& positions() const { return positions_; }
  std::vector<hashed_position> list() const;
  /// Whether both hold the same numbers.
  bool operator==(const log_vector& other) const;

 private:
  std::map<log_id, log_end> positions_;
};

}  // namespace quorate::core
