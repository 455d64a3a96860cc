// Collects a page of live records from a walk over all records in key order; shared by both stores.
//
// Lives as long as one call of `scan`. Bounds the walk: too many tombstones in a row end the page early.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "proto/record.hpp"

namespace quorate::storage {

class page_builder {
 public:
  /// So many tombstones may be passed over in one call before the page ends, with `next` set.
  static constexpr std::size_t tombstones_max = 10'000;

  page_builder(std::size_t count_max, std::size_t bytes_max)
      : count_max_(std::max<std::size_t>(count_max, 1)), bytes_max_(bytes_max) {}

  /// The next record of the walk; false ends the walk.
  bool add(record_key&& key, stored_record&& record) {
    if (record.deleted) {
      last_ = std::move(key.bytes);
      if (++tombstones_ < tombstones_max) return true;
      page_.next = last_;
      return false;
    }
    if (full()) {
      page_.next = last_;
      return false;
    }
    bytes_ += record.value.size();
    last_ = key.bytes;
    page_.records.emplace_back(std::move(key), std::move(record));
    return true;
  }

  record_page take() { return std::move(page_); }

 private:
  bool full() const { return page_.records.size() >= count_max_ || (!page_.records.empty() && bytes_ >= bytes_max_); }

  std::size_t count_max_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::size_t tombstones_ = 0;
  std::string last_;
  record_page page_;
};

}  // namespace quorate::storage
