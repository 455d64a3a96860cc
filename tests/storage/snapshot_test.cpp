// A store copied while it is written to, and made anew of the copy: nothing is missing, and nothing wrong gets through.
#include <doctest/doctest.h>

#include "storage/snapshot.hpp"
#include "support.hpp"

using namespace quorate;
using namespace quorate::storage;
using namespace quorate::storage::testing;

namespace {

constexpr std::uint64_t groups = 40;

std::string copy_of(const store& s) {
  const auto reading = s.snapshot();
  REQUIRE(reading);
  std::string all;
  for (;;) {
    const auto block = reading->next();
    REQUIRE_MESSAGE(block.ok(), block.error().message());
    if (block->empty()) return all;
    all += *block;
  }
}

/// The bytes in pieces of this size.
snapshot_input pieces(const std::string& bytes, std::size_t size) {
  return [&bytes, size, at = std::size_t{0}]() mutable -> result<std::string> {
    auto piece = bytes.substr(at, size);
    at += piece.size();
    return piece;
  };
}

status parse(const std::string& bytes) {
  snapshot_parser parser;
  if (auto fed = parser.feed(bytes, [](const snapshot_row&) { return status(); }); !fed) return fed;
  return parser.finish();
}

rocks_options for_node(const std::string& directory, const std::string& name) {
  auto options = options_at(directory);
  options.identity.node_name = name;
  return options;
}

}  // namespace

TEST_CASE("storage.snapshot: a restored store holds what the copied one held when the copy began") {
  const temporary_directory scratch;
  std::string bytes;
  store_summary before;
  {
    const auto s = must_open(options_at(scratch / "data"));
    for (std::uint64_t n = 1; n <= groups; ++n) REQUIRE(s->commit(numbered_group(n, 20'000)).ok());
    before = *s->summary();
    const auto reading = s->snapshot();
    bytes = *reading->next();
    for (std::uint64_t n = groups + 1; n <= groups + 20; ++n) REQUIRE(s->commit(numbered_group(n, 20'000)).ok());
    for (auto block = reading->next(); !block->empty(); block = reading->next()) bytes += *block;
  }
  const auto wanted = for_node(scratch / "restored", "other");
  const auto restored = restore_rocks_store(wanted, pieces(bytes, 1'000));
  REQUIRE_MESSAGE(restored.ok(), restored.error().message());
  CHECK(restored->owner.node_name == "other");
  const auto s = must_open(wanted);
  CHECK(groups_held(*s, 20'000) == groups);
  const auto after = *s->summary();
  CHECK(after.vector == before.vector);
  CHECK(after.buckets == before.buckets);
  CHECK(after.counts == before.counts);
  CHECK(after.epoch == before.epoch);
}

TEST_CASE("storage.snapshot: the disk of a restored store is a new one that holds nothing for certain") {
  const temporary_directory scratch;
  std::string bytes;
  {
    const auto s = must_open(options_at(scratch / "data"));
    write_group group;
    group.disks = member_disks{77, true, {{node_id{9}, 5}}};
    group.members = member_list{{"node-a", "node-b"}, 2, "node-a"};
    REQUIRE(s->commit(group).ok());
    bytes = copy_of(*s);
  }
  REQUIRE(restore_rocks_store(options_at(scratch / "restored"), pieces(bytes, bytes.size())).ok());
  const auto s = must_open(options_at(scratch / "restored"));
  CHECK(s->summary()->disks == member_disks{});
  CHECK_FALSE(s->summary()->members);
  CHECK(*s->begin_epoch(0, 0) > 0);
}

TEST_CASE("storage.snapshot: whose it is stays as it was unless somebody is named") {
  const temporary_directory scratch;
  const auto bytes = copy_of(*must_open(options_at(scratch / "data")));
  auto unnamed = options_at(scratch / "restored");
  unnamed.identity = {};
  const auto restored = restore_rocks_store(unnamed, pieces(bytes, 7));
  REQUIRE(restored.ok());
  CHECK(restored->owner.node_name == options_at("x").identity.node_name);
  must_open(options_at(scratch / "restored"));
}

TEST_CASE("storage.snapshot: every changed byte and every missing end is found") {
  const temporary_directory scratch;
  std::string bytes;
  {
    const auto s = must_open(options_at(scratch / "data"));
    for (std::uint64_t n = 1; n <= 3; ++n) REQUIRE(s->commit(numbered_group(n)).ok());
    bytes = copy_of(*s);
  }
  REQUIRE(parse(bytes).ok());
  for_each_flip(bytes, [](const std::string& flipped) { REQUIRE_FALSE(parse(flipped).ok()); });
  for (std::size_t length = 0; length < bytes.size(); ++length)
    REQUIRE(parse(bytes.substr(0, length)).code() == errc::corruption);
  CHECK(parse(bytes + "x").code() == errc::corruption);
  CHECK(parse("something else altogether").code() == errc::corruption);
}

TEST_CASE("storage.snapshot: a failed restore leaves no directory, one that was cut short does not stop the next") {
  const temporary_directory scratch;
  std::string bytes;
  {
    const auto s = must_open(options_at(scratch / "data"));
    REQUIRE(s->commit(numbered_group(1)).ok());
    bytes = copy_of(*s);
  }
  const auto wanted = options_at(scratch / "restored");
  const auto half = bytes.substr(0, bytes.size() / 2);
  CHECK(restore_rocks_store(wanted, pieces(half, 100)).error().code() == errc::corruption);
  CHECK_FALSE(std::filesystem::exists(wanted.directory));
  std::filesystem::create_directory(wanted.directory + ".restoring");
  write_bytes(wanted.directory + ".restoring/CURRENT", "remains");
  CHECK(restore_rocks_store(wanted, pieces(bytes, 100)).ok());
  const auto again = restore_rocks_store(wanted, pieces(bytes, 100));
  CHECK(again.error().code() == errc::invalid_argument);
  CHECK(again.error().field() == "--data");
}
