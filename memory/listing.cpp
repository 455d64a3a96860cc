#include "memory/listing.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
#include <vector>

#include "memory/key.hpp"
#include "memory/operations.hpp"
#include "memory/scan.hpp"
#include "memory/timestamp.hpp"
#include "memory/validation.hpp"
#include "proto/limits.hpp"

namespace quorate::memory {

namespace {

/// The place of a record in an order; lower comes first.
struct place {
  std::int64_t first = 0;
  std::int64_t second = 0;
  std::string key;
  auto operator<=>(const place&) const = default;
};

std::int64_t updated_ms(const v1::MemoryRecord& record) {
  return parse_timestamp(record.updated_at()).value_or(std::numeric_limits<std::int64_t>::min() + 1);
}

place place_of(v1::ListOrder order, const record_key& key, const v1::MemoryRecord& record) {
  if (order == v1::LIST_ORDER_PRIORITY) return {-record.priority(), -updated_ms(record), key.bytes};
  return {updated_ms(record), 0, key.bytes};
}

void append_number(std::string& out, std::int64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(number) >> shift));
}

std::int64_t take_number(std::string_view& bytes) {
  std::uint64_t number = 0;
  for (const char c : bytes.substr(0, 8)) number = number << 8 | static_cast<unsigned char>(c);
  bytes.remove_prefix(8);
  return static_cast<std::int64_t>(number);
}

// A cursor of the orders that have places: the order, the two numbers, the key.
constexpr std::size_t place_bytes_min = 17;

std::string cursor_of(v1::ListOrder order, const place& last) {
  std::string cursor(1, static_cast<char>(order));
  append_number(cursor, last.first);
  append_number(cursor, last.second);
  return cursor + last.key;
}

place place_in(std::string_view cursor) {
  place last;
  cursor.remove_prefix(1);
  last.first = take_number(cursor);
  last.second = take_number(cursor);
  last.key = cursor;
  return last;
}

bool wanted_by(const listing& wanted, const v1::MemoryRecord& record, std::int64_t now_ms) {
  if (!wanted.with_expired && expired(record, now_ms)) return false;
  if (wanted.updated_after_ms && updated_ms(record) <= *wanted.updated_after_ms) return false;
  return wanted.filter.keeps(record);
}

void add(v1::MemoryRecord&& record, v1::ListReply* reply) {
  clear_internal(&record);
  *reply->add_memories() = std::move(record);
}

class named_listing {
 public:
  named_listing(const record_reader& now, const listing& wanted, std::int64_t now_ms)
      : now_(now), usage_(now), wanted_(wanted), now_ms_(now_ms), skip_(wanted.offset) {}

  result<v1::ListReply> run(const std::function<bool()>& out_of_time) {
    std::optional<std::string> from = wanted_.cursor;
    while (from && !full()) {
      // Without a filter nearly all that is read is answered.
      const auto count = wanted_.plain() ? wanted_.limit : limits::page_items_max;
      auto page = now_.scan(key_kind::memory, wanted_.prefix, *from, count, limits::page_bytes_max);
      if (!page) return page.error();
      for (std::size_t i = 0; i < page->records.size() && !full(); ++i) {
        const auto& [key, stored] = page->records[i];
        if (status failed = take(key, stored); !failed) return failed;
        from = key.bytes;
        if (i + 1 == page->records.size()) from = page->next;
      }
      if (page->records.empty()) from = page->next;
      if (wanted_.plain()) break;
      if (!out_of_time()) continue;
      // A cursor cannot say how much is still to be skipped.
      if (skip_ > 0) return status(errc::deadline_exceeded, "the records to skip could not be passed in time");
      break;
    }
    if (from) reply_.set_next_cursor(*from);
    return std::move(reply_);
  }

 private:
  bool full() const {
    return static_cast<std::size_t>(reply_.memories_size()) >= wanted_.limit || bytes_ >= limits::page_bytes_max;
  }

  status take(const record_key& key, const stored_record& stored) {
    auto record = usage_.present(key, stored);
    if (!record) return is_unreadable(record.error()) ? status() : record.error();
    if (!wanted_by(wanted_, *record, now_ms_)) return {};
    if (skip_ > 0) {
      --skip_;
      return {};
    }
    bytes_ += stored.value.size();
    add(std::move(*record), &reply_);
    return {};
  }

  const record_reader& now_;
  usage_reader usage_;
  const listing& wanted_;
  std::int64_t now_ms_;
  std::size_t skip_;
  std::size_t bytes_ = 0;
  v1::ListReply reply_;
};

result<v1::ListReply> list_by_place(const record_reader& now, const listing& wanted, std::int64_t now_ms,
                                    const std::function<bool()>& out_of_time) {
  const auto after = wanted.cursor.empty() ? std::nullopt : std::optional(place_in(wanted.cursor));
  // The best so far, the last of them on top; one more than asked says whether anything follows.
  std::vector<place> best;
  const std::size_t most = wanted.offset + wanted.limit + 1;
  usage_reader usage(now);
  const auto see = [&](const record_key& key, const stored_record& stored) -> status {
    const auto record = usage.present(key, stored);
    if (!record) return record.error();
    if (!wanted_by(wanted, *record, now_ms)) return {};
    auto own = place_of(wanted.order, key, *record);
    if (after && own <= *after) return {};
    if (best.size() == most) {
      if (best.front() < own) return {};
      std::pop_heap(best.begin(), best.end());
      best.pop_back();
    }
    best.push_back(std::move(own));
    std::push_heap(best.begin(), best.end());
    return {};
  };
  const auto in_time = [&] {
    return out_of_time() ? status(errc::deadline_exceeded,
                                  "the records could not be put into order in time; "
                                  "list a namespace, or by name")
                         : status();
  };
  if (status failed = for_each(now, key_kind::memory, wanted.prefix, {}, see, in_time); !failed) return failed;
  std::sort_heap(best.begin(), best.end());

  v1::ListReply reply;
  std::size_t bytes = 0;
  for (std::size_t i = wanted.offset; i < best.size(); ++i) {
    if (i == wanted.offset + wanted.limit || bytes >= limits::page_bytes_max) {
      reply.set_next_cursor(cursor_of(wanted.order, best[i - 1]));
      break;
    }
    const record_key key{key_kind::memory, best[i].key};
    const auto stored = now.get(key);
    if (!stored) return stored.error();
    if (!*stored || (*stored)->deleted) continue;
    auto record = usage.present(key, **stored);
    if (!record && is_unreadable(record.error())) continue;
    if (!record) return record.error();
    bytes += (*stored)->value.size();
    if (wanted_by(wanted, *record, now_ms)) add(std::move(*record), &reply);
  }
  return reply;
}

}  // namespace

bool listing::plain() const {
  return order == v1::LIST_ORDER_NAME && offset == 0 && !updated_after_ms && filter.keeps_everything();
}

result<listing> prepare(const v1::ListRequest& request) {
  listing wanted;
  if (request.limit() > limits::page_items_max)
    return status::invalid("limit", "must be at most " + std::to_string(limits::page_items_max) + ", got "
                                        + std::to_string(request.limit()));
  wanted.limit = request.limit() == 0 ? limits::page_items_default : request.limit();
  auto given = request.filter();
  if (request.has_namespace_()) given.clear_namespace_();
  const auto name_space = request.has_namespace_() ? std::optional(request.namespace_())
                          : given.has_namespace_() ? std::optional(given.namespace_())
                                                   : std::nullopt;
  if (name_space) {
    if (status broken = validate_namespace(*name_space); !broken) return broken;
    wanted.prefix = prefix_of(*name_space);
  }
  // The keys see to it.
  given.clear_namespace_();
  auto filter = list_filter::from(given);
  if (!filter) return filter.error();
  wanted.filter = std::move(*filter);
  if (!v1::ListOrder_IsValid(request.order()))
    return status::invalid("order", "must be a value of quorate.v1.ListOrder (0 to " + std::to_string(v1::ListOrder_MAX)
                                        + "), got " + std::to_string(request.order()));
  wanted.order = request.order();
  wanted.cursor = request.cursor();
  if (wanted.order != v1::LIST_ORDER_NAME && !wanted.cursor.empty()
      && (wanted.cursor.size() < place_bytes_min || wanted.cursor[0] != static_cast<char>(wanted.order)))
    return status::invalid("cursor", "must be the next_cursor of an answer in the same order");
  if (request.offset() > list_offset_max)
    return status::invalid(
        "offset", "must be at most " + std::to_string(list_offset_max) + ", got " + std::to_string(request.offset()));
  if (request.offset() != 0 && !wanted.cursor.empty())
    return status::invalid("offset", "must not be given with a cursor, which goes on where the page before ended");
  wanted.offset = request.offset();
  if (request.has_updated_after()) {
    if (status broken = validate_timestamp(request.updated_after(), "updated_after"); !broken) return broken;
    wanted.updated_after_ms = parse_timestamp(request.updated_after());
  }
  wanted.with_expired = request.with_expired();
  return wanted;
}

result<v1::ListReply> list(const record_reader& now, const listing& wanted, std::int64_t now_ms,
                           const std::function<bool()>& out_of_time) {
  if (wanted.order == v1::LIST_ORDER_NAME) return named_listing(now, wanted, now_ms).run(out_of_time);
  return list_by_place(now, wanted, now_ms, out_of_time);
}

}  // namespace quorate::memory
