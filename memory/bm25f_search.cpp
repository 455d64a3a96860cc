// RANKER_BM25F: words in any form, weighted by field, and what stands beside a record speaks for it too
// (docs/recall.md).
#include <algorithm>
#include <array>
#include <cmath>

#include "memory/search_parts.hpp"
#include "memory/stem.hpp"
#include "memory/words.hpp"

namespace quorate::memory {

namespace {

using document_number = word_index::document_number;

constexpr double saturation = 1.2;
constexpr double length_share = 0.5;  ///< of the content; other fields are short
constexpr double title_weight = 1;
constexpr double tag_weight = 0.5;

// Who says something rarely says it in one sentence: a record gets a share of what the records around it are worth,
// more from those before it, as an answer stands behind its question. Only of the best, the rest would change nothing.
constexpr std::array<double, 4> share_of_before{0.5, 0.3, 0.2, 0.1};
constexpr std::array<double, 4> share_of_behind{0.3, 0.2, 0.1, 0.05};
constexpr std::int64_t beside_ms = std::int64_t{30} * 60 * 1'000;
constexpr std::size_t sharing_max = 512;

struct asked_stem {
  std::string stem;
  double weight = 1;
  bool finds = true;  ///< else it only adds to what others find
};

void add_stems(const std::string& text, double weight, bool finds, std::vector<asked_stem>* stems) {
  for (const auto& word : without_stop_words(query_words(text))) {
    auto stem = stem_of(word);
    if (std::none_of(stems->begin(), stems->end(), [&](const asked_stem& one) { return one.stem == stem; }))
      stems->push_back({std::move(stem), weight, finds});
  }
}

/// Adds what one stem is worth to the rank of each document that holds a word of it.
class stem_ranker {
 public:
  stem_ranker(const word_index& index, scratch* seen) : index_(index), seen_(*seen) {
    documents_ = static_cast<double>(std::max<std::uint64_t>(index.sums().documents, 1));
    average_ = std::max(1.0, static_cast<double>(index.sums().content_words) / documents_);
  }

  void add(const asked_stem& asked) {
    held_.clear();
    const auto forms = index_.forms_of(asked.stem);
    for (const auto form : forms) {
      for (const auto& one : index_.postings(form)) {
        const auto& document = index_.at(one.document);
        if (!document.live || (!asked.finds && seen_.words[one.document] == 0)) continue;
        const double shortness = 1 - length_share + length_share * document.content_words / average_;
        held_.emplace_back(one.document, one.counts.content / shortness + title_weight * one.counts.title
                                             + tag_weight * one.counts.tags);
      }
    }
    // Several forms of one stem in a document are one word.
    if (forms.size() > 1) std::sort(held_.begin(), held_.end());
    std::size_t distinct = 0;
    for (std::size_t i = 0; i < held_.size(); ++i) {
      if (distinct > 0 && held_[distinct - 1].first == held_[i].first)
        held_[distinct - 1].second += held_[i].second;
      else
        held_[distinct++] = held_[i];
    }
    held_.resize(distinct);
    const auto holding = static_cast<double>(distinct);
    const double rarity = asked.weight * std::log(1 + (documents_ - holding + 0.5) / (holding + 0.5));
    for (const auto& [number, count] : held_) {
      if (seen_.words[number]++ == 0) seen_.met.push_back(number);
      seen_.rank[number] += static_cast<float>(rarity * count * (saturation + 1) / (count + saturation));
    }
  }

 private:
  const word_index& index_;
  scratch& seen_;
  double documents_ = 1;
  double average_ = 1;
  std::vector<std::pair<document_number, double>> held_;
};

/// Calls `take(document, distance)` for those beside a document, in one direction.
template <class Step, class Take>
void go_beside(const word_index& index, document_number from, std::size_t most, Step step, Take take) {
  const auto& line = index.timeline_of(index.at(from).name_space);
  word_index::timeline::const_iterator at = index.at(from).where;
  for (std::size_t distance = 0; distance < most; ++distance) {
    const auto created_ms = at->first.created_ms;
    if (!step(line, &at) || std::abs(at->first.created_ms - created_ms) > beside_ms) return;
    take(at->second, distance);
  }
}

}  // namespace

std::vector<word_match> find_bm25f(const word_index& index, const word_query& query) {
  std::vector<asked_stem> stems;
  add_stems(query.text, 1, true, &stems);
  add_stems(query.colour, colour_share, false, &stems);

  thread_local scratch seen;
  seen.begin(index.end());
  stem_ranker ranker(index, &seen);
  for (const auto& asked : stems) ranker.add(asked);

  const document_filter filter(index, query.filter);
  std::vector<candidate> found;
  for (const auto number : seen.met)
    if (const auto discount = filter.admit(index.at(number)); discount > 0)
      found.push_back({0, seen.rank[number], discount, number});
  const auto own = found.size();

  // Who does not pass the filter neither gives nor gets a share.
  const auto sharing = std::min(own, sharing_max);
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(sharing), found.end(),
                    [](const candidate& a, const candidate& b) {
                      return a.rank != b.rank ? a.rank > b.rank : a.document < b.document;
                    });
  const auto share = [&](std::size_t from, double part) {
    return [&, from, part](document_number to) {
      const auto discount = filter.admit(index.at(to));
      if (discount == 0) return;
      if (seen.words[to]++ == 0) {
        seen.met.push_back(to);
        found.push_back({0, 0, discount, to});
      }
      // Not yet with what it was given itself: shares are not passed on.
      seen.rank[to] += static_cast<float>(found[from].rank * part);
    };
  };
  for (std::size_t i = 0; i < sharing; ++i) {
    const auto from = found[i].document;
    go_beside(
        index, from, share_of_before.size(), [](const auto& line, auto* at) { return ++*at != line.end(); },
        [&](document_number to, std::size_t distance) { share(i, share_of_before[distance])(to); });
    go_beside(
        index, from, share_of_behind.size(),
        [](const auto& line, auto* at) {
          if (*at == line.begin()) return false;
          --*at;
          return true;
        },
        [&](document_number to, std::size_t distance) { share(i, share_of_behind[distance])(to); });
  }
  for (auto& one : found) {
    one.rank = seen.rank[one.document];
    one.score = one.rank * one.discount;
  }
  seen.end();
  return best_of(index, std::move(found), query.limit);
}

}  // namespace quorate::memory
