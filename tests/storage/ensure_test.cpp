// What the store never writes, whoever asks: the last line before a row that cannot be read back as it was meant.
#include "proto/ensure.hpp"

#include <doctest/doctest.h>

#include "storage/keys.hpp"
#include "storage/record_codec.hpp"
#include "storage/snapshot.hpp"
#include "storage/sums_journal.hpp"
#include "support.hpp"

using namespace quorate;
using namespace quorate::storage;
using namespace quorate::storage::testing;

namespace {

struct broken_condition {
  std::string what;
};

/// While it lives, a broken condition is thrown.
class thrown_conditions {
 public:
  thrown_conditions()
      : before_(on_broken([](const char* what, const char*, unsigned) { throw broken_condition{what}; })) {}
  thrown_conditions(const thrown_conditions&) = delete;
  ~thrown_conditions() { on_broken(before_); }

 private:
  broken_handler before_;
};

template <class Do>
std::string broken_by(Do act) {
  const thrown_conditions meanwhile;
  try {
    act();
  } catch (const broken_condition& broken) {
    return broken.what;
  }
  return {};
}

std::string written_after(const write_group& first, const write_group& second) {
  sums_journal journal{stored_sums()};
  journal.rows(first);
  return broken_by([&] { journal.rows(second); });
}

write_group ending_at(sequence_number end) {
  write_group group;
  group.positions.push_back({own_log, end});
  return group;
}

write_group bounded_by(std::uint64_t bound) {
  write_group group;
  group.clock_bound = bound;
  return group;
}

}  // namespace

TEST_SUITE("storage.ensure") {
  TEST_CASE("a record is stored only as it can be read back") {
    std::string out;
    const auto stored = [&](const stored_record& record) {
      return broken_by([&] { encode_record("k", record, out); });
    };
    CHECK(stored(live(1, "value", std::string(limits::alias_bytes_max, 'a'))).empty());
    CHECK_FALSE(stored(live(1, "value", std::string(limits::alias_bytes_max + 1, 'a'))).empty());
    CHECK_FALSE(stored({{1, node_id{1}}, true, "", "value"}).empty());
  }

  TEST_CASE("no key is made of an alias whose length it cannot hold") {
    const auto prefix = [](std::size_t bytes) {
      return broken_by([&] {
        std::string out;
        append_alias_prefix(out, key_kind::memory, std::string(bytes, 'a'));
      });
    };
    CHECK(prefix(limits::alias_bytes_max).empty());
    CHECK_FALSE(prefix(limits::alias_bytes_max + 1).empty());
    CHECK_FALSE(prefix(0x10001).empty());
  }

  TEST_CASE("the ends of logs and the bound on the clock only go on") {
    CHECK(written_after(ending_at(4), ending_at(5)).empty());
    CHECK_FALSE(written_after(ending_at(4), ending_at(4)).empty());
    CHECK_FALSE(written_after(ending_at(4), ending_at(3)).empty());
    CHECK(written_after(bounded_by(4), bounded_by(4)).empty());
    CHECK_FALSE(written_after(bounded_by(4), bounded_by(3)).empty());
  }

  TEST_CASE("rows of names and numbers are made only of what fits them") {
    CHECK(broken_by([] { identity_row({std::string(0xFFFF, 'c'), "n"}); }).empty());
    CHECK_FALSE(broken_by([] { identity_row({std::string(0x10000, 'c'), "n"}); }).empty());
    member_disks disks;
    for (std::uint64_t n = 0; n < 255; ++n) disks.others[node_id{n}] = n;
    CHECK(broken_by([&] { disks_row(disks); }).empty());
    disks.others[node_id{255}] = 1;
    CHECK_FALSE(broken_by([&] { disks_row(disks); }).empty());
    member_list members;
    members.names.resize(256);
    CHECK_FALSE(broken_by([&] { members_row(members); }).empty());
    write_group many;
    for (std::uint64_t n = 0; n < 0x10000; ++n) many.positions.push_back({{node_id{n}, 1}, 1});
    CHECK_FALSE(written_after({}, many).empty());
  }

  TEST_CASE("no row of a snapshot is taken for its end") {
    snapshot_blocks blocks;
    CHECK(broken_by([&] { blocks.add({0, "key", "value"}); }).empty());
    CHECK_FALSE(broken_by([&] { blocks.add({255, "key", "value"}); }).empty());
  }
}
