// What the index of words takes from a record, worked out before the index is locked.
//
// Values and pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/record.hpp"

// Named only: this header is everywhere, and those of messages are long.
namespace quorate::v1 {
enum Tier : int;
class MemoryRecord;
}  // namespace quorate::v1

namespace quorate::memory {

/// How often a word is in a record, by field; counting stops at 255.
struct word_counts {
  std::uint8_t title = 0;
  std::uint8_t content = 0;
  std::uint8_t tags = 0;
  bool operator==(const word_counts&) const = default;
};

/// What changes when a record is used: as a reader sees it.
struct record_standing {
  std::int64_t updated_ms = 0;
  std::int64_t expires_ms = 0;  ///< 0 = never
  std::int64_t access_count = 0;
  double confidence = 1;
  int priority = 5;
  v1::Tier tier{};
  bool operator==(const record_standing&) const = default;
};

struct indexed_record {
  std::string key;  ///< bytes of its record_key
  std::string name_space;
  std::string order;  ///< of its title among titles: as text, but numbers in it by their value
  std::string agent_id;
  std::string scope;
  std::vector<std::string> tags;
  std::int64_t created_ms = 0;
  record_standing standing;
  std::vector<std::pair<std::string, word_counts>> words;  ///< each once, sorted
  std::uint32_t title_words = 0;
  std::uint32_t content_words = 0;
  std::uint32_t tag_words = 0;
  bool operator==(const indexed_record&) const = default;
};

indexed_record describe(std::string key, const v1::MemoryRecord& presented);
record_standing standing_of(const v1::MemoryRecord& presented);

/// The words' rank plus what priority, use (at most 50), confidence, age and, when `with_tier`, the tier add to it.
double classic_score(double rank, const record_standing& standing, std::int64_t now_ms, bool with_tier);

}  // namespace quorate::memory
