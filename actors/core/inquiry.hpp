// What the members hold of one key: the question before a LINEARIZABLE write, and the QUORUM read with its validated
// write-back.
//
// Owned by the inquirer, one per key asked about. A pure machine: findings go in, `done` and the members to write back
// to come out. Members are numbers (0 = this node); only findings of members that count are to be handed in. The
// argument is in docs/consistency.md.
#pragma once

#include <bit>
#include <cstdint>
#include <map>
#include <optional>

#include "proto/record.hpp"

namespace quorate::core {

/// What one member has of the key. `record` may be left out where the asker has that version itself.
struct holding {
  version stamp;  ///< zero = the key was never written there
  std::optional<stored_record> record;
};

class inquiry {
 public:
  /// `version`: done once `needed` members have said what they hold. `value`: done once `needed` members held exactly
  /// the same version when asked: the newest one known, or an older one that turns out to be on so many (then what is
  /// newer was not finished when they were asked). `needed` is a majority: it meets every quorum, asking or writing.
  /// `copies`: as `value`, but never an older one, and `needed` is a number of copies.
  enum class purpose : std::uint8_t { version, value, copies };
  inquiry(purpose why, unsigned needed) : why_(why), needed_(needed) {}

  /// The answer to a question. A member's second answer changes nothing.
  void found(unsigned member, holding what);
  /// The answer to a write-back of `best()`: the member holds it now, or something newer, which takes its place.
  void confirmed(unsigned member, holding what);

  bool done() const { return done_; }
  /// How many are known to hold exactly the best.
  unsigned copies() const { return static_cast<unsigned>(std::popcount(holders_)); }
  const holding& best() const { return best_; }
  /// Counts the newest versions settled upon: write-backs of an earlier round must not be confirmed in a later one.
  unsigned round() const { return round_; }
  /// Whether `best()` still has to be confirmed by members that are not known to hold it.
  bool confirming() const { return round_ > 0 && !done_; }
  bool holds_best(unsigned member) const { return (holders_ >> member & 1) != 0; }
  bool answered(unsigned member) const { return answers_.contains(member); }

 private:
  void settle();
  void count(unsigned member);
  /// Whether so many have answered that they hold exactly this.
  bool agreed_upon(const version& stamp) const;

  const purpose why_;
  const unsigned needed_;
  std::map<unsigned, holding> answers_;
  holding best_;
  std::uint32_t holders_ = 0;
  unsigned round_ = 0;
  bool done_ = false;
};

}  // namespace quorate::core
