// Replicas that merge the same entries in any order that keeps each log in sequence, some of them more than once, end
// with the same bytes.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>

#include "actors/core/group_builder.hpp"
#include "proto/entry_codec.hpp"
#include "storage/memory_store.hpp"
#include "tests/core/pick.hpp"

using namespace quorate;

namespace {

/// What arrives again changes nothing, and is told what is above it now.
void arrive_again(const core::group_builder& group, const entry& e) {
  RC_ASSERT(group.vector().place(e.log, e.sequence) == core::placement::held);
  version above;
  for (const auto& change : e.mutations) {
    const auto now = group.get(change.key);
    RC_ASSERT(now.ok() && now->has_value());
    RC_ASSERT((**now).stamp >= e.stamp());
    if ((**now).stamp > e.stamp()) above = std::max(above, (**now).stamp);
  }
  const auto verdict = group.judge_again(e);
  RC_ASSERT(verdict.ok() && *verdict == above);
}

/// Applies the logs in a random interleaving, in groups of random size; of every four arrivals one is a repeat, of this
/// group or of one before.
storage::store_summary merged(const std::vector<std::vector<entry>>& logs,
                              std::map<std::string, std::string>* records) {
  auto store = storage::make_memory_store();
  core::group_state state;
  std::vector<std::size_t> next(logs.size(), 0);
  auto left = [&] {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < logs.size(); ++i)
      if (next[i] < logs[i].size()) open.push_back(i);
    return open;
  };
  while (!left().empty()) {
    core::group_builder group(*store, state);
    auto size = *rc::gen::inRange(1, 5);
    for (int n = 0; n < size; ++n) {
      const auto again = pick<std::size_t>(0, logs.size() * 4);
      if (again < logs.size() && next[again] > 0) arrive_again(group, logs[again][pick<std::size_t>(0, next[again])]);
      auto open = left();
      if (open.empty()) break;
      auto which = open[*rc::gen::inRange<std::size_t>(0, open.size())];
      const auto& e = logs[which][next[which]];
      RC_ASSERT(group.vector().place(e.log, e.sequence) == core::placement::next);
      RC_ASSERT(group.add(e, std::make_shared<const std::string>(encode(e))).ok());
      ++next[which];
    }
    auto [writes, after] = group.take();
    RC_ASSERT(store->commit(writes).ok());
    state = std::move(after);
  }
  auto page = store->scan(key_kind::memory, "", "", 1'000, 1u << 20);
  for (const auto& [key, record] : page->records) (*records)[key.bytes] = record.value + "/" + record.alias;
  return *store->summary();
}

}  // namespace

TEST_SUITE("core.merge") {
  TEST_CASE("merging is the same in every order: equal digests and equal records") {
    CHECK(rc::check([] {
      std::vector<std::vector<entry>> logs;
      for (std::uint64_t origin = 1; origin <= 3; ++origin) {
        std::vector<entry> log;
        auto count = *rc::gen::inRange<sequence_number>(0, 12);
        std::uint64_t time = 1;
        for (sequence_number s = 1; s <= count; ++s) {
          // The same version in two logs: a value that a read wrote back.
          if (origin > 1 && !logs.front().empty() && pick(0, 4) == 0) {
            const auto& first = logs.front()[pick<std::size_t>(0, logs.front().size())];
            log.push_back({{node_id{origin}, 7}, s, first.time, first.mutations, first.log.origin});
            continue;
          }
          time += *rc::gen::inRange<std::uint64_t>(1, 4);
          entry e{{node_id{origin}, 7}, s, time, {}};
          record_key k{key_kind::memory, std::string(1, *rc::gen::inRange('a', 'e'))};
          if (*rc::gen::inRange(0, 3) == 0)
            e.mutations.push_back({k, true, "", ""});
          else
            e.mutations.push_back(
                {k, false, std::string(1, *rc::gen::inRange('p', 's')), std::to_string(origin * 100 + s)});
          log.push_back(std::move(e));
        }
        logs.push_back(std::move(log));
      }
      std::map<std::string, std::string> first_records;
      std::map<std::string, std::string> second_records;
      auto first = merged(logs, &first_records);
      auto second = merged(logs, &second_records);
      RC_ASSERT(first.buckets == second.buckets);
      RC_ASSERT(first.vector == second.vector);
      RC_ASSERT(first.counts == second.counts);
      RC_ASSERT(first_records == second_records);
    }));
  }
}
