// What store.hpp promises, asked of every store.
#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <thread>

#include "storage/memory_store.hpp"
#include "storage/page_builder.hpp"
#include "support.hpp"

using namespace quorate;
using namespace quorate::storage;
using namespace quorate::storage::testing;

namespace {

struct in_memory {
  std::unique_ptr<store> held = make_memory_store();
  store& operator*() { return *held; }
};

struct on_rocks {
  temporary_directory directory;
  std::unique_ptr<store> held = must_open(options_at(directory / "data"));
  store& operator*() { return *held; }
};

/// Power goes and comes back: what was synced is there.
void lose_power(in_memory& fixture) { dynamic_cast<memory_store&>(*fixture.held).power_cut(); }
void lose_power(on_rocks& fixture) {
  fixture.held.reset();
  fixture.held = must_open(options_at(fixture.directory / "data"));
}

write_group disks(member_disks held) {
  write_group group;
  group.disks = std::move(held);
  return group;
}

write_group members(member_list held) {
  write_group group;
  group.members = std::move(held);
  return group;
}

write_group records(std::vector<record_change> changes) {
  write_group group;
  group.records = std::move(changes);
  return group;
}

write_group entries(std::vector<encoded_entry> appended, std::vector<log_position> ends) {
  write_group group;
  group.entries = std::move(appended);
  group.positions = std::move(ends);
  return group;
}

std::vector<std::string> keys_of(const record_page& page) {
  std::vector<std::string> keys;
  for (const auto& [k, record] : page.records) keys.push_back(k.bytes);
  return keys;
}

std::vector<sequence_number> sequences_of(const std::vector<encoded_entry>& found) {
  std::vector<sequence_number> sequences;
  for (const auto& e : found) sequences.push_back(e.sequence);
  return sequences;
}

using names = std::vector<std::string>;
using numbers = std::vector<sequence_number>;

}  // namespace

TYPE_TO_STRING(in_memory);
TYPE_TO_STRING(on_rocks);

TEST_SUITE("storage.contract") {
  TEST_CASE_TEMPLATE("an empty store holds nothing", Fixture, in_memory, on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    CHECK(*s.get(key("a")) == std::nullopt);
    CHECK(s.find(key_kind::memory, "alias")->empty());
    CHECK(s.scan(key_kind::memory, "", "", 10, 10)->records.empty());
    CHECK_FALSE(s.scan(key_kind::memory, "", "", 10, 10)->next);
    CHECK(s.read_log(own_log, 1, 10)->empty());
    const auto summary = s.summary();
    REQUIRE(summary.ok());
    CHECK(summary->vector.empty());
    CHECK(summary->buckets == digest_buckets{});
    CHECK(summary->counts == record_counts{});
    CHECK(summary->clock_bound == 0);
    CHECK(summary->epoch == 0);
    CHECK(summary->disks == member_disks{});
    CHECK(summary->disks.own == 0);
    CHECK_FALSE(summary->disks.complete);
  }

  TEST_CASE_TEMPLATE("get answers the newest record and tombstones too", Fixture, in_memory, on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    REQUIRE(s.commit(records({{key("a"), live(1, "one")}, {key("b"), live(1, "other")}})).ok());
    CHECK(*s.get(key("a")) == live(1, "one"));
    REQUIRE(s.commit(records({{key("a"), live(2, "two")}})).ok());
    CHECK(*s.get(key("a")) == live(2, "two"));
    REQUIRE(s.commit(records({{key("a"), tombstone(3)}})).ok());
    CHECK(*s.get(key("a")) == tombstone(3));
    CHECK(*s.get(key("b")) == live(1, "other"));
    CHECK(*s.get(key("")) == std::nullopt);
  }

  TEST_CASE_TEMPLATE("values and keys may hold any bytes", Fixture, in_memory, on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
    REQUIRE(s.commit(records({{key(bytes), live(1, bytes, bytes), "", true}})).ok());
    CHECK(*s.get(key(bytes)) == live(1, bytes, bytes));
    CHECK(*s.find(key_kind::memory, bytes) == std::vector{key(bytes)});
    CHECK(keys_of(*s.scan(key_kind::memory, bytes, "", 10, 10)) == names{bytes});
  }

  TEST_CASE_TEMPLATE("find answers the live records with an alias in key order", Fixture, in_memory, on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    REQUIRE(s.commit(records({{key("b"), live(1, "", "id"), "", true},
                              {key("a"), live(1, "", "id"), "", true},
                              {key("c"), live(1, "", "id2"), "", true},
                              {key("d"), live(1, "")}}))
                .ok());
    CHECK(*s.find(key_kind::memory, "id") == std::vector{key("a"), key("b")});
    CHECK(*s.find(key_kind::memory, "id2") == std::vector{key("c")});
    CHECK(s.find(key_kind::memory, "i")->empty());
    CHECK(s.find(key_kind::memory, "")->empty());
    CHECK(s.find(key_kind::memory, std::string(70'000, 'x'))->empty());

    REQUIRE(s.commit(records({{key("b"), live(2, "", "id2"), "id", true}, {key("a"), tombstone(2), "id"}})).ok());
    CHECK(s.find(key_kind::memory, "id")->empty());
    CHECK(*s.find(key_kind::memory, "id2") == std::vector{key("b"), key("c")});

    REQUIRE(s.commit(records({{key("c"), live(3, "newer", "id2")}})).ok());
    CHECK(*s.find(key_kind::memory, "id2") == std::vector{key("b"), key("c")});
  }

  TEST_CASE_TEMPLATE("the aliases with a prefix are those of live records, each once, the shortest first", Fixture,
                     in_memory, on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    const auto found = [&](std::string_view prefix, std::size_t count_max = 10) {
      return *s.aliases_with_prefix(key_kind::memory, prefix, count_max);
    };
    const auto of_kind = [](key_kind kind, const std::string& bytes) { return record_key{kind, bytes}; };
    REQUIRE(s.commit(records({{key("a"), live(1, "", "id-22"), "", true},
                              {key("b"), live(1, "", "id-1"), "", true},
                              {key("c"), live(1, "", "id-1"), "", true},
                              {key("d"), live(1, "", "id-333"), "", true},
                              {key("e"), live(1, "", "ie"), "", true},
                              {key("f"), live(1, "", "z" + std::string(999, 'i')), "", true},
                              {of_kind(key_kind::link, "g"), live(1, "", "id-4"), "", true}}))
                .ok());
    CHECK(found("id-") == names{"id-1", "id-22", "id-333"});
    CHECK(found("i") == names{"ie", "id-1", "id-22", "id-333"});
    CHECK(found("id-22") == names{"id-22"});
    CHECK(found("id-3") == names{"id-333"});
    CHECK(found("id-", 2) == names{"id-1", "id-22"});
    CHECK(found("z").size() == 1);
    CHECK(found("id-4").empty());
    CHECK(found("id-3333").empty());
    CHECK(found("").empty());
    CHECK(found(std::string(70'000, 'x')).empty());

    REQUIRE(
        s.commit(records({{key("b"), tombstone(2), "id-1"}, {key("d"), live(2, "", "id-9"), "id-333", true}})).ok());
    CHECK(found("id-") == names{"id-1", "id-9", "id-22"});
    REQUIRE(s.commit(records({{key("c"), tombstone(3), "id-1"}})).ok());
    CHECK(found("id-1").empty());
  }

  TEST_CASE_TEMPLATE("scan answers live records with the prefix in key order", Fixture, in_memory, on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    REQUIRE(s.commit(records({{key("b\xFF"), live(1, "")},
                              {key("b2"), live(1, "")},
                              {key("a"), live(1, "")},
                              {key("b1"), live(1, "value", "id"), "", true},
                              {key("b"), live(1, "")},
                              {key("b3"), tombstone(1)},
                              {key("c"), live(1, "")}}))
                .ok());
    const auto page = s.scan(key_kind::memory, "b", "", 10, 1'000);
    REQUIRE(page.ok());
    CHECK(keys_of(*page) == names{"b", "b1", "b2", "b\xFF"});
    CHECK(page->records[1].second == live(1, "value", "id"));
    CHECK_FALSE(page->next);
    CHECK(keys_of(*s.scan(key_kind::memory, "", "", 10, 1'000)) == names{"a", "b", "b1", "b2", "b\xFF", "c"});
    CHECK(keys_of(*s.scan(key_kind::memory, "b", "b1", 10, 1'000)) == names{"b2", "b\xFF"});
    CHECK(keys_of(*s.scan(key_kind::memory, "b", "b11", 10, 1'000)) == names{"b2", "b\xFF"});
    CHECK(keys_of(*s.scan(key_kind::memory, "b", "a", 10, 1'000)) == names{"b", "b1", "b2", "b\xFF"});
    CHECK(s.scan(key_kind::memory, "b", "c", 10, 1'000)->records.empty());
    CHECK(s.scan(key_kind::memory, "x", "", 10, 1'000)->records.empty());
  }

  TEST_CASE_TEMPLATE("pages joined at next are the whole", Fixture, in_memory, on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    std::vector<record_change> changes;
    names expected;
    for (int i = 100; i < 140; ++i) {
      const auto name = "k" + std::to_string(i);
      changes.push_back({key(name), i % 3 == 0 ? tombstone(1) : live(1, "value")});
      if (i % 3 != 0) expected.push_back(name);
    }
    REQUIRE(s.commit(records(changes)).ok());
    for (const std::size_t count_max : {1, 2, 7, 26, 27, 100}) {
      names joined;
      std::string after;
      for (int pages = 0; pages < 100; ++pages) {
        const auto page = s.scan(key_kind::memory, "k", after, count_max, 1'000'000);
        REQUIRE(page.ok());
        CHECK(page->records.size() <= count_max);
        for (auto& name : keys_of(*page)) joined.push_back(name);
        if (!page->next) break;
        after = *page->next;
      }
      CAPTURE(count_max);
      CHECK(joined == expected);
    }
  }

  TEST_CASE_TEMPLATE("a page ends once its values add up to the limit but is never empty", Fixture, in_memory,
                     on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    const std::string ten(10, 'v');
    REQUIRE(s.commit(records({{key("a"), live(1, ten)}, {key("b"), live(1, ten)}, {key("c"), live(1, ten)}})).ok());
    const auto sizes = [&](std::size_t bytes_max) {
      return s.scan(key_kind::memory, "", "", 100, bytes_max)->records.size();
    };
    CHECK(sizes(0) == 1);
    CHECK(sizes(10) == 1);
    CHECK(sizes(11) == 2);
    CHECK(sizes(20) == 2);
    CHECK(sizes(21) == 3);
    CHECK(s.scan(key_kind::memory, "", "", 100, 20)->next == "b");
    CHECK_FALSE(s.scan(key_kind::memory, "", "", 100, 30)->next);
  }

  TEST_CASE_TEMPLATE("no page follows when only tombstones do", Fixture, in_memory, on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    REQUIRE(s.commit(records({{key("a"), live(1, "")}, {key("b"), tombstone(1)}, {key("c"), tombstone(1)}})).ok());
    CHECK_FALSE(s.scan(key_kind::memory, "", "", 1, 1)->next);
  }

  TEST_CASE_TEMPLATE("a scan over very many tombstones stops on the way and goes on from there", Fixture, in_memory,
                     on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    std::vector<record_change> changes;
    for (std::size_t i = 0; i < page_builder::tombstones_max + 5; ++i)
      changes.push_back({key("d" + std::to_string(100'000 + i)), tombstone(1)});
    changes.push_back({key("e"), live(1, "")});
    REQUIRE(s.commit(records(changes)).ok());
    const auto first = s.scan(key_kind::memory, "", "", 10, 1'000);
    REQUIRE(first.ok());
    CHECK(first->records.empty());
    REQUIRE(first->next);
    const auto second = s.scan(key_kind::memory, "", *first->next, 10, 1'000);
    REQUIRE(second.ok());
    CHECK(keys_of(*second) == names{"e"});
    CHECK_FALSE(second->next);
  }

  TEST_CASE_TEMPLATE("a view shows what was there when it was made, whatever is written later", Fixture, in_memory,
                     on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    REQUIRE(s.commit(records({{key("a"), live(1, "one", "id-a"), "", true}, {key("b"), live(1, "", "id-b"), "", true}}))
                .ok());
    const auto view = s.view();
    REQUIRE(view);
    REQUIRE(s.commit(records({{key("a"), live(2, "two", "id-n"), "id-a", true},
                              {key("b"), tombstone(2), "id-b"},
                              {key("c"), live(2, "", "id-c"), "", true}}))
                .ok());
    CHECK(*view->get(key("a")) == live(1, "one", "id-a"));
    CHECK(*view->get(key("b")) == live(1, "", "id-b"));
    CHECK(*view->get(key("c")) == std::nullopt);
    CHECK(*view->find(key_kind::memory, "id-a") == std::vector{key("a")});
    CHECK(*view->find(key_kind::memory, "id-b") == std::vector{key("b")});
    CHECK(view->find(key_kind::memory, "id-n")->empty());
    CHECK(*view->aliases_with_prefix(key_kind::memory, "id-", 10) == names{"id-a", "id-b"});
    CHECK(keys_of(*view->scan(key_kind::memory, "", "", 10, 1'000)) == names{"a", "b"});
    CHECK(view->scan(key_kind::memory, "", "", 10, 1'000)->records.front().second == live(1, "one", "id-a"));
    CHECK(keys_of(*s.scan(key_kind::memory, "", "", 10, 1'000)) == names{"a", "c"});
    CHECK(keys_of(*s.view()->scan(key_kind::memory, "", "", 10, 1'000)) == names{"a", "c"});
  }

  TEST_CASE_TEMPLATE("read_log answers entries in order from the first asked for", Fixture, in_memory, on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    const log_id next_epoch{own_log.origin, own_log.epoch + 1};
    const log_id other{node_id{8}, 1};
    REQUIRE(s.commit(entries({entry_of(own_log, 1, "one"), entry_of(other, 1, "other"), entry_of(own_log, 2, "two")},
                             {{own_log, 2}, {other, 1}}))
                .ok());
    REQUIRE(s.commit(entries({entry_of(own_log, 3, "three"), entry_of(next_epoch, 1, "next")},
                             {{own_log, 3}, {next_epoch, 1}}))
                .ok());
    const auto all = s.read_log(own_log, 1, 1'000);
    REQUIRE(all.ok());
    REQUIRE(sequences_of(*all) == numbers{1, 2, 3});
    CHECK(all->front().log == own_log);
    CHECK(*all->front().bytes == "one");
    CHECK(*all->back().bytes == "three");
    CHECK(sequences_of(*s.read_log(own_log, 2, 1'000)) == numbers{2, 3});
    CHECK(s.read_log(own_log, 4, 1'000)->empty());
    CHECK(s.read_log(log_id{node_id{9}, 1}, 1, 1'000)->empty());
    CHECK(sequences_of(*s.read_log(next_epoch, 1, 1'000)) == numbers{1});
    CHECK(*s.read_log(other, 1, 1'000)->front().bytes == "other");
  }

  TEST_CASE_TEMPLATE("a log read from 0 is the caller's fault, one read from beyond its end is empty", Fixture,
                     in_memory, on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    const log_id highest{node_id{~0ull}, ~0ull};
    REQUIRE(s.commit(entries({entry_of(own_log, 1, "e"), entry_of(own_log, 2, "e"), entry_of(highest, 1, "e")},
                             {{own_log, 2}, {highest, 1}}))
                .ok());
    for (const auto& log : {own_log, highest, log_id{node_id{9}, 1}, log_id{}}) {
      CHECK(s.read_log(log, 0, 1'000).error().code() == errc::invalid_argument);
      CHECK(s.read_log(log, 0, 0).error().code() == errc::invalid_argument);
      for (const auto first : {3ull, 1ull << 32, 1ull << 63, ~0ull - 1, ~0ull}) {
        const auto read = s.read_log(log, first, 1'000);
        REQUIRE_MESSAGE(read.ok(), read.error());
        CHECK(read->empty());
      }
    }
    CHECK(sequences_of(*s.read_log(highest, 1, ~std::size_t{0})) == numbers{1});
    CHECK(sequences_of(*s.read_log(own_log, 1, ~std::size_t{0})) == numbers{1, 2});
  }

  TEST_CASE_TEMPLATE("a group that does not follow the ends of its logs is refused whole", Fixture, in_memory,
                     on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    REQUIRE(s.commit(numbered_group(1)).ok());
    auto group = numbered_group(2);
    SUBCASE("a gap in a log") { group.entries.front().sequence = group.positions.front().sequence = 3; }
    SUBCASE("an entry again") { group.entries.front().sequence = group.positions.front().sequence = 1; }
    SUBCASE("entry 0") { group.entries.front().sequence = group.positions.front().sequence = 0; }
    SUBCASE("the highest number there is") {
      group.entries.front().sequence = group.positions.front().sequence = ~0ull;
    }
    SUBCASE("a gap inside the group") {
      group.entries.push_back(entry_of(own_log, 4, "e"));
      group.positions.front().sequence = 4;
    }
    SUBCASE("a log that does not start at 1") {
      group.entries.push_back(entry_of({node_id{8}, 1}, 2, "e"));
      group.positions.push_back({{node_id{8}, 1}, 2});
    }
    SUBCASE("no position") { group.positions.clear(); }
    SUBCASE("a position without an entry") { group.entries.clear(); }
    SUBCASE("a position beyond the log") { group.positions.front().sequence = 3; }
    SUBCASE("an entry without bytes") { group.entries.front().bytes = nullptr; }
    SUBCASE("the clock bound goes back") { group.clock_bound = 0; }
    SUBCASE("fewer live records than none") { group.counts = record_counts{~0ull, 0}; }
    SUBCASE("fewer tombstones than none") { group.counts = record_counts{1, ~0ull - 5}; }
    SUBCASE("a key of no bytes") { group.records.back().key.bytes.clear(); }
    SUBCASE("a key that is too long") { group.records.back().key.bytes.assign(limits::key_bytes_max + 1, 'k'); }
    SUBCASE("a key without a kind") { group.records.back().key.kind = key_kind{}; }
    SUBCASE("an alias that is too long") {
      group.records.back().record.alias.assign(limits::alias_bytes_max + 1, 'a');
      group.records.back().alias_added = true;
    }
    SUBCASE("an empty alias is added") { group.records.back().alias_added = true; }
    SUBCASE("an alias removed that nothing has") {
      group.records.back().alias_removed.assign(limits::alias_bytes_max + 1, 'a');
    }
    SUBCASE("a tombstone with a value") { group.records.back().record.deleted = true; }
    SUBCASE("more members than a row can hold") {
      group.members.emplace();
      group.members->names.resize(256);
    }
    SUBCASE("a member's name that no row can hold") { group.members = member_list{{std::string(70'000, 'n')}, 1, {}}; }
    SUBCASE("a founder's name that no row can hold") { group.members = member_list{{}, 1, std::string(70'000, 'n')}; }
    SUBCASE("disks of more members than a row can hold") {
      group.disks.emplace();
      for (std::uint64_t n = 0; n < 256; ++n) group.disks->others[node_id{n}] = n;
    }
    const auto refused = s.commit(group);
    CAPTURE(refused);
    CHECK(refused.code() == errc::internal);
    CHECK(groups_held(s) == 1);
    CHECK(s.commit(numbered_group(2)).ok());
    lose_power(fixture);
    CHECK(groups_held(*fixture) == 2);
  }

  TEST_CASE_TEMPLATE("a row of a kind that this release does not know is a row like any other, and in nobody's way",
                     Fixture, in_memory, on_rocks) {
    Fixture fixture;
    const record_key later{static_cast<key_kind>(200), "b"};
    const record_key last{static_cast<key_kind>(255), "\xFF"};
    REQUIRE((*fixture)
                .commit(records({{key("a"), live(1, "one"), "", false},
                                 {{key_kind::usage, "u"}, live(1, "use"), "", false},
                                 {later, live(1, "bytes", "id"), "", true},
                                 {last, live(2, "bytes"), "", false}}))
                .ok());
    lose_power(fixture);
    store& s = *fixture;
    CHECK(*s.get(later) == live(1, "bytes", "id"));
    CHECK(*s.get(last) == live(2, "bytes"));
    CHECK(*s.find(later.kind, "id") == std::vector{later});
    CHECK(*s.aliases_with_prefix(later.kind, "i", 10) == names{"id"});
    CHECK(s.find(key_kind::memory, "id")->empty());
    CHECK(keys_of(*s.scan(later.kind, "", "", 10, 1'000)) == names{"b"});
    CHECK(keys_of(*s.scan(last.kind, "", "", 10, 1'000)) == names{"\xFF"});
    for (const auto kind : known_kinds) {
      const auto page = s.scan(kind, "", "", 10, 1'000);
      REQUIRE_MESSAGE(page.ok(), page.error());
      CHECK(page->records.size() == (kind == key_kind::memory || kind == key_kind::usage ? 1 : 0));
    }
    if (const auto reading = s.verify()) {
      auto read = reading->next();
      while (read.ok() && *read) read = reading->next();
      CHECK_MESSAGE(read.ok(), read.error());
    }
    REQUIRE(s.commit(records({{later, tombstone(3), "id", false}})).ok());
    CHECK(*s.get(later) == tombstone(3));
  }

  TEST_CASE_TEMPLATE("read_log keeps to its byte limit but answers at least one entry", Fixture, in_memory, on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    const std::string ten(10, 'e');
    REQUIRE(s.commit(entries({entry_of(own_log, 1, ten), entry_of(own_log, 2, ten), entry_of(own_log, 3, ten)},
                             {{own_log, 3}}))
                .ok());
    CHECK(sequences_of(*s.read_log(own_log, 1, 0)) == numbers{1});
    CHECK(sequences_of(*s.read_log(own_log, 1, 19)) == numbers{1});
    CHECK(sequences_of(*s.read_log(own_log, 1, 20)) == numbers{1, 2});
    CHECK(sequences_of(*s.read_log(own_log, 2, 29)) == numbers{2, 3});
  }

  TEST_CASE_TEMPLATE("the summary shows what was committed last", Fixture, in_memory, on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    const log_id later{node_id{~0ull}, 1};
    auto group = entries({entry_of(later, 1, "e"), entry_of(own_log, 1, "e"), entry_of(own_log, 2, "e")},
                         {{later, 1}, {own_log, 2}});
    group.buckets = {{0, {1, 2}}, {255, {3, ~0ull}}};
    group.counts = record_counts{4, 5};
    group.clock_bound = 6;
    REQUIRE(s.commit(group).ok());
    auto summary = s.summary();
    REQUIRE(summary.ok());
    CHECK(summary->vector == std::vector<log_position>{{own_log, 2}, {later, 1}});
    CHECK(summary->buckets[0] == digest_sum{1, 2});
    CHECK(summary->buckets[1] == digest_sum{});
    CHECK(summary->buckets[255] == digest_sum{3, ~0ull});
    CHECK(summary->counts == record_counts{4, 5});
    CHECK(summary->clock_bound == 6);

    group = {};
    group.buckets = {{0, {7, 8}}};
    group.clock_bound = 9;
    REQUIRE(s.commit(group).ok());
    summary = s.summary();
    REQUIRE(summary.ok());
    CHECK(summary->buckets[0] == digest_sum{7, 8});
    CHECK(summary->buckets[255] == digest_sum{3, ~0ull});
    CHECK(summary->counts == record_counts{4, 5});
    CHECK(summary->clock_bound == 9);
    CHECK(summary->vector.size() == 2);
  }

  TEST_CASE_TEMPLATE("which disks members have reads back as committed, all of it", Fixture, in_memory, on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    std::map<node_id, std::uint64_t> most;
    for (std::uint64_t n = 1; n < limits::members_max; ++n) most[node_id{~n}] = ~0ull - n;
    for (const auto& held : {member_disks{1, false, {}}, member_disks{~0ull, true, {}},
                             member_disks{7, true, {{node_id{2}, 20}}}, member_disks{7, false, most}}) {
      REQUIRE(s.commit(disks(held)).ok());
      CHECK(s.summary()->disks == held);
    }
  }

  TEST_CASE_TEMPLATE("which disks members have is replaced as a whole, and only by a group that names it", Fixture,
                     in_memory, on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    REQUIRE(s.commit(disks({7, false, {{node_id{2}, 20}, {node_id{3}, 30}}})).ok());
    REQUIRE(s.commit(disks({7, true, {{node_id{3}, 31}}})).ok());
    const member_disks held{7, true, {{node_id{3}, 31}}};
    CHECK(s.summary()->disks == held);
    REQUIRE(s.commit({}).ok());
    REQUIRE(s.commit(numbered_group(1)).ok());
    REQUIRE(s.begin_epoch(1, 1).ok());
    CHECK(s.summary()->disks == held);
  }

  TEST_CASE_TEMPLATE("which disks members have survives loss of power, with the group it came in", Fixture, in_memory,
                     on_rocks) {
    Fixture fixture;
    // Past a fold of the sums, which are kept in another way.
    constexpr std::uint64_t groups = 1'100;
    for (std::uint64_t n = 1; n <= groups; ++n) {
      auto group = numbered_group(n);
      if (n % 50 == 1) group.disks = member_disks{7, n % 100 == 1, {{node_id{2}, n}}};
      REQUIRE((*fixture).commit(group).ok());
      if (n % 350 != 0 && n != groups) continue;
      lose_power(fixture);
      const auto last = (n - 1) / 50 * 50 + 1;
      CAPTURE(n);
      CHECK(groups_held(*fixture) == n);
      CHECK((*fixture).summary()->disks == member_disks{7, last % 100 == 1, {{node_id{2}, last}}});
    }
  }

  TEST_CASE_TEMPLATE("of a group that is refused the disks are not taken either", Fixture, in_memory, on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    REQUIRE(s.commit(disks({7, false, {}})).ok());
    auto refused = records({{key("a"), live(1, "", std::string(70'000, 'x')), "", true}});
    refused.disks = member_disks{7, true, {{node_id{2}, 20}}};
    CHECK(s.commit(refused).code() == errc::internal);
    CHECK(s.summary()->disks == member_disks{7, false, {}});
  }

  TEST_CASE_TEMPLATE("the list of members reads back as committed, is replaced as a whole, and only when it is named",
                     Fixture, in_memory, on_rocks) {
    Fixture fixture;
    CHECK_FALSE((*fixture).summary()->members);
    member_list most{{}, ~0u, std::string(limits::node_name_bytes_max, 'f')};
    for (std::size_t n = 0; n < limits::members_max; ++n)
      most.names.push_back(std::string(limits::node_name_bytes_max - 1, 'n') + static_cast<char>('a' + n));
    // The store keeps what it is given, whatever that is.
    for (const auto& held : {most, member_list{}, member_list{{"b", "a", ""}, 0, "c"},
                             member_list{{"a", "b", "c"}, 2, {}}, member_list{{"a"}, 1, "a"}}) {
      REQUIRE((*fixture).commit(members(held)).ok());
      CHECK((*fixture).summary()->members == held);
    }
    const member_list last{{"a"}, 1, "a"};
    REQUIRE((*fixture).commit({}).ok());
    REQUIRE((*fixture).commit(numbered_group(1)).ok());
    REQUIRE((*fixture).commit(disks({7, true, {}})).ok());
    REQUIRE((*fixture).begin_epoch(1, 1).ok());
    CHECK((*fixture).summary()->members == last);
    lose_power(fixture);
    CHECK((*fixture).summary()->members == last);
    CHECK((*fixture).summary()->disks == member_disks{7, true, {}});
  }

  TEST_CASE_TEMPLATE("of a group that is refused the list of members is not taken either", Fixture, in_memory,
                     on_rocks) {
    Fixture fixture;
    auto refused = records({{key("a"), live(1, "", std::string(70'000, 'x')), "", true}});
    refused.members = member_list{{"a"}, 1, {}};
    CHECK((*fixture).commit(refused).code() == errc::internal);
    CHECK_FALSE((*fixture).summary()->members);
  }

  TEST_CASE_TEMPLATE("an empty group is a write like any other", Fixture, in_memory, on_rocks) {
    Fixture fixture;
    CHECK((*fixture).commit({}).ok());
  }

  TEST_CASE_TEMPLATE("an epoch is above every earlier one and not below the time", Fixture, in_memory, on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    CHECK(*s.begin_epoch(1'000, 0x1234) == (1'000ull << 16 | 0x1234));
    CHECK(*s.begin_epoch(1'000, 0x1234) == (1'000ull << 16 | 0x1235));
    CHECK(*s.begin_epoch(1, 0) == (1'000ull << 16 | 0x1236));
    CHECK(*s.begin_epoch(2'000, 0) == 2'000ull << 16);
    CHECK(s.summary()->epoch == 2'000ull << 16);
    CHECK(s.summary()->vector.empty());
  }

  TEST_CASE_TEMPLATE("after the highest epoch there is none, rather than the first again", Fixture, in_memory,
                     on_rocks) {
    Fixture fixture;
    constexpr std::uint64_t highest_ms = ~0ull >> 16;
    CHECK(*(*fixture).begin_epoch(highest_ms, 0xFFFF) == ~0ull);
    CHECK((*fixture).begin_epoch(highest_ms, 0xFFFF).error().code() == errc::internal);
    CHECK((*fixture).begin_epoch(1, 1).error().code() == errc::internal);
    CHECK((*fixture).summary()->epoch == ~0ull);
  }

  TEST_CASE_TEMPLATE("the first epoch is above zero at time zero", Fixture, in_memory, on_rocks) {
    Fixture fixture;
    CHECK(*(*fixture).begin_epoch(0, 0) == 1);
  }

  TEST_CASE_TEMPLATE("a record that cannot be stored is refused and nothing of its group is seen", Fixture, in_memory,
                     on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    CHECK(
        s.commit(records({{key("a"), live(1, "")}, {key("b"), live(1, "", std::string(70'000, 'x')), "", true}})).code()
        == errc::internal);
    CHECK(*s.get(key("a")) == std::nullopt);
    CHECK(s.commit(records({{key("a"), live(1, "")}})).ok());
  }

  TEST_CASE_TEMPLATE("readers beside the writer see only whole groups", Fixture, in_memory, on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    std::atomic<bool> done = false;
    std::uint64_t rounds = 0;
    std::string broken;  // the reader's, until it is joined
    std::thread reader([&] {
      for (bool last_round = false; !last_round && broken.empty(); ++rounds) {
        last_round = done;
        const auto summary = s.summary();
        const auto n = summary.ok() && !summary->vector.empty() ? summary->vector.front().sequence : 0;
        if (!summary.ok() || summary->clock_bound != n) broken = "a summary of two groups";
        if (n == 0) continue;
        const auto tail = s.read_log(own_log, n, 1);
        if (!tail.ok() || tail->size() != 1) broken = "a position without its entry";
        const auto shared = s.get(key("shared"));
        if (!shared.ok() || !*shared || (*shared)->stamp.time < n) broken = "a position without its record";
        // The alias moves on with every group: it may be gone by now, but never names another record.
        const auto found = s.find(key_kind::memory, "alias " + std::to_string(n));
        if (!found.ok() || found->size() > 1) broken = "an alias that is not its record's";
      }
    });
    for (std::uint64_t n = 1; n <= 200; ++n) CHECK(s.commit(numbered_group(n)).ok());
    done = true;
    reader.join();
    CHECK(broken == "");
    CHECK(rounds > 0);
  }

  TEST_CASE_TEMPLATE("a long history reads back whole", Fixture, in_memory, on_rocks) {
    Fixture fixture;
    store& s = *fixture;
    for (std::uint64_t n = 1; n <= 300; ++n) REQUIRE(s.commit(numbered_group(n, 1'000)).ok());
    CHECK(groups_held(s, 1'000) == 300);
  }
}
