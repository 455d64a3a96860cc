#include "memory/word_search.hpp"

#include <algorithm>
#include <cmath>

#include "memory/search_parts.hpp"
#include "memory/visibility.hpp"
#include "memory/words.hpp"
#include "quorate/v1/record.pb.h"

namespace quorate::memory {

namespace {

// Those of the full-text search the classic formula was made for.
constexpr double saturation = 1.2;
constexpr double length_share = 0.75;
constexpr double inverse_frequency_min = 1e-6;

double inverse_frequency(double documents, double holding) {
  return std::max(std::log((documents - holding + 0.5) / (holding + 0.5)), inverse_frequency_min);
}

std::vector<word_match> find_classic(const word_index& index, const word_query& query) {
  const bool all_words = query.by == ranking::search;
  auto asked = query_words(query.text);
  if (!all_words) asked = without_stop_words(std::move(asked));
  std::vector<word_index::word_number> words;
  for (const auto& text : asked) {
    const auto word = index.find_word(text);
    if (word != text_numbers::none)
      words.push_back(word);
    else if (all_words)
      return {};
  }
  if (words.empty()) return {};
  std::sort(words.begin(), words.end(), [&](auto a, auto b) {
    return std::pair(index.postings(a).size(), a) < std::pair(index.postings(b).size(), b);
  });

  thread_local scratch seen;
  seen.begin(index.end());
  const auto documents = static_cast<double>(index.sums().documents);
  const auto& sums = index.sums();
  const double average = std::max(
      1.0, static_cast<double>(sums.title_words + sums.content_words + sums.tag_words) / std::max(documents, 1.0));
  const auto add = [&](const word_index::posting& one, const word_index::document& document, double weight) {
    const double count = one.counts.title + one.counts.content + one.counts.tags;
    const double length = document.title_words + document.content_words + document.tag_words;
    seen.rank[one.document] +=
        static_cast<float>(weight * count * (saturation + 1)
                           / (count + saturation * (1 - length_share + length_share * length / average)));
  };
  const auto weight_of = [&](word_index::word_number word) {
    return inverse_frequency(documents, static_cast<double>(index.documents_with(word)));
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& list = index.postings(words[i]);
    const auto weight = weight_of(words[i]);
    for (const auto& one : list) {
      // Of those that lack a word before this one nothing more is asked.
      if (all_words && i > 0 && seen.words[one.document] != i) continue;
      const auto& document = index.at(one.document);
      if (!document.live) continue;
      if (seen.words[one.document]++ == 0) seen.met.push_back(one.document);
      add(one, document, weight);
    }
  }
  for (const auto& text : without_stop_words(query_words(query.colour))) {
    const auto word = index.find_word(text);
    if (word == text_numbers::none) continue;
    const auto& list = index.postings(word);
    const auto weight = colour_share * weight_of(word);
    for (const auto& one : list)
      if (seen.words[one.document] != 0) add(one, index.at(one.document), weight);
  }
  const document_filter filter(index, query.filter);
  std::vector<candidate> found;
  for (const auto number : seen.met) {
    if (all_words && seen.words[number] != words.size()) continue;
    const auto& document = index.at(number);
    const auto discount = filter.admit(document);
    if (discount == 0) continue;
    const double rank = seen.rank[number];
    found.push_back(
        {classic_score(rank, document.standing, query.filter.now_ms, !all_words) * discount, rank, discount, number});
  }
  seen.end();
  return best_of(index, std::move(found), query.limit);
}

}  // namespace

/// The `limit` best of `all`, in order.
std::vector<word_match> best_of(const word_index& index, std::vector<candidate> all, std::size_t limit) {
  const auto better = [&](const candidate& a, const candidate& b) {
    if (a.score != b.score) return a.score > b.score;
    const auto& x = index.at(a.document);
    const auto& y = index.at(b.document);
    if (x.standing.updated_ms != y.standing.updated_ms) return x.standing.updated_ms > y.standing.updated_ms;
    return x.key < y.key;
  };
  const auto kept = std::min(limit, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end(), better);
  std::vector<word_match> best;
  for (std::size_t i = 0; i < kept; ++i)
    best.push_back({{key_kind::memory, index.at(all[i].document).key}, all[i].rank, all[i].discount, all[i].score});
  return best;
}

document_filter::document_filter(const word_index& index, const record_filter& filter)
    : index_(index), filter_(filter) {
  const auto& names = index.name_spaces();
  discounts_.reserve(names.size());
  for (std::uint32_t i = 0; i < names.size(); ++i) discounts_.push_back(namespace_discount(filter, names.text_of(i)));
  if (filter.tag) tag_ = index.labels().find(*filter.tag);
  if (filter.agent_id) agent_ = index.labels().find(*filter.agent_id);
  never_ = tag_ == text_numbers::none || agent_ == text_numbers::none;
}

double document_filter::admit(const word_index::document& document) const {
  const auto discount = discounts_[document.name_space];
  if (discount == 0 || never_) return 0;
  const auto& standing = document.standing;
  if (standing.expires_ms != 0 && standing.expires_ms <= filter_.now_ms) return 0;
  if (filter_.tier != v1::TIER_UNSPECIFIED && standing.tier != filter_.tier) return 0;
  if (filter_.min_priority && standing.priority < *filter_.min_priority) return 0;
  if (filter_.since_ms && document.where->first.created_ms < *filter_.since_ms) return 0;
  if (filter_.until_ms && document.where->first.created_ms > *filter_.until_ms) return 0;
  if (filter_.tag && std::find(document.tags.begin(), document.tags.end(), tag_) == document.tags.end()) return 0;
  if (filter_.agent_id && document.agent != agent_) return 0;
  if (!filter_.as_agent.empty()
      && !visible(filter_.as_agent, index_.labels().text_of(document.scope),
                  index_.name_spaces().text_of(document.name_space)))
    return 0;
  return discount;
}

std::vector<word_match> find(const word_index& index, const word_query& query) {
  return query.by == ranking::bm25f ? find_bm25f(index, query) : find_classic(index, query);
}

}  // namespace quorate::memory
