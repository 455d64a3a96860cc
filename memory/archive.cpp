#include "memory/archive.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "memory/counts.hpp"
#include "memory/key.hpp"
#include "memory/links.hpp"
#include "memory/scan.hpp"
#include "memory/timestamp.hpp"
#include "memory/usage.hpp"
#include "memory/validation.hpp"
#include "proto/limits.hpp"

namespace quorate::memory {

namespace {

constexpr std::size_t list_items_default = 50;

record_key archive_key(std::string_view id) { return {key_kind::archived, std::string(id)}; }

std::int64_t archived_ms(const v1::ArchivedMemory& archived) {
  return parse_timestamp(archived.archived_at()).value_or(std::numeric_limits<std::int64_t>::min());
}

status left_alone() { return {errc::not_found, "the record changed meanwhile and is left alone"}; }

}  // namespace

result<planned_write> plan_removal(const record_reader& now, const removal& what,
                                   const std::function<result<bool>(const found_record&)>& still, std::int64_t now_ms) {
  const auto stored = now.get(what.key);
  if (!stored) return stored.error();
  auto found = record_at(what.key, *stored, {});
  if (!found && (found.error().code() == errc::not_found || is_unreadable(found.error()))) return left_alone();
  if (!found) return found.error();
  const auto wanted = still(*found);
  if (!wanted) return wanted.error();
  if (!*wanted) return left_alone();

  auto& record = found->record;
  planned_write plan;
  plan.id = record.id();
  plan.mutations.push_back({what.key, true, {}, {}});
  if (what.archived) {
    v1::ArchivedMemory row;
    if (status failed = present(now, &record); !failed) return failed;
    // The priority has all these uses in it.
    record.set_priority_base_count(record.access_count());
    *row.mutable_memory() = std::move(record);
    row.set_archived_at(format_timestamp(now_ms));
    row.set_archive_reason(std::string(what.reason));
    plan.mutations.push_back({archive_key(plan.id), false, {}, row.SerializeAsString()});
  }
  if (what.alone) return plan;
  if (status failed = plan_cascade(now, plan.id, cascade_links_max, &plan.mutations); !failed) return failed;
  return plan;
}

result<planned_write> plan_restore(const record_reader& now, std::string_view id, std::int64_t now_ms) {
  if (status broken = validate_id(id); !broken) return broken;
  const auto row_key = archive_key(id);
  const auto row = now.get(row_key);
  if (!row) return row.error();
  if (!*row || (*row)->deleted) return status(errc::not_found, "not found in archive");
  auto archived = value_of<v1::ArchivedMemory>(row_key, **row);
  if (!archived) return archived.error();
  auto& record = *archived->mutable_memory();

  const auto key = key_of(record.namespace_(), record.title());
  const auto holder = now.get(key);
  if (!holder) return holder.error();
  if (holds_record(key, *holder))
    return status(errc::already_exists, "a record of that title already exists in namespace");
  if (const auto chosen = choose_id(now, record.id(), key, {}); !chosen) return chosen.error();
  record.set_life(*holder ? (*holder)->stamp.time : 0);
  record.set_tier(v1::TIER_LONG);
  record.clear_expires_at();
  record.clear_expiry_set_ms();
  record.set_updated_at(format_timestamp(now_ms));
  planned_write plan;
  plan.id = record.id();
  plan.created = true;
  plan.mutations.push_back(put_record(record));
  plan.mutations.push_back({archive_key(id), true, {}, {}});
  return plan;
}

result<planned_write> plan_purge(const record_reader& now, const record_key& row, const version& stamp) {
  const auto stored = now.get(row);
  if (!stored) return stored.error();
  if (!*stored || (*stored)->deleted || (*stored)->stamp != stamp) return left_alone();
  planned_write plan;
  plan.id = row.bytes;
  plan.mutations.push_back({row, true, {}, {}});
  return plan;
}

result<std::vector<std::pair<record_key, version>>> rows_to_purge(const record_reader& now,
                                                                  std::optional<std::int64_t> before_ms) {
  std::vector<std::pair<record_key, version>> rows;
  const auto see = [&](const record_key& key, const stored_record& stored) -> status {
    const auto archived = value_of<v1::ArchivedMemory>(key, stored);
    // What is no record of the archive goes as well, by the time it was written.
    const auto since_ms =
        archived ? archived_ms(*archived) : static_cast<std::int64_t>(milliseconds_of(stored.stamp.time));
    if (!before_ms || since_ms < *before_ms) rows.emplace_back(key, stored.stamp);
    return {};
  };
  if (status failed = for_each(now, key_kind::archived, {}, see); !failed) return failed;
  return rows;
}

result<v1::ListArchiveReply> list_archive(const record_reader& now, const v1::ListArchiveRequest& request) {
  if (request.has_namespace_())
    if (status broken = validate_namespace(request.namespace_()); !broken) return broken;
  if (request.limit() > limits::page_items_max)
    return status::invalid("limit", "must be at most " + std::to_string(limits::page_items_max) + ", got "
                                        + std::to_string(request.limit()));
  if (request.offset() > archive_offset_max)
    return status::invalid("offset", "must be at most " + std::to_string(archive_offset_max) + ", got "
                                         + std::to_string(request.offset()));
  const std::size_t limit = request.limit() == 0 ? list_items_default : request.limit();
  // The last archived so far, the first of them on top.
  std::vector<std::pair<std::int64_t, std::string>> last;
  const auto see = [&](const record_key& key, const stored_record& stored) -> status {
    const auto archived = value_of<v1::ArchivedMemory>(key, stored);
    if (!archived) return archived.error();
    if (request.has_namespace_() && archived->memory().namespace_() != request.namespace_()) return {};
    last.emplace_back(archived_ms(*archived), key.bytes);
    std::push_heap(last.begin(), last.end(), std::greater<>());
    if (last.size() <= request.offset() + limit) return {};
    std::pop_heap(last.begin(), last.end(), std::greater<>());
    last.pop_back();
    return {};
  };
  if (status failed = for_each(now, key_kind::archived, {}, see); !failed) return failed;
  std::sort_heap(last.begin(), last.end(), std::greater<>());
  v1::ListArchiveReply reply;
  std::size_t bytes = 0;
  for (std::size_t i = request.offset(); i < last.size() && bytes < limits::page_bytes_max; ++i) {
    const auto key = archive_key(last[i].second);
    const auto stored = now.get(key);
    if (!stored) return stored.error();
    if (!*stored || (*stored)->deleted) continue;
    auto archived = value_of<v1::ArchivedMemory>(key, **stored);
    if (!archived) continue;
    bytes += (*stored)->value.size();
    clear_internal(archived->mutable_memory());
    *reply.add_archived() = std::move(*archived);
  }
  return reply;
}

result<v1::ArchiveStatsReply> count_archive(const record_reader& now) {
  v1::ArchiveStatsReply reply;
  namespace_counts counts;
  const auto see = [&](const record_key& key, const stored_record& stored) -> status {
    const auto archived = value_of<v1::ArchivedMemory>(key, stored);
    if (!archived) return archived.error();
    reply.set_total(reply.total() + 1);
    counts.add(archived->memory().namespace_());
    return {};
  };
  if (status failed = for_each(now, key_kind::archived, {}, see); !failed) return failed;
  counts.fill(reply.mutable_by_namespace());
  return reply;
}

}  // namespace quorate::memory
