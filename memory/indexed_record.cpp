#include "memory/indexed_record.hpp"

#include <algorithm>
#include <limits>

#include "memory/record_filter.hpp"
#include "memory/timestamp.hpp"
#include "memory/words.hpp"
#include "quorate/v1/record.pb.h"

namespace quorate::memory {

namespace {

constexpr double per_priority = 0.5;
constexpr double per_use = 0.1;
constexpr std::int64_t uses_max = 50;
constexpr double per_confidence = 2;
constexpr double age_per_day = 0.1;
constexpr double ms_per_day = 86'400'000;

enum class field { title, content, tags };

struct seen_word {
  std::string word;
  field where;
};

std::uint32_t collect(std::string_view text, field where, std::vector<seen_word>* seen) {
  const auto before = seen->size();
  for_each_word(text, [&](std::string_view word) { seen->push_back({std::string(word), where}); });
  return static_cast<std::uint32_t>(seen->size() - before);
}

/// Numbers are written with the count of their digits before them.
std::string order_of(std::string_view title) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string order;
  for (std::size_t at = 0; at < title.size();) {
    if (!is_digit(title[at])) {
      order.push_back(title[at++]);
      continue;
    }
    while (at + 1 < title.size() && title[at] == '0' && is_digit(title[at + 1])) ++at;
    auto stop = at;
    while (stop < title.size() && is_digit(title[stop])) ++stop;
    order.push_back('0');
    order.push_back(static_cast<char>(std::min<std::size_t>(stop - at, 127)));
    order.append(title.substr(at, stop - at));
    at = stop;
  }
  return order;
}

void count(std::uint8_t* counter) {
  if (*counter < std::numeric_limits<std::uint8_t>::max()) ++*counter;
}

}  // namespace

record_standing standing_of(const v1::MemoryRecord& presented) {
  record_standing standing;
  standing.updated_ms = parse_timestamp(presented.updated_at()).value_or(0);
  if (presented.has_expires_at()) standing.expires_ms = parse_timestamp(presented.expires_at()).value_or(0);
  standing.access_count = presented.access_count();
  standing.confidence = presented.confidence();
  standing.priority = presented.priority();
  standing.tier = presented.tier();
  return standing;
}

indexed_record describe(std::string key, const v1::MemoryRecord& presented) {
  indexed_record made;
  made.key = std::move(key);
  made.name_space = presented.namespace_();
  made.order = order_of(presented.title());
  auto claims = claims_of(presented);
  made.agent_id = std::move(claims.agent_id);
  made.scope = std::move(claims.scope);
  made.tags.assign(presented.tags().begin(), presented.tags().end());
  made.created_ms = parse_timestamp(presented.created_at()).value_or(0);
  made.standing = standing_of(presented);

  std::vector<seen_word> seen;
  made.title_words = collect(presented.title(), field::title, &seen);
  made.content_words = collect(presented.content(), field::content, &seen);
  for (const auto& tag : presented.tags()) made.tag_words += collect(tag, field::tags, &seen);
  std::sort(seen.begin(), seen.end(), [](const seen_word& a, const seen_word& b) { return a.word < b.word; });
  for (auto& [word, where] : seen) {
    if (made.words.empty() || made.words.back().first != word) made.words.emplace_back(std::move(word), word_counts{});
    auto& counts = made.words.back().second;
    count(where == field::title ? &counts.title : where == field::content ? &counts.content : &counts.tags);
  }
  return made;
}

double classic_score(double rank, const record_standing& standing, std::int64_t now_ms, bool with_tier) {
  const auto days = std::max(0.0, static_cast<double>(now_ms - standing.updated_ms) / ms_per_day);
  double score = rank + per_priority * standing.priority
                 + per_use * static_cast<double>(std::min(standing.access_count, uses_max))
                 + per_confidence * standing.confidence + 1 / (1 + age_per_day * days);
  if (with_tier) score += standing.tier == v1::TIER_LONG ? 3 : standing.tier == v1::TIER_MID ? 1 : 0;
  return score;
}

}  // namespace quorate::memory
