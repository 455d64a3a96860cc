// Entries as bytes: what is read or refused, whoever sent it.
#include "proto/entry_codec.hpp"

#include <doctest/doctest.h>

#include "proto/limits.hpp"
#include "quorate/v1/entry.pb.h"
#include "storage/memory_store.hpp"
#include "support.hpp"

using namespace quorate;
using namespace quorate::storage;
using namespace quorate::storage::testing;

namespace {

/// An entry as it is on the wire, with one change.
v1::Entry sent() {
  v1::Entry e;
  e.set_origin(1);
  e.set_epoch(2);
  e.set_sequence(3);
  e.set_time(4);
  auto* change = e.add_mutations();
  change->set_kind(1);
  change->set_key("key");
  change->set_alias("alias");
  change->set_value("value");
  return e;
}

status outcome(const v1::Entry& e) { return decode_entry(e.SerializeAsString()).error(); }

constexpr std::uint32_t later_kind = 200;
static_assert(!is_known(static_cast<key_kind>(later_kind)));

}  // namespace

TEST_SUITE("proto.entry_codec") {
  TEST_CASE("an entry reads back as it was written") {
    const entry e{{node_id{1}, 2},
                  3,
                  4,
                  {{{key_kind::memory, "a"}, false, "id", "value"}, {{key_kind::link, "b"}, true, {}, {}}},
                  node_id{9}};
    const auto read = decode_entry(encode(e));
    REQUIRE(read.ok());
    CHECK(*read == e);
  }

  TEST_CASE("what is no entry is malformed, and no word about a disk") {
    REQUIRE(outcome(sent()).ok());
    auto e = sent();
    SUBCASE("no epoch") { e.clear_epoch(); }
    SUBCASE("no sequence") { e.clear_sequence(); }
    SUBCASE("no time") { e.clear_time(); }
    SUBCASE("no changes") { e.clear_mutations(); }
    SUBCASE("no key") { e.mutable_mutations(0)->clear_key(); }
    SUBCASE("a key that is too long") { e.mutable_mutations(0)->set_key(std::string(limits::key_bytes_max + 1, 'k')); }
    SUBCASE("an alias that is too long") {
      e.mutable_mutations(0)->set_alias(std::string(limits::alias_bytes_max + 1, 'a'));
    }
    SUBCASE("kind 0") { e.mutable_mutations(0)->set_kind(0); }
    SUBCASE("a kind that has no byte") { e.mutable_mutations(0)->set_kind(256); }
    SUBCASE("a kind that a byte would cut to a known one") { e.mutable_mutations(0)->set_kind(257); }
    SUBCASE("too large") { e.mutable_mutations(0)->set_value(std::string(limits::entry_bytes_max, 'v')); }
    CHECK(outcome(e).code() == errc::malformed);
  }

  TEST_CASE("bytes that are none are malformed") {
    for (const std::string bytes : {"\x08", "what", "\xFF\xFF\xFF\xFF"})
      CHECK(decode_entry(bytes).error().code() == errc::malformed);
  }

  TEST_CASE("lengths and kinds at their bounds are taken") {
    auto e = sent();
    e.mutable_mutations(0)->set_key(std::string(limits::key_bytes_max, 'k'));
    e.mutable_mutations(0)->set_alias(std::string(limits::alias_bytes_max, 'a'));
    e.mutable_mutations(0)->set_kind(255);
    CHECK(outcome(e).ok());
  }

  TEST_CASE("a change of a kind that this release does not know is read as it is") {
    auto e = sent();
    e.mutable_mutations(0)->set_kind(later_kind);
    const auto read = decode_entry(e.SerializeAsString());
    REQUIRE(read.ok());
    CHECK(read->mutations.front() == mutation{{static_cast<key_kind>(later_kind), "key"}, false, "alias", "value"});
  }

  TEST_CASE("a deletion comes out with nothing but its key, so that every store takes it") {
    auto e = sent();
    e.mutable_mutations(0)->set_deleted(true);
    const auto read = decode_entry(e.SerializeAsString());
    REQUIRE(read.ok());
    CHECK(read->mutations.front() == mutation{{key_kind::memory, "key"}, true, {}, {}});
  }

  TEST_CASE("the table of kinds is what says which are known") {
    std::size_t known = 0;
    for (std::uint32_t number = 0; number <= 255; ++number)
      if (is_known(static_cast<key_kind>(number))) ++known;
    CHECK(known == std::size(known_kinds));
    CHECK(is_known(key_kind::memory));
    CHECK(is_known(known_kinds[std::size(known_kinds) - 1]));
  }
}
