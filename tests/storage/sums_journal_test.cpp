#include "storage/sums_journal.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>

#include "support.hpp"

using namespace quorate;
using namespace quorate::storage;
using namespace quorate::storage::testing;

namespace {

/// The column family, as a map.
struct rows_on_disk {
  std::map<std::string, std::string> rows;

  void put(const std::vector<meta_row>& written) {
    for (const auto& row : written) rows[row.key] = row.value;
  }
  stored_sums read() const {
    sums_reader reader;
    for (const auto& [key, value] : rows) REQUIRE(reader.add(key, value).ok());
    return reader.take();
  }
};

/// Random changes, applied to `expected` too.
write_group next_group(std::mt19937& random, store_summary& expected) {
  std::map<log_id, sequence_number> ends;
  for (const auto& position : expected.vector) ends[position.log] = position.sequence;
  write_group group;
  for (auto n = random() % 3; n > 0; --n) {
    const log_id log{node_id{1 + random() % 2}, 1 + random() % 3};
    ends[log] += 1 + random() % 5;
    group.positions.push_back({log, ends[log]});
  }
  for (auto n = random() % 20; n > 0; --n) {
    const auto bucket = static_cast<std::uint8_t>(random());
    expected.buckets[bucket] = {random(), random()};
    group.buckets.emplace_back(bucket, expected.buckets[bucket]);
  }
  if (random() % 2 != 0) group.counts = expected.counts = {random(), random()};
  if (random() % 4 == 0) group.clock_bound = expected.clock_bound = expected.clock_bound + random();
  expected.vector.clear();
  for (const auto& [log, end] : ends) expected.vector.push_back({log, end});
  return group;
}

void check_equal(const store_summary& read, const store_summary& expected) {
  REQUIRE(read.vector == expected.vector);
  REQUIRE(read.buckets == expected.buckets);
  REQUIRE(read.counts == expected.counts);
  REQUIRE(read.clock_bound == expected.clock_bound);
}

}  // namespace

TEST_SUITE("storage.sums_journal") {
  TEST_CASE("the sums read back after every group, over folds, laps of the ring and new lives of the writer") {
    std::mt19937 random(7);
    for (const int life_groups : {1, 10, 3000}) {
      CAPTURE(life_groups);
      rows_on_disk disk;
      store_summary expected;
      for (int n = 0; n < 5000;) {
        sums_journal journal(disk.read());
        for (int i = 0; i < life_groups && n < 5000; ++i, ++n) {
          disk.put(journal.rows(next_group(random, expected)));
          if (n % 97 == 0 || n % group_slots < 2) check_equal(disk.read().summary, expected);
        }
      }
      check_equal(disk.read().summary, expected);
      CHECK(disk.read().last_group == 5000);
      CHECK(disk.rows.size() <= group_slots + limits::digest_buckets + 6 + 3);
    }
  }

  TEST_CASE("a group costs one row, but for the folds") {
    std::mt19937 random(7);
    store_summary expected;
    sums_journal journal(stored_sums{});
    std::size_t rows = 0;
    for (int n = 0; n < 10'000; ++n) rows += journal.rows(next_group(random, expected)).size();
    CHECK(rows < 10'000 + 30 * (limits::digest_buckets + 9));
  }

  TEST_CASE("every flipped byte of every row is corruption") {
    rows_on_disk disk;
    sums_journal journal(stored_sums{});
    write_group group;
    group.positions = {{{node_id{5}, 6}, 7}};
    group.buckets = {{3, {8, 9}}};
    group.counts = {3, 4};
    group.clock_bound = 2;
    disk.put(journal.rows(group));
    ++group.positions.front().sequence;
    disk.put(journal.rows(group));
    std::size_t groups = 0;
    for (const auto& [key, value] : disk.rows) {
      CAPTURE(key);
      if (key.starts_with("group/")) ++groups;
      if (key.starts_with("bucket/") && key.back() != 3) continue;
      for_each_flip(value, [&key = key](const std::string& flipped) {
        sums_reader reader;
        REQUIRE(reader.add(key, flipped).code() == errc::corruption);
      });
    }
    CHECK(groups == 1);
  }

  TEST_CASE("a row that is not known, or lies in the wrong place, is corruption") {
    rows_on_disk disk;
    sums_journal journal(stored_sums{});
    disk.put(journal.rows({}));
    disk.put(journal.rows({}));
    std::string value;
    seal("floor", value);
    CHECK(sums_reader().add("floor", value).code() == errc::corruption);
    const auto& bound = disk.rows.at("clock_bound");
    CHECK(sums_reader().add("bucket/", bound).code() == errc::corruption);
    CHECK(sums_reader().add("position/short", bound).code() == errc::corruption);
    CHECK(sums_reader().add("group/", bound).code() == errc::corruption);
  }
}
