// The index of words as the node's readers and its indexer share it: locked, and never answering older than asked.
//
// Part of the node's context, outlives all actor incarnations. `match` on any thread but the actors', it takes as long
// as it takes; `when_current` on any; the rest: as said beside it. Searches run side by side; a change waits for those
// under way, and those that come wait behind it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <vector>

#include "actors/board.hpp"
#include "actors/core/log_vector.hpp"
#include "actors/parked_calls.hpp"
#include "memory/text_index.hpp"

// Named only: the node's context is in all actors.
namespace quorate::memory {
class word_index;
struct index_changes;
struct indexed_record;
}  // namespace quorate::memory

namespace quorate {

class live_words final : public memory::text_index {
 public:
  /// `ring` wakes the indexer.
  live_words(const board& facts, std::function<void()> ring);
  ~live_words() override;

  void when_current(std::int64_t deadline_us, std::function<void(status)> then) const override;
  result<std::vector<memory::word_match>> match(const memory::word_query& query) const override;

  /// Has the index built, and kept from then on. Any thread.
  void want() const;
  bool wanted() const { return wanted_; }
  /// The writer's, after each group: the vector has moved. Costs a look at a flag unless the indexer waits for it.
  void on_news() const {
    if (awaiting_news_.load() && awaiting_news_.exchange(false)) ring_();
  }
  /// Whose deadline has come is answered "unavailable".
  void expire(std::int64_t now_us) { waiting_.expire(now_us); }
  /// The end of the node: whoever waits, or comes, is answered "unavailable".
  void close();

  // The indexer's.
  void clear();
  void apply(memory::index_changes&& changes);
  /// It has everything up to here, which is at least what the board showed at that change of its vector.
  void cover(const core::log_vector& held, std::uint64_t change);
  /// It will look for news once `on_news` says so.
  void await_news() { awaiting_news_ = true; }

  /// For status and tests: how many entries the index is behind; nothing while it is not built.
  std::optional<std::uint64_t> entries_behind() const;
  /// For tests.
  std::vector<memory::indexed_record> contents() const;

 private:
  const board& facts_;
  const std::function<void()> ring_;
  mutable std::atomic<bool> wanted_{false};
  mutable std::atomic<bool> awaiting_news_{false};

  mutable std::mutex turn_;  ///< held while waiting for `content_lock_`, so that searches cannot keep a change out
  mutable std::shared_mutex content_lock_;
  std::unique_ptr<memory::word_index> content_;

  mutable parked_calls<std::uint64_t> waiting_;  ///< for a change of the board's vector to be covered

  mutable std::mutex mutex_;                 ///< of what follows
  std::optional<core::log_vector> covered_;  ///< none while it is being built
  std::uint64_t covered_change_ = 0;
};

}  // namespace quorate
