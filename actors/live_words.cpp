#include "actors/live_words.hpp"

#include "memory/word_search.hpp"

namespace quorate {

live_words::live_words(const board& facts, std::function<void()> ring)
    : facts_(facts),
      ring_(std::move(ring)),
      content_(std::make_unique<memory::word_index>()),
      waiting_({errc::unavailable, "the index of words is being built, or is behind; try again later"}) {}

live_words::~live_words() = default;

void live_words::when_current(std::int64_t deadline_us, std::function<void(status)> then) const {
  want();
  const auto asked = facts_.change();
  waiting_.park(asked, deadline_us, std::move(then), [&] {
    const std::lock_guard lock(mutex_);
    return covered_ && covered_change_ >= asked;
  });
}

result<std::vector<memory::word_match>> live_words::match(const memory::word_query& query) const {
  std::unique_lock turn(turn_);
  std::shared_lock content(content_lock_);
  turn.unlock();
  {
    // With the contents held: who takes them away says so before.
    const std::lock_guard lock(mutex_);
    if (!covered_) return status(errc::unavailable, "the index of words is being built; try again later");
  }
  return memory::find(*content_, query);
}

void live_words::want() const {
  if (!wanted_.load() && !wanted_.exchange(true)) ring_();
}

void live_words::close() { waiting_.close(); }

void live_words::clear() {
  {
    std::lock_guard lock(mutex_);
    covered_.reset();
  }
  std::unique_lock turn(turn_);
  std::unique_lock content(content_lock_);
  content_->clear();
}

void live_words::apply(memory::index_changes&& changes) {
  std::unique_lock turn(turn_);
  std::unique_lock content(content_lock_);
  content_->apply(std::move(changes));
}

void live_words::cover(const core::log_vector& held, std::uint64_t change) {
  {
    const std::lock_guard lock(mutex_);
    covered_ = held;
    covered_change_ = change;
  }
  waiting_.reached(0, change);
}

std::optional<std::uint64_t> live_words::entries_behind() const {
  const auto held = facts_.vector();
  std::lock_guard lock(mutex_);
  if (!covered_) return std::nullopt;
  std::uint64_t behind = 0;
  for (const auto& [position, hash] : held.beyond(*covered_)) behind += position.sequence - covered_->at(position.log);
  return behind;
}

std::vector<memory::indexed_record> live_words::contents() const {
  std::unique_lock turn(turn_);
  std::shared_lock content(content_lock_);
  turn.unlock();
  return content_->contents();
}

}  // namespace quorate
