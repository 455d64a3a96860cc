// What the ways to search an index share. For the files of memory/word_search.hpp only.
//
// A `scratch` belongs to one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "memory/word_search.hpp"

namespace quorate::memory {

/// What a word of `word_query::colour` counts, beside one of its text.
inline constexpr double colour_share = 0.3;

struct candidate {
  double score = 0;
  double rank = 0;
  double discount = 1;
  word_index::document_number document = 0;
};

/// What is known of each document of the index while its words are gone through. Kept from query to query by each
/// thread, so that a query pays for the documents it meets only.
struct scratch {
  std::vector<float> rank;
  std::vector<std::uint16_t> words;  ///< that it holds
  std::vector<word_index::document_number> met;

  void begin(std::size_t documents) {
    end();  // of a query that threw
    if (rank.size() < documents) {
      rank.resize(documents, 0);
      words.resize(documents, 0);
    }
  }
  void end() {
    for (const auto number : met) {
      rank[number] = 0;
      words[number] = 0;
    }
    met.clear();
  }
};

/// The `limit` best of `all`, in order; of equal ones the newer, then by key.
std::vector<word_match> best_of(const word_index& index, std::vector<candidate> all, std::size_t limit);

std::vector<word_match> find_bm25f(const word_index& index, const word_query& query);

}  // namespace quorate::memory
