#include "memory/usage.hpp"

#include <algorithm>
#include <limits>

#include "memory/stored_value.hpp"
#include "memory/timestamp.hpp"
#include "memory/validation.hpp"
#include "proto/limits.hpp"

namespace quorate::memory {

namespace {

constexpr std::int64_t count_max = 1'000'000;
constexpr std::int64_t uses_until_long = 5;
constexpr std::int64_t uses_per_priority = 10;
constexpr std::int64_t short_extension_ms = 3'600'000;
constexpr std::int64_t mid_extension_ms = 86'400'000;

std::string usage_prefix(std::string_view id) {
  std::string prefix(id);
  prefix.push_back('\0');
  return prefix;
}

std::int64_t extension_ms(v1::Tier tier) {
  return tier == v1::TIER_SHORT ? short_extension_ms : tier == v1::TIER_MID ? mid_extension_ms : 0;
}

}  // namespace

record_key usage_key(std::string_view id, node_id node) {
  record_key key{key_kind::usage, usage_prefix(id)};
  for (int shift = 56; shift >= 0; shift -= 8) key.bytes.push_back(static_cast<char>(to_number(node) >> shift));
  return key;
}

void add_usage(const v1::UsageRow& row, const v1::MemoryRecord& record, usage_total* total) {
  if (row.life() != record.life()) return;
  total->count += row.count();
  total->last_accessed_ms = std::max(total->last_accessed_ms, row.last_accessed_ms());
  if (row.last_accessed_ms() > record.expiry_set_ms())
    total->alive_until_ms = std::max(total->alive_until_ms, row.alive_until_ms());
}

result<usage_total> usage_of(const record_reader& now, const v1::MemoryRecord& record) {
  usage_total total;
  auto page = now.scan(key_kind::usage, usage_prefix(record.id()), {}, limits::members_max, limits::page_bytes_max);
  if (!page) return page.error();
  for (const auto& [key, stored] : page->records) {
    if (const auto row = value_of<v1::UsageRow>(key, stored)) add_usage(*row, record, &total);
  }
  return total;
}

void apply_usage(const usage_total& usage, v1::MemoryRecord* record) {
  const auto count = std::min(count_max, std::min(count_max, record->access_count()) + usage.count);
  const auto boosts =
      std::max<std::int64_t>(count / uses_per_priority - record->priority_base_count() / uses_per_priority, 0);
  record->set_priority(static_cast<int>(std::min<std::int64_t>(limits::priority_max, record->priority() + boosts)));
  if (usage.count > 0) {
    const auto before = record->has_last_accessed_at() ? parse_timestamp(record->last_accessed_at()) : std::nullopt;
    if (!before || *before < usage.last_accessed_ms)
      record->set_last_accessed_at(format_timestamp(usage.last_accessed_ms));
    if (record->tier() == v1::TIER_MID && count >= uses_until_long) record->set_tier(v1::TIER_LONG);
  }
  record->set_access_count(count);
  if (record->tier() == v1::TIER_LONG) {
    record->clear_expires_at();
  } else if (record->has_expires_at()) {
    const auto expires = parse_timestamp(record->expires_at());
    if (expires && *expires < usage.alive_until_ms) record->set_expires_at(format_timestamp(usage.alive_until_ms));
  }
}

result<v1::MemoryRecord> present(const record_reader& now, const record_key& key, const stored_record& stored) {
  auto record = value_of<v1::MemoryRecord>(key, stored);
  if (!record) return record;
  if (status failed = present(now, &*record); !failed) return failed;
  return record;
}

status present(const record_reader& now, v1::MemoryRecord* record) {
  const auto usage = usage_of(now, *record);
  if (!usage) return usage.error();
  apply_usage(*usage, record);
  return {};
}

result<bool> has_expired(const record_reader& now, const v1::MemoryRecord& stored, std::int64_t now_ms) {
  if (!expired(stored, now_ms)) return false;
  v1::MemoryRecord seen = stored;
  if (status failed = present(now, &seen); !failed) return failed;
  return expired(seen, now_ms);
}

result<planned_write> plan_touch(const record_reader& now, const std::vector<record_key>& keys, node_id self,
                                 std::int64_t now_ms) {
  planned_write plan;
  for (const auto& key : keys) {
    const auto stored = now.get(key);
    if (!stored) return stored.error();
    if (!*stored || (*stored)->deleted) continue;
    const auto record = value_of<v1::MemoryRecord>(key, **stored);
    if (!record) continue;
    auto own = usage_key(record->id(), self);
    const auto held = now.get(own);
    if (!held) return held.error();
    auto row = *held && !(*held)->deleted ? value_of<v1::UsageRow>(own, **held) : v1::UsageRow();
    // What is no count says nothing of how many there were.
    if (!row || row->life() != record->life()) row = v1::UsageRow();
    row->set_life(record->life());
    row->set_count(row->count() + 1);
    row->set_last_accessed_ms(std::max(row->last_accessed_ms(), now_ms));
    if (const auto extension = extension_ms(record->tier()); extension > 0 && record->has_expires_at())
      row->set_alive_until_ms(std::max(row->alive_until_ms(), now_ms + extension));
    plan.mutations.push_back({std::move(own), false, {}, row->SerializeAsString()});
  }
  return plan;
}

}  // namespace quorate::memory
