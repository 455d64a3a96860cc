#include "actors/core/group_builder.hpp"

#include <doctest/doctest.h>

#include "proto/entry_codec.hpp"
#include "storage/memory_store.hpp"
#include "tests/core/numbers.hpp"

using namespace quorate;
using core::group_builder;
using core::group_state;

namespace {

const log_id log_a{node_id{1}, 10};
const log_id log_b{node_id{2}, 20};

record_key key(const std::string& name) { return {key_kind::memory, name}; }

entry put(const log_id& log, sequence_number s, std::uint64_t time, const std::string& name, const std::string& value,
          const std::string& alias = "") {
  return {log, s, time, {{key(name), false, alias, value}}};
}
entry removal(const log_id& log, sequence_number s, std::uint64_t time, const std::string& name) {
  return {log, s, time, {{key(name), true, "", ""}}};
}

struct fixture {
  std::unique_ptr<storage::memory_store> store = storage::make_memory_store();
  group_state state;

  version add(group_builder& group, const entry& e) {
    auto verdict = group.add(e, std::make_shared<const std::string>(encode(e)));
    REQUIRE(verdict.ok());
    return *verdict;
  }
  void commit(group_builder& group) {
    auto [writes, after] = group.take();
    REQUIRE(store->commit(writes).ok());
    state = std::move(after);
  }
  void commit(const entry& e) {
    group_builder group(*store, state);
    add(group, e);
    commit(group);
  }
  std::optional<stored_record> read(const std::string& name) { return *store->get(key(name)); }
};

}  // namespace

TEST_SUITE("core.group_builder") {
  TEST_CASE_FIXTURE(fixture, "the higher version wins whichever comes first, and the loser is told by whom") {
    group_builder group(*store, state);
    CHECK_FALSE(add(group, put(log_a, 1, 200, "x", "newer")));
    auto by = add(group, put(log_b, 1, 100, "x", "older"));
    CHECK(by == version{200, node_id{1}});
    commit(group);
    CHECK(read("x")->value == "newer");
    CHECK(state.counts == storage::record_counts{1, 0});
  }

  TEST_CASE_FIXTURE(fixture, "equal times are told apart by the node") {
    commit(put(log_a, 1, 100, "x", "one"));
    commit(put(log_b, 1, 100, "x", "two"));
    CHECK(read("x")->value == "two");
    group_builder group(*store, state);
    CHECK(add(group, put({node_id{1}, 11}, 1, 100, "x", "one")) == version{100, node_id{2}});
  }

  TEST_CASE_FIXTURE(fixture, "a tombstone beats an older put that comes later, and counts as one") {
    commit(put(log_a, 1, 100, "x", "v", "id-x"));
    commit(removal(log_a, 2, 300, "x"));
    CHECK(read("x")->deleted);
    CHECK(state.counts == storage::record_counts{0, 1});
    CHECK(store->find(key_kind::memory, "id-x")->empty());
    group_builder group(*store, state);
    CHECK(add(group, put(log_b, 1, 200, "x", "late")) == version{300, node_id{1}});
    commit(group);
    CHECK(read("x")->deleted);
    commit(put(log_b, 2, 400, "x", "again", "id-x"));
    CHECK(state.counts == storage::record_counts{1, 0});
    CHECK(store->find(key_kind::memory, "id-x")->size() == 1);
  }

  TEST_CASE_FIXTURE(fixture, "the aliases with a prefix are those that hold with the writes of the group") {
    commit(put(log_a, 1, 100, "old", "v", "id-1"));
    commit(put(log_a, 2, 100, "kept", "v", "id-22"));
    group_builder group(*store, state);
    CHECK_FALSE(add(group, {log_a, 3, 200, {{key("old"), true, "", ""}, {key("new"), false, "id-3", "v"}}}));
    CHECK(*group.aliases_with_prefix(key_kind::memory, "id-", 10) == std::vector<std::string>{"id-3", "id-22"});
    CHECK(*group.aliases_with_prefix(key_kind::memory, "id-", 1) == std::vector<std::string>{"id-3"});
    CHECK(group.aliases_with_prefix(key_kind::memory, "id-1", 10)->empty());
    CHECK(group.aliases_with_prefix(key_kind::memory, "", 10)->empty());
  }

  TEST_CASE_FIXTURE(fixture, "reads see the writes of the group, by key and by alias") {
    commit(put(log_a, 1, 100, "old", "v", "id-1"));
    group_builder group(*store, state);
    CHECK(group.find(key_kind::memory, "id-1")->size() == 1);
    entry rename{log_a, 2, 200, {{key("old"), true, "", ""}, {key("new"), false, "id-1", "v"}}};
    CHECK_FALSE(add(group, rename));
    CHECK((*group.get(key("old")))->deleted);
    CHECK((*group.get(key("new")))->value == "v");
    auto keys = group.find(key_kind::memory, "id-1");
    REQUIRE(keys->size() == 1);
    CHECK(keys->front() == key("new"));
    commit(group);
    CHECK(store->find(key_kind::memory, "id-1")->front() == key("new"));
    CHECK(state.counts == storage::record_counts{1, 1});
  }

  TEST_CASE_FIXTURE(fixture, "the store's vector, digest and counts are those of the builder") {
    commit(put(log_a, 1, 100, "x", "v"));
    group_builder group(*store, state);
    add(group, put(log_a, 2, 150, "x", "w"));
    add(group, put(log_b, 1, 120, "y", "z"));
    commit(group);
    auto summary = store->summary();
    CHECK(summary->vector == numbers_of(state.vector.list()));
    CHECK(summary->buckets == state.content.buckets());
    CHECK(summary->counts == state.counts);
    CHECK(state.vector.at(log_a) == 2);
  }

  TEST_CASE_FIXTURE(fixture, "an entry held already gets the verdict of the present holder") {
    auto first = put(log_a, 1, 100, "x", "v");
    commit(first);
    group_builder group(*store, state);
    CHECK_FALSE(*group.judge_again(first));
    add(group, put(log_b, 1, 300, "x", "w"));
    CHECK(*group.judge_again(first) == version{300, node_id{2}});
  }

  TEST_CASE_FIXTURE(fixture, "a builder thrown away changes nothing") {
    commit(put(log_a, 1, 100, "x", "v"));
    auto before = state.content.buckets();
    {
      group_builder group(*store, state);
      add(group, put(log_a, 2, 200, "x", "w"));
    }
    CHECK(state.vector.at(log_a) == 1);
    CHECK(state.content.buckets() == before);
    CHECK(read("x")->value == "v");
  }

  TEST_CASE_FIXTURE(fixture, "several changes of one key in a group leave one record, and the last alias") {
    group_builder group(*store, state);
    add(group, put(log_a, 1, 100, "x", "1", "first"));
    add(group, put(log_a, 2, 200, "x", "2", "second"));
    auto [writes, after] = group.take();
    REQUIRE(writes.records.size() == 1);
    CHECK(writes.records[0].record.value == "2");
    CHECK(writes.records[0].alias_added);
    CHECK(writes.entries.size() == 2);
    CHECK(writes.positions == std::vector<log_position>{{log_a, 2}});
  }
}
