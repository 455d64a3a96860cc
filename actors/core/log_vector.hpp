// A version vector: for every log the last entry held without a gap.
//
// A value; whoever holds it decides what "held" means (durable here, announced by a peer, ...).
#pragma once

#include <map>
#include <vector>

#include "proto/ids.hpp"

namespace quorate::core {

/// How an entry's place relates to a vector.
enum class placement { next, held, gap };

class log_vector {
 public:
  log_vector() = default;
  explicit log_vector(const std::vector<log_position>& positions);

  sequence_number at(const log_id& log) const;
  placement place(const log_id& log, sequence_number sequence) const;

  /// One step; `sequence` must be the next of its log.
  void advance(const log_id& log, sequence_number sequence);
  /// Takes over a position unless a higher one is known. Returns whether anything changed.
  bool raise(const log_position& position);

  /// Whether every position of `other` is held here too.
  bool covers(const log_vector& other) const;
  /// Positions here that `other` has not reached.
  std::vector<log_position> beyond(const log_vector& other) const;

  const std::map<log_id, sequence_number>& positions() const { return positions_; }
  std::vector<log_position> list() const;
  bool operator==(const log_vector&) const = default;

 private:
  std::map<log_id, sequence_number> positions_;
};

}  // namespace quorate::core
