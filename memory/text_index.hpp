// Which records hold which words: the index of one node's copy, as its readers see it.
//
// Kept by the indexer off the write path; can always be built anew from the records. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/record.hpp"
#include "proto/status.hpp"

namespace quorate::memory {

struct word_query {
  std::string text;
  bool all_words = false;                 ///< else any of them
  std::optional<std::string> name_space;  ///< exactly this one
  std::size_t limit = 10;
};

/// A record that may match. It is as it was when it was indexed: the caller reads it and looks again.
struct word_match {
  record_key key;
  double rank = 0;  ///< higher is better; of words alone
};

class text_index {
 public:
  virtual ~text_index() = default;

  /// Best first. Errors: unavailable when the index is being built and `deadline_us` (steady) comes first.
  virtual result<std::vector<word_match>> match(const word_query& query, std::int64_t deadline_us) const = 0;
};

}  // namespace quorate::memory
