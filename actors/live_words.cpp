#include "actors/live_words.hpp"

#include <chrono>

#include "memory/word_search.hpp"

namespace quorate {

live_words::live_words(const board& facts, const clock& time, std::function<void()> ring)
    : facts_(facts), time_(time), ring_(std::move(ring)), content_(std::make_unique<memory::word_index>()) {}

live_words::~live_words() = default;

result<std::vector<memory::word_match>> live_words::match(const memory::word_query& query,
                                                          std::int64_t deadline_us) const {
  want();
  auto asked = facts_.vector();
  if (query.after) asked.raise(*query.after);
  const auto covers = [&] { return covered_ && covered_->covers(asked); };
  const std::chrono::microseconds left(deadline_us - time_.steady_us());
  {
    std::unique_lock lock(mutex_);
    const bool there = moved_.wait_for(lock, left, [&] { return closed_ || covers(); });
    if (closed_) return status(errc::unavailable, "the node is stopping; ask another one");
    if (!there && query.after && facts_.vector().at(query.after->log) < query.after->sequence)
      return status(errc::behind, "this node does not hold yet what the session has seen; ask another one");
    if (!there)
      return status(errc::unavailable, covered_ ? "the index of words is behind; try again later"
                                                : "the index of words is being built; try again later");
  }
  std::unique_lock turn(turn_);
  std::shared_lock content(content_lock_);
  turn.unlock();
  return memory::find(*content_, query);
}

void live_words::want() const {
  if (!wanted_.load() && !wanted_.exchange(true)) ring_();
}

void live_words::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  moved_.notify_all();
}

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

void live_words::cover(const core::log_vector& held) {
  std::lock_guard lock(mutex_);
  covered_ = held;
  moved_.notify_all();
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
