#include "chaos/history.hpp"

#include <xxhash.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

namespace quorate::chaos {
namespace {

struct held_record {
  std::string id;
  std::uint64_t content_hash = 0;
};

std::unordered_map<std::string, held_record> by_key(const node_contents& contents) {
  std::unordered_map<std::string, held_record> held;
  held.reserve(contents.size());
  v1::MemoryRecord record;
  for (const auto& [id, bytes] : contents) {
    if (record.ParseFromString(bytes))
      held[key_of(record.namespace_(), record.title())] = {id, hash_of(record.content())};
  }
  return held;
}

using events_of_key = std::vector<const write_event*>;

/// The writes whose effect may be what is seen in the end.
events_of_key possible_last(const events_of_key& events) {
  std::int64_t newest_start = INT64_MIN;
  for (const auto* event : events) {
    if (event->outcome == write_outcome::acknowledged) newest_start = std::max(newest_start, event->start_us);
  }
  // Whatever comes of it later, an older version does not take the place of a newer one.
  decltype(write_event::stamp) newest;
  for (const auto* event : events)
    if (event->outcome == write_outcome::acknowledged) newest = std::max(newest, event->stamp);
  events_of_key possible;
  for (const auto* event : events) {
    const bool acknowledged = event->outcome == write_outcome::acknowledged
                              && (event->stamp ? event->stamp == newest : event->end_us >= newest_start);
    const bool unknown = event->outcome == write_outcome::indeterminate && !(event->stamp && event->stamp < newest);
    if (acknowledged || unknown) possible.push_back(event);
  }
  return possible;
}

/// Something else must have been on its way that could have overtaken it.
bool overtaken_by_nothing(const events_of_key& events) {
  return std::any_of(events.begin(), events.end(), [&](const write_event* event) {
    if (event->outcome != write_outcome::superseded) return false;
    return std::none_of(events.begin(), events.end(), [&](const write_event* other) {
      return other != event && other->outcome != write_outcome::rejected && other->start_us < event->end_us;
    });
  });
}

/// Else the later write, which was called newest, is lost to the earlier one.
bool below_an_earlier_one(const events_of_key& events) {
  std::vector<const write_event*> by_start;
  std::vector<const write_event*> by_end;
  for (const auto* event : events)
    if (event->outcome == write_outcome::acknowledged && event->stamp) by_start.push_back(event);
  by_end = by_start;
  std::sort(by_start.begin(), by_start.end(), [](auto* left, auto* right) { return left->start_us < right->start_us; });
  std::sort(by_end.begin(), by_end.end(), [](auto* left, auto* right) { return left->end_us < right->end_us; });
  decltype(write_event::stamp) highest;
  auto ended = by_end.begin();
  for (const auto* event : by_start) {
    for (; ended != by_end.end() && (*ended)->end_us < event->start_us; ++ended)
      highest = std::max(highest, (*ended)->stamp);
    if (highest && event->stamp < highest) return true;
  }
  return false;
}

std::optional<violation::kind> judge(const events_of_key& events, const held_record* held, std::string* expected_id) {
  if (overtaken_by_nothing(events)) return violation::kind::superseded_by_nothing;
  if (below_an_earlier_one(events)) return violation::kind::below_an_earlier_one;
  const auto possible = possible_last(events);
  const auto acknowledged = std::find_if(possible.begin(), possible.end(), [](const write_event* event) {
    return event->outcome == write_outcome::acknowledged;
  });
  if (acknowledged != possible.end()) *expected_id = (*acknowledged)->id;
  if (!held) {
    const bool durable = std::any_of(events.begin(), events.end(), [](const auto* e) {
      return e->outcome == write_outcome::acknowledged || (e->outcome == write_outcome::superseded && !e->deleted);
    });
    const bool explained =
        !durable || std::any_of(possible.begin(), possible.end(), [](const auto* e) { return e->deleted; });
    return explained ? std::nullopt : std::optional(violation::kind::missing);
  }
  if (possible.empty()) return violation::kind::rejected_but_present;
  const auto match = std::find_if(possible.begin(), possible.end(), [&](const write_event* event) {
    return !event->deleted && event->content_hash == held->content_hash;
  });
  if (match == possible.end()) {
    const bool rejected = std::any_of(events.begin(), events.end(), [&](const write_event* event) {
      return event->outcome == write_outcome::rejected && !event->deleted && event->content_hash == held->content_hash;
    });
    return rejected ? violation::kind::rejected_but_present : violation::kind::wrong_content;
  }
  if (!(*match)->id.empty() && (*match)->id != held->id) {
    *expected_id = (*match)->id;
    return violation::kind::wrong_id;
  }
  return std::nullopt;
}

}  // namespace

std::string key_of(std::string_view name_space, std::string_view title) {
  std::string key(name_space);
  key += '\0';
  key += title;
  return key;
}

std::uint64_t hash_of(std::string_view content) { return XXH3_64bits(content.data(), content.size()); }

std::int64_t steady_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

void history::add(write_event event) {
  std::lock_guard lock(mutex_);
  switch (event.outcome) {
    case write_outcome::acknowledged: ++counts_.acknowledged; break;
    case write_outcome::rejected: ++counts_.rejected; break;
    case write_outcome::indeterminate: ++counts_.indeterminate; break;
    case write_outcome::superseded: ++counts_.superseded; break;
  }
  events_.push_back(std::move(event));
}

std::vector<write_event> history::events() const {
  std::lock_guard lock(mutex_);
  return events_;
}

outcome_counts history::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

std::string readable(std::string key) {
  if (const auto zero = key.find('\0'); zero != std::string::npos) key.replace(zero, 1, " / ");
  return key;
}

std::string text_of(const violation& found) {
  const auto key = readable(found.key);
  switch (found.what) {
    case violation::kind::missing: return "acknowledged, but missing: " + key + " (id " + found.id + ")";
    case violation::kind::wrong_content: return "content of no write that may be last: " + key;
    case violation::kind::wrong_id: return "under another id than answered: " + key + " (answered " + found.id + ")";
    case violation::kind::rejected_but_present: return "rejected, but there: " + key;
    case violation::kind::superseded_by_nothing: return "called superseded, but nothing else was written: " + key;
    case violation::kind::below_an_earlier_one:
      return "acknowledged with a lower stamp than a write that was acknowledged before it began: " + key;
    case violation::kind::foreign: return "there, but nobody wrote it: " + key + " (id " + found.id + ")";
    case violation::kind::served_wrong: return "served with a content that no write can have left: " + key;
    case violation::kind::duplicate: return "there twice: " + key + " (id " + found.id + ")";
  }
  return key;
}

std::vector<violation> check(const std::vector<write_event>& events, const node_contents& contents) {
  std::map<std::string_view, events_of_key> keys;
  for (const auto& event : events) keys[event.key].push_back(&event);
  const auto held = by_key(contents);
  std::vector<violation> found;
  for (const auto& [key, writes] : keys) {
    const auto at = held.find(std::string(key));
    std::string id;
    if (const auto what = judge(writes, at == held.end() ? nullptr : &at->second, &id))
      found.push_back({*what, std::string(key), id});
  }
  return found;
}

void add_to(served_contents& served, const node_contents& contents) {
  v1::MemoryRecord record;
  for (const auto& [id, bytes] : contents) {
    if (record.ParseFromString(bytes))
      served.emplace(key_of(record.namespace_(), record.title()), hash_of(record.content()));
    else
      served.emplace(key_of("", "unreadable " + id), 0);
  }
}

std::vector<violation> check_served(const std::vector<write_event>& events, const served_contents& served,
                                    std::string_view apart) {
  std::set<std::pair<std::string_view, std::uint64_t>> written;
  for (const auto& event : events)
    if (!event.deleted && event.outcome != write_outcome::rejected) written.emplace(event.key, event.content_hash);
  std::vector<violation> found;
  for (const auto& [key, hash] : served)
    if (!key.starts_with(key_of(apart, "")) && !written.contains({key, hash}))
      found.push_back({violation::kind::served_wrong, key, ""});
  return found;
}

std::vector<violation> check_foreign(const std::vector<write_event>& events, const node_contents& contents,
                                     std::string_view apart) {
  std::set<std::string_view> written;
  for (const auto& event : events) written.insert(event.key);
  std::set<std::string> seen;
  std::vector<violation> found;
  v1::MemoryRecord record;
  for (const auto& [id, bytes] : contents) {
    if (!record.ParseFromString(bytes)) {
      found.push_back({violation::kind::foreign, "a record that cannot be read", id});
      continue;
    }
    if (record.namespace_() == apart) continue;
    auto key = key_of(record.namespace_(), record.title());
    if (!written.contains(key)) found.push_back({violation::kind::foreign, key, id});
    if (!seen.insert(key).second) found.push_back({violation::kind::duplicate, key, id});
  }
  return found;
}

}  // namespace quorate::chaos
