#include "net/collect.hpp"

#include <vector>

#include "memory/archive.hpp"
#include "memory/key.hpp"
#include "memory/list_filter.hpp"
#include "memory/scan.hpp"
#include "memory/usage.hpp"
#include "memory/validation.hpp"
#include "net/many_writes.hpp"
#include "net/word_search.hpp"
#include "net/write_call.hpp"

namespace quorate::net {
namespace {

/// How many records one call looks for by words.
constexpr std::size_t pattern_matches_max = 1'000'000;
constexpr std::int64_t day_ms = 86'400'000;

/// How what happens by the clock is written (docs/adr/0015): a store that this node has not heard of wins.
constexpr write_terms by_the_clock{write_quorum::by_default, write_consistency::by_default, when_superseded::report,
                                   true};

/// Takes out one record if its expiry has come.
struct expiry_change {
  memory::removal what;
  const clock* time;
  result<memory::planned_write> plan(const record_reader& now, const version&) const {
    const auto now_ms = time->wall_ms();
    return memory::plan_removal(
        now, what, [&](const memory::found_record& found) { return memory::has_expired(now, found.record, now_ms); },
        now_ms);
  }
  std::vector<record_key> keys(const record_reader& now) const { return memory::keys_of(plan(now, {})); }
};

/// Takes out one record if it is still the version that was looked at.
struct forget_change {
  memory::removal what;
  version looked_at;
  const clock* time;
  result<memory::planned_write> plan(const record_reader& now, const version&) const {
    return memory::plan_removal(
        now, what, [&](const memory::found_record& found) -> result<bool> { return found.stamp == looked_at; },
        time->wall_ms());
  }
  std::vector<record_key> keys(const record_reader& now) const { return memory::keys_of(plan(now, {})); }
};

struct purge_change {
  record_key row;
  version looked_at;
  result<memory::planned_write> plan(const record_reader& now, const version&) const {
    return memory::plan_purge(now, row, looked_at);
  }
  std::vector<record_key> keys(const record_reader&) const { return {row}; }
};

status in_time(const node_api& node, std::int64_t deadline_us) {
  if (node.time().steady_us() < deadline_us) return {};
  return {errc::deadline_exceeded, "the records could not be looked at in time; nothing was done"};
}

/// The records the pattern is in, or, without one, all of the namespace.
template <class See>
status for_each_candidate(node_api& node, const v1::ForgetRequest& request, std::int64_t deadline_us, See see) {
  const auto name_space = request.has_namespace_() ? std::optional(request.namespace_()) : std::nullopt;
  const auto& now = node.records();
  if (request.pattern().empty())
    return memory::for_each(now, key_kind::memory, name_space ? memory::prefix_of(*name_space) : std::string(), {}, see,
                            [&] { return in_time(node, deadline_us); });
  auto matches = node.words().match(any_word_of(request.pattern(), name_space, pattern_matches_max));
  if (!matches) return matches.error();
  for (const auto& match : *matches) {
    if (auto late = in_time(node, deadline_us); !late) return late;
    const auto stored = now.get(match.key);
    if (!stored) return stored.error();
    if (!*stored || (*stored)->deleted) continue;
    if (status failed = see(match.key, **stored); !failed && !memory::is_unreadable(failed)) return failed;
  }
  return {};
}

}  // namespace

result<v1::CollectExpiredReply> collect_expired(node_api& node, const v1::CollectExpiredRequest& request,
                                                std::int64_t deadline_us) {
  const auto now_ms = node.time().wall_ms();
  std::vector<expiry_change> changes;
  const auto see = [&](const record_key& key, const stored_record& stored) -> status {
    const auto record = memory::value_of<v1::MemoryRecord>(key, stored);
    if (!record) return record.error();
    const auto gone = memory::has_expired(node.records(), *record, now_ms);
    if (!gone) return gone.error();
    if (*gone) changes.push_back({{key, memory::reason_expired, !request.keep_no_archive(), true}, &node.time()});
    return {};
  };
  if (status failed =
          memory::for_each(node.records(), key_kind::memory, {}, {}, see, [&] { return in_time(node, deadline_us); });
      !failed)
    return failed;
  v1::CollectExpiredReply reply;
  if (request.dry_run()) {
    reply.set_collected(changes.size());
    return reply;
  }
  const auto done = write_all(node, by_the_clock, deadline_us, std::move(changes));
  if (!done) return done.error();
  reply.set_collected(*done);
  return reply;
}

result<v1::ForgetReply> forget(node_api& node, const v1::ForgetRequest& request, std::int64_t deadline_us) {
  if (!request.has_namespace_() && request.pattern().empty() && request.tier() == v1::TIER_UNSPECIFIED)
    return status(errc::invalid_argument, "give at least one of namespace, pattern, tier");
  const auto terms = terms_of(request.terms());
  if (!terms) return terms.error();
  v1::RecordFilter wanted;
  if (request.has_namespace_()) wanted.set_namespace_(request.namespace_());
  wanted.set_tier(request.tier());
  const auto filter = memory::list_filter::from(wanted);
  if (!filter) return filter.error();

  memory::usage_reader usage(node.records());
  std::vector<forget_change> changes;
  const auto see = [&](const record_key& key, const stored_record& stored) -> status {
    const auto record = usage.present(key, stored);
    if (!record) return record.error();
    if (filter->keeps(*record))
      changes.push_back(
          {{key, memory::reason_forgotten, !request.keep_no_archive(), false}, stored.stamp, &node.time()});
    return {};
  };
  if (status failed = for_each_candidate(node, request, deadline_us, see); !failed) return failed;
  v1::ForgetReply reply;
  reply.set_matched(changes.size());
  if (request.dry_run()) return reply;
  const auto done = write_all(node, *terms, deadline_us, std::move(changes));
  if (!done) return done.error();
  reply.set_deleted(*done);
  reply.set_archived(request.keep_no_archive() ? 0 : *done);
  return reply;
}

result<v1::PurgeArchiveReply> purge_archive(node_api& node, const v1::PurgeArchiveRequest& request,
                                            std::int64_t deadline_us) {
  std::optional<std::int64_t> before_ms;
  if (request.has_older_than_days()) {
    const auto now_ms = node.time().wall_ms();
    if (request.older_than_days() < 0)
      return status::invalid("older_than_days", "must be 0 or more, got " + std::to_string(request.older_than_days()));
    before_ms = now_ms - std::min(request.older_than_days(), now_ms / day_ms) * day_ms;
  }
  const auto rows = memory::rows_to_purge(node.records(), before_ms);
  if (!rows) return rows.error();
  v1::PurgeArchiveReply reply;
  reply.set_purged(rows->size());
  if (request.dry_run()) return reply;
  std::vector<purge_change> changes;
  for (const auto& [row, stamp] : *rows) changes.push_back({row, stamp});
  const auto done = write_all(node, {}, deadline_us, std::move(changes));
  if (!done) return done.error();
  reply.set_purged(*done);
  return reply;
}

}  // namespace quorate::net
