// Walks over all live values of a kind, a page at a time; and the use of many records, without a read for each.
//
// Made for one call and one thread. Pages are read one after the other: what is written meanwhile may be seen or not.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "memory/stored_value.hpp"
#include "memory/usage.hpp"
#include "proto/limits.hpp"
#include "proto/record.hpp"

namespace quorate::memory {

/// Calls `see(key, stored)`, a status, for each live value whose key starts with `prefix` and comes after `after`; the
/// first error ends the walk, but for one that says of this value that it is none of its kind
/// (memory/stored_value.hpp): it is stepped over, and counted in `unreadable` if that is given. `next_page`, a status,
/// is asked before each page: it may end a walk that takes too long.
template <class See, class NextPage>
status for_each(const record_reader& now, key_kind kind, std::string_view prefix, std::string after, See see,
                NextPage next_page, std::uint64_t* unreadable = nullptr) {
  for (std::optional<std::string> from = std::move(after); from;) {
    if (status ended = next_page(); !ended) return ended;
    auto page = now.scan(kind, prefix, *from, limits::page_items_max, limits::page_bytes_max);
    if (!page) return page.error();
    for (const auto& [key, stored] : page->records) {
      status failed = see(key, stored);
      if (is_unreadable(failed)) {
        if (unreadable != nullptr) ++*unreadable;
      } else if (!failed) {
        return failed;
      }
    }
    from = std::move(page->next);
  }
  return {};
}

template <class See>
status for_each(const record_reader& now, key_kind kind, std::string_view prefix, See see,
                std::uint64_t* unreadable = nullptr) {
  return for_each(
      now, kind, prefix, {}, std::move(see), [] { return status(); }, unreadable);
}

/// `present` (memory/usage.hpp) for the records of a walk: looks up the uses of the first few one by one, then reads
/// all uses that there are at once.
class usage_reader {
 public:
  explicit usage_reader(const record_reader& now) : now_(now) {}

  /// The record of a stored value, as it is with its use. errc::unreadable when it is none.
  result<v1::MemoryRecord> present(const record_key& key, const stored_record& stored);

 private:
  static constexpr std::size_t single_reads_max = limits::page_items_max;  ///< a plain page never needs more
  status read_all();

  const record_reader& now_;
  std::size_t single_reads_ = 0;
  bool all_read_ = false;
  std::unordered_map<std::string, std::vector<v1::UsageRow>> rows_;  ///< by id
};

}  // namespace quorate::memory
