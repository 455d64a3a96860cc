// Lists records: which, in which order, a page at a time.
//
// Reads through the reader given; any thread. Records are answered as they are with their use.
//
// By name, pages follow the keys: a page costs what it answers, and what is skipped by the filter. The other orders
// look at all records of the namespace for each page and keep the best in between; a page goes on behind the last
// record of the one before, so a record whose place changes meanwhile may be seen twice or not at all.
#pragma once

#include <cstdint>
#include <functional>

#include "memory/list_filter.hpp"
#include "proto/record.hpp"
#include "quorate/v1/memory.pb.h"

namespace quorate::memory {

/// So many records may be skipped by `offset`.
inline constexpr std::uint32_t list_offset_max = 100'000;

/// A checked ListRequest.
struct listing {
  list_filter filter;
  std::string prefix;  ///< of the keys
  v1::ListOrder order = v1::LIST_ORDER_NAME;
  std::size_t limit = 0;
  std::size_t offset = 0;
  std::string cursor;
  std::optional<std::int64_t> updated_after_ms;
  bool with_expired = false;

  /// Answered with one page of keys, without looking at more than it answers.
  bool plain() const;
};

/// An error is an invalid_argument that names the field.
result<listing> prepare(const v1::ListRequest& request);

/// `out_of_time` is asked now and then. Then a listing by name ends its page early, with a cursor; another one fails
/// with errc::deadline_exceeded.
result<v1::ListReply> list(const record_reader& now, const listing& wanted, std::int64_t now_ms,
                           const std::function<bool()>& out_of_time);

}  // namespace quorate::memory
