#include "storage/group_check.hpp"

#include "proto/limits.hpp"
#include "storage/meta_codec.hpp"
#include "storage/record_codec.hpp"

namespace quorate::storage {

namespace {

/// Of logs and of digest buckets: written in two bytes.
constexpr std::size_t changes_max = 0xFFFF;
/// More are nowhere; what is above was counted down from zero.
constexpr std::uint64_t counts_max = std::uint64_t{1} << 63;

status broken_promise(std::string what) { return {errc::internal, "write group: " + std::move(what)}; }

std::string name(const log_id& log) { return std::to_string(to_number(log.origin)) + "/" + std::to_string(log.epoch); }

status check_key(const record_key& key) {
  if (!is_key_kind(static_cast<std::uint32_t>(key.kind))) return broken_promise("a key without a kind");
  if (key.bytes.empty() || key.bytes.size() > limits::key_bytes_max)
    return broken_promise("a key of " + std::to_string(key.bytes.size()) + " bytes");
  return {};
}

}  // namespace

status check_sizes(const write_group& group) {
  for (const auto& change : group.records) {
    if (auto s = check_key(change.key); !s.ok()) return s;
    if (auto s = check_storable(change.record); !s.ok()) return s;
    if (change.alias_removed.size() > limits::alias_bytes_max)
      return broken_promise("an alias too long to have been stored is to be removed");
    if (change.alias_added && change.record.alias.empty()) return broken_promise("an empty alias is added");
  }
  if (group.counts && (group.counts->live > counts_max || group.counts->tombstones > counts_max))
    return broken_promise("a count of records went below zero");
  if (group.positions.size() > changes_max || group.buckets.size() > changes_max)
    return broken_promise("more logs or digest buckets change than a row can hold");
  if (group.disks)
    if (auto s = check_storable(*group.disks); !s.ok()) return s;
  if (group.members)
    if (auto s = check_storable(*group.members); !s.ok()) return s;
  return {};
}

status check_entries(const write_group& group, const std::function<sequence_number(const log_id&)>& end_of) {
  std::map<log_id, sequence_number> ends;
  for (const auto& entry : group.entries) {
    if (!entry.bytes) return broken_promise("an entry without bytes");
    auto end = ends.find(entry.log);
    if (end == ends.end()) end = ends.emplace(entry.log, end_of(entry.log)).first;
    if (entry.sequence == 0 || entry.sequence - 1 != end->second)
      return broken_promise("entry " + std::to_string(entry.sequence) + " of log " + name(entry.log) + " follows entry "
                            + std::to_string(end->second));
    end->second = entry.sequence;
  }
  if (group.positions.size() != ends.size()) return broken_promise("not one position per log appended to");
  for (const auto& position : group.positions) {
    const auto end = ends.find(position.log);
    if (end == ends.end() || end->second != position.sequence)
      return broken_promise("a position that is not the end of its log");
  }
  return {};
}

status check_first(sequence_number first) {
  return first == 0 ? status::invalid("first", "entries of a log are counted from 1") : status();
}

status check_clock_bound(const write_group& group, std::uint64_t held) {
  return group.clock_bound && *group.clock_bound < held ? broken_promise("the clock bound goes back") : status();
}

}  // namespace quorate::storage
