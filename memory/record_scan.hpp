// All live values of one kind, one after the other.
//
// Reads page by page, so it holds little at a time and sees a consistent state per page only: a value that is written
// meanwhile may or may not be seen. Stops at the first error, the reader's or the visitor's. Not for gRPC's threads.
#pragma once

#include <functional>
#include <string_view>

#include "proto/limits.hpp"
#include "proto/record.hpp"

namespace quorate::memory {

inline status for_each_record(const record_reader& now, key_kind kind, std::string_view prefix,
                              const std::function<status(const record_key&, const stored_record&)>& visit) {
  for (std::string after;;) {
    auto page = now.scan(kind, prefix, after, limits::page_items_max, limits::page_bytes_max);
    if (!page) return page.error();
    for (const auto& [key, stored] : page->records)
      if (status end = visit(key, stored); !end) return end;
    if (!page->next) return {};
    after = std::move(*page->next);
  }
}

}  // namespace quorate::memory
