// Which records hold which words: the index of one node's copy, as its readers see it.
//
// Kept by the indexer off the write path; can always be built anew from the records. Any thread.
#pragma once

#include <cstdint>
#include <functional>
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

  /// Calls `then` once with ok when all that the node's copy holds now can be found: at once, before it returns, when
  /// it can be already. Errors: unavailable when the index does not get there before `deadline_us` (steady) or the node
  /// ends, overloaded when too many wait. Never blocks, and nor must `then`.
  virtual void when_current(std::int64_t deadline_us, std::function<void(status)> then) const = 0;
  /// Best first, of what can be found now. unavailable while that is not all that once could be: the index is being
  /// built.
  virtual result<std::vector<word_match>> match(const word_query& query) const = 0;
};

}  // namespace quorate::memory
