// What recalls are measured with: records and questions from files, or made up.
//
// Pure but for the reading of files; any thread.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "proto/status.hpp"
#include "quorate/v1/memory.pb.h"

namespace quorate::bench {

struct recall_question {
  std::string name_space;
  std::string text;
  std::vector<std::string> evidence;  ///< first words of titles
};

result<std::vector<v1::StoreRequest>> read_records(const std::string& file);
result<std::vector<recall_question>> read_questions(const std::string& file);

/// Text as English is distributed: a few words very often, most of many rarely. The same for the same seed.
class made_up_text {
 public:
  explicit made_up_text(unsigned seed);
  std::string sentence(std::size_t words);
  /// The same without the most frequent words: in a real question those are stop words.
  std::string question(std::size_t words);
  std::size_t below(std::size_t end) { return random_() % end; }

 private:
  std::string text_of(std::size_t words, double from);

  std::mt19937_64 random_;
  std::vector<std::string> words_;
  std::vector<double> sums_;  ///< of the words' shares
};

}  // namespace quorate::bench
