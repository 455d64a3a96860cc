// The index of words as the node's readers and its indexer share it: locked, and never answering older than asked.
//
// Part of the node's context, outlives all actor incarnations. `match`: any thread but the actors', it waits. The rest:
// as said beside it. Searches run side by side; a change waits for those under way, and those that come wait behind it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <vector>

#include "actors/board.hpp"
#include "actors/core/log_vector.hpp"
#include "memory/text_index.hpp"
#include "proto/clock.hpp"

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
  live_words(const board& facts, const clock& time, std::function<void()> ring);
  ~live_words() override;

  result<std::vector<memory::word_match>> match(const memory::word_query& query,
                                                std::int64_t deadline_us) const override;

  /// Has the index built, and kept from then on. Any thread.
  void want() const;
  bool wanted() const { return wanted_; }
  /// The writer's, after each group: the vector has moved. Costs a look at a flag unless the indexer waits for it.
  void on_news() const {
    if (awaiting_news_.load() && awaiting_news_.exchange(false)) ring_();
  }
  /// The end of the node: whoever waits, or comes, is answered "unavailable".
  void close();

  // The indexer's.
  void clear();
  void apply(memory::index_changes&& changes);
  /// It has everything up to here.
  void cover(const core::log_vector& held);
  /// It will look for news once `on_news` says so.
  void await_news() { awaiting_news_ = true; }

  /// For status and tests: how many entries the index is behind; nothing while it is not built.
  std::optional<std::uint64_t> entries_behind() const;
  /// For tests.
  std::vector<memory::indexed_record> contents() const;

 private:
  const board& facts_;
  const clock& time_;
  const std::function<void()> ring_;
  mutable std::atomic<bool> wanted_{false};
  mutable std::atomic<bool> awaiting_news_{false};

  mutable std::mutex turn_;  ///< held while waiting for `content_lock_`, so that searches cannot keep a change out
  mutable std::shared_mutex content_lock_;
  std::unique_ptr<memory::word_index> content_;

  mutable std::mutex mutex_;  ///< of what follows
  mutable std::condition_variable moved_;
  std::optional<core::log_vector> covered_;  ///< none while it is being built
  bool closed_ = false;
};

}  // namespace quorate
