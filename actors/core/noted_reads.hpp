// What a plan looks at: passes reads on and notes their keys, so that an answer that rests on them can be held back
// until as many members have them as the answer needs.
//
// Made by the writer for one plan, on its thread. Of what scans show only the rows of uses are noted, which nobody
// reads one by one; nor are keys that only their alias was asked of: whoever plans a change reads the record itself.
#pragma once

#include <algorithm>
#include <vector>

#include "proto/record.hpp"

namespace quorate::core {

class noted_reads final : public record_reader {
 public:
  explicit noted_reads(const record_reader& from) : from_(from) {}

  /// Each once, in key order. Told apart only here: most plans change something, and nobody asks.
  std::vector<record_key> keys() const {
    auto keys = keys_;
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
  }

  result<std::optional<stored_record>> get(const record_key& key) const override {
    keys_.push_back(key);
    return from_.get(key);
  }
  result<std::vector<record_key>> find(key_kind kind, std::string_view alias) const override {
    return from_.find(kind, alias);
  }
  result<std::vector<std::string>> aliases_with_prefix(key_kind kind, std::string_view prefix,
                                                       std::size_t count_max) const override {
    return from_.aliases_with_prefix(kind, prefix, count_max);
  }
  result<record_page> scan(key_kind kind, std::string_view prefix, std::string_view after, std::size_t count_max,
                           std::size_t bytes_max) const override {
    auto page = from_.scan(kind, prefix, after, count_max, bytes_max);
    if (page && kind == key_kind::usage)
      for (const auto& [key, record] : page->records) keys_.push_back(key);
    return page;
  }

 private:
  const record_reader& from_;
  mutable std::vector<record_key> keys_;
};

}  // namespace quorate::core
