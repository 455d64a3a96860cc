// Which records hold which words: the index of one node's copy, as its readers see it.
//
// Kept by the indexer off the write path; can always be built anew from the records. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "memory/record_filter.hpp"
#include "proto/record.hpp"
#include "proto/status.hpp"

namespace quorate::memory {

/// By what the best are found (docs/recall.md).
enum class ranking : std::uint8_t {
  search,   ///< all words must be there; words, priority, use, confidence, age
  classic,  ///< any word; the same and the tier
  bm25f,    ///< any word in any form; words by field, names, dates, neighbours
};

struct word_query {
  std::string text;
  std::string colour;  ///< words that rank what `text` finds, and find nothing
  ranking by = ranking::classic;
  record_filter filter;
  std::size_t limit = 10;
  /// The answer is not to be older than this either.
  std::optional<log_position> after;
};

/// A record that may match. It is as it was when it was indexed: the caller reads it and looks again.
struct word_match {
  record_key key;
  double rank = 0;      ///< higher is better; of words alone
  double discount = 1;  ///< by which a score is multiplied: below 1 for namespaces above the one asked for
  double score = 0;     ///< they are sorted by this
};

class text_index {
 public:
  virtual ~text_index() = default;

  /// Best first, of all that the node's copy held when the call came. Errors: unavailable when the index does not get
  /// there before `deadline_us` (steady); what a read of the copy fails with.
  virtual result<std::vector<word_match>> match(const word_query& query, std::int64_t deadline_us) const = 0;
};

}  // namespace quorate::memory
