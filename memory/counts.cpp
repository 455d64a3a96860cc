#include "memory/counts.hpp"

#include <algorithm>
#include <vector>

#include "memory/links.hpp"
#include "memory/scan.hpp"
#include "memory/validation.hpp"

namespace quorate::memory {

namespace {
constexpr std::int64_t soon_ms = 3'600'000;
}  // namespace

void namespace_counts::fill(google::protobuf::RepeatedPtrField<v1::NamespaceCount>* out) const {
  std::vector<std::pair<std::string, std::uint64_t>> sorted(counts_.begin(), counts_.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  for (auto& [name_space, count] : sorted) {
    auto* one = out->Add();
    one->set_namespace_(std::move(name_space));
    one->set_count(count);
  }
}

result<v1::StatsReply> count_records(const record_reader& now, std::int64_t now_ms) {
  v1::StatsReply reply;
  namespace_counts by_namespace;
  std::map<v1::Tier, std::uint64_t> by_tier;
  usage_reader usage(now);
  std::uint64_t bytes = 0;
  std::uint64_t unreadable = 0;
  const auto see = [&](const record_key& key, const stored_record& stored) -> status {
    const auto record = usage.present(key, stored);
    if (!record) return record.error();
    bytes += key.bytes.size() + stored.value.size();
    reply.set_total(reply.total() + 1);
    ++by_tier[record->tier()];
    if (expired(*record, now_ms)) return {};
    by_namespace.add(record->namespace_());
    if (expired(*record, now_ms + soon_ms)) reply.set_expiring_soon(reply.expiring_soon() + 1);
    return {};
  };
  if (status failed = for_each(now, key_kind::memory, {}, see, &unreadable); !failed) return failed;

  link_reader links(now);
  const auto see_link = [&](const record_key& key, const stored_record& stored) -> status {
    const auto link = value_of<v1::LinkRecord>(key, stored);
    if (!link) return link.error();
    const auto shown = links.shows(*link);
    if (!shown) return shown.error();
    bytes += key.bytes.size() + stored.value.size();
    if (*shown) reply.set_links(reply.links() + 1);
    return {};
  };
  if (status failed = for_each(now, key_kind::link, {}, see_link, &unreadable); !failed) return failed;
  for (const auto kind : known_kinds) {
    if (kind == key_kind::memory || kind == key_kind::link) continue;
    const auto count = [&](const record_key& key, const stored_record& stored) -> status {
      if (!is_readable(key, stored)) ++unreadable;
      return {};
    };
    if (status failed = for_each(now, kind, {}, count); !failed) return failed;
  }
  reply.set_unreadable(unreadable);

  for (const auto& [tier, count] : by_tier) {
    auto* one = reply.add_by_tier();
    one->set_tier(tier);
    one->set_count(count);
  }
  by_namespace.fill(reply.mutable_by_namespace());
  reply.set_stored_bytes(bytes);
  return reply;
}

}  // namespace quorate::memory
