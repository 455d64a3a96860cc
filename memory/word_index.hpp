// The index itself: for every word the records that hold it, and of every record what decides and orders a search.
//
// In memory, owned by the indexer's `live_words`, which locks it: changes by one thread at a time, reads by any number
// between changes. A record that is put again gets a new number and its old one is dead; postings of dead numbers are
// skipped, and dropped once there are more dead than live ones (`compact`, in all a constant cost a change).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "memory/indexed_record.hpp"

namespace quorate::memory {

/// Texts as small numbers, for as long as the index is not compacted.
class text_numbers {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  std::uint32_t number_of(std::string_view text);   ///< a new one when it has none
  std::uint32_t find(std::string_view text) const;  ///< or `none`
  const std::string& text_of(std::uint32_t number) const { return *texts_[number]; }
  std::size_t size() const { return texts_.size(); }

 private:
  struct hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, std::uint32_t, hash, std::equal_to<>> numbers_;
  std::vector<const std::string*> texts_;  ///< keys of the map, which do not move
};

/// What became of records.
struct index_changes {
  std::vector<indexed_record> put;
  std::vector<std::string> removed;                           ///< keys
  std::vector<std::pair<std::string, record_standing>> used;  ///< by key
};

class word_index {
 public:
  using document_number = std::uint32_t;
  using word_number = std::uint32_t;

  struct posting {
    document_number document = 0;
    word_counts counts;
  };

  /// Where a record stands among those of its namespace.
  struct position {
    std::int64_t created_ms = 0;
    std::string order;
    auto operator<=>(const position&) const = default;
  };
  using timeline = std::multimap<position, document_number>;

  struct document {
    bool live = true;
    std::string key;
    timeline::iterator where;  ///< of a live one
    std::uint32_t name_space = 0;
    std::uint32_t scope = 0;
    std::uint32_t agent = 0;
    std::vector<std::uint32_t> tags;
    record_standing standing;
    std::uint32_t title_words = 0;
    std::uint32_t content_words = 0;
    std::uint32_t tag_words = 0;
  };

  /// Sums over the live documents.
  struct totals {
    std::uint64_t documents = 0;
    std::uint64_t title_words = 0;
    std::uint64_t content_words = 0;
    std::uint64_t tag_words = 0;
    bool operator==(const totals&) const = default;
  };

  /// In the place of what was there under the same key.
  void put(indexed_record&& record);
  void remove(std::string_view key);
  /// Nothing when there is no such record.
  void set_standing(std::string_view key, const record_standing& standing);
  void apply(index_changes&& changes);
  void clear() { *this = word_index(); }

  const totals& sums() const { return sums_; }
  /// Above every document's number.
  document_number end() const { return static_cast<document_number>(documents_.size()); }
  const document& at(document_number number) const { return documents_[number]; }
  /// How many live documents hold the word.
  std::size_t documents_with(word_number word) const;
  /// Of the live document with this key; or text_numbers::none.
  document_number find(std::string_view key) const;

  /// In rising order of documents, dead ones among them.
  const std::vector<posting>& postings(word_number word) const { return postings_[word]; }
  word_number find_word(std::string_view word) const { return words_.find(word); }
  const std::string& word(word_number number) const { return words_.text_of(number); }
  /// The words with this stem.
  std::vector<word_number> forms_of(std::string_view stem) const;

  /// The live records of a namespace, by the time they were created, then by title.
  const timeline& timeline_of(std::uint32_t name_space) const { return timelines_[name_space]; }

  const text_numbers& name_spaces() const { return name_spaces_; }
  const text_numbers& labels() const { return labels_; }

  /// All that it holds, in a form that does not depend on its history: for comparisons.
  std::vector<indexed_record> contents() const;

 private:
  void kill(document_number number);
  void compact();

  std::vector<document> documents_;
  std::unordered_map<std::string, document_number> numbers_;  ///< of live documents by key
  totals sums_;
  text_numbers words_;
  std::vector<std::vector<posting>> postings_;  ///< by word
  text_numbers stems_;
  std::vector<std::vector<word_number>> forms_;  ///< by stem
  text_numbers name_spaces_;
  std::vector<timeline> timelines_;  ///< by namespace
  text_numbers labels_;              ///< tags, scopes, agents
};

}  // namespace quorate::memory
