// The best records of an index for a query: who qualifies, and by which rank.
//
// Pure functions over an index that does not change meanwhile; any thread.
#pragma once

#include <vector>

#include "memory/text_index.hpp"
#include "memory/word_index.hpp"

namespace quorate::memory {

/// The filter of one query, asked of documents. Uses the index for as long as it lives.
class document_filter {
 public:
  document_filter(const word_index& index, const record_filter& filter);
  /// The discount of the document's namespace; 0 when it does not pass.
  double admit(const word_index::document& document) const;

 private:
  const word_index& index_;
  const record_filter& filter_;
  std::vector<double> discounts_;  ///< by namespace
  std::uint32_t tag_ = 0;
  std::uint32_t agent_ = 0;
  bool never_ = false;  ///< asks for a tag or an agent that no record has
};

/// At most query.limit, best first; of equal ones the newer, then by key.
std::vector<word_match> find(const word_index& index, const word_query& query);

}  // namespace quorate::memory
