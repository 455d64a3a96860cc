#include <doctest/doctest.h>

#include "storage/big_endian.hpp"
#include "storage/checksum.hpp"
#include "storage/meta_codec.hpp"
#include "storage/record_codec.hpp"
#include "support.hpp"

using namespace quorate;
using namespace quorate::storage;
using namespace quorate::storage::testing;

namespace {

const std::string stored_key = "\x01key";

std::string encoded(const stored_record& record) {
  std::string out = "left over from another record";
  encode_record(stored_key, record, out);
  return out;
}

/// A record value made of these header fields, with a checksum that matches.
std::string sealed_record(std::uint8_t format, std::uint8_t flags, std::uint16_t alias_length,
                          const std::string& contents) {
  std::string out;
  append_big_endian(out, format);
  append_big_endian(out, flags);
  append_big_endian(out, std::uint64_t{5});
  append_big_endian(out, std::uint64_t{7});
  append_big_endian(out, alias_length);
  out += contents;
  seal(stored_key, out);
  return out;
}

errc code_of(const std::string& value) { return decode_record(stored_key, value).error().code(); }

/// Calls `check` with each copy of `bytes` that differs in one byte: one bit flipped, all bits flipped.
template <class Check>
void for_each_flip(const std::string& bytes, Check check) {
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (const int mask : {0x01, 0x80, 0xFF}) {
      auto flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ mask);
      CAPTURE(at);
      check(flipped);
    }
}

}  // namespace

TEST_SUITE("storage.codec") {
  TEST_CASE("records read back as written") {
    for (const auto& record :
         {live(1, ""), live(~0ull, "value"), live(2, std::string("a\0b", 3), "alias"), live(3, "", "alias"),
          live(4, std::string(100'000, 'v'), std::string(0xFFFF, 'a')), tombstone(5)}) {
      const auto decoded = decode_record(stored_key, encoded(record));
      REQUIRE_MESSAGE(decoded.ok(), decoded.error());
      CHECK(*decoded == record);
    }
  }

  TEST_CASE("a record is stored as docs/formats.md says") {
    const auto bytes = encoded({{0x0102, node_id{0x0304}}, false, "id", "value"});
    CHECK(bytes.substr(0, bytes.size() - 8)
          == std::string("\x01\x00"
                         "\0\0\0\0\0\0\x01\x02"
                         "\0\0\0\0\0\0\x03\x04"
                         "\0\x02"
                         "idvalue",
                         27));
    CHECK(encoded(tombstone(1)).size() == 28);
    CHECK(encoded(tombstone(1))[1] == 1);
  }

  TEST_CASE("every flipped byte of a stored record is corruption") {
    for (const auto& record : {live(9, "some value", "alias"), tombstone(9)})
      for_each_flip(encoded(record), [](const std::string& flipped) { REQUIRE(code_of(flipped) == errc::corruption); });
  }

  TEST_CASE("every cut of a stored record is corruption") {
    const auto bytes = encoded(live(9, "some value", "alias"));
    for (std::size_t size = 0; size < bytes.size(); ++size) REQUIRE(code_of(bytes.substr(0, size)) == errc::corruption);
    CHECK(code_of(bytes + '\0') == errc::corruption);
  }

  TEST_CASE("a record under another key than its own is corruption") {
    const auto bytes = encoded(live(9, "some value", "alias"));
    CHECK(decode_record("\x01kez", bytes).error().code() == errc::corruption);
    CHECK(decode_record("", bytes).error().code() == errc::corruption);
  }

  TEST_CASE("a record this release cannot have written is corruption even with a right checksum") {
    CHECK(decode_record(stored_key, sealed_record(1, 0, 2, "idvalue")).ok());
    CHECK(code_of(sealed_record(0, 0, 2, "idvalue")) == errc::corruption);
    CHECK(code_of(sealed_record(2, 0, 2, "idvalue")) == errc::corruption);
    CHECK(code_of(sealed_record(1, 2, 2, "idvalue")) == errc::corruption);
    CHECK(code_of(sealed_record(1, 0, 8, "idvalue")) == errc::corruption);
    CHECK(decode_record(stored_key, sealed_record(1, 1, 0, "")).ok());
    CHECK(code_of(sealed_record(1, 1, 0, "value")) == errc::corruption);
    CHECK(code_of(sealed_record(1, 1, 2, "id")) == errc::corruption);
    std::string short_one = "\x01";
    seal(stored_key, short_one);
    CHECK(code_of(short_one) == errc::corruption);
  }

  TEST_CASE("what cannot be stored is refused") {
    CHECK(check_storable(live(1, "", std::string(0xFFFF, 'a'))).ok());
    CHECK(check_storable(live(1, "", std::string(0x10000, 'a'))).code() == errc::internal);
    CHECK(check_storable(tombstone(1)).ok());
    CHECK(check_storable({{1, node_id{1}}, true, "alias", ""}).code() == errc::internal);
    CHECK(check_storable({{1, node_id{1}}, true, "", "value"}).code() == errc::internal);
  }

  TEST_CASE("every flipped byte of a stored log entry is corruption") {
    std::string value = "the bytes of an entry";
    seal(stored_key, value);
    REQUIRE(decode_log_value(stored_key, value).ok());
    CHECK(*decode_log_value(stored_key, value) == "the bytes of an entry");
    for_each_flip(value, [](const std::string& flipped) {
      REQUIRE(decode_log_value(stored_key, flipped).error().code() == errc::corruption);
    });
    CHECK(decode_log_value("another key", value).error().code() == errc::corruption);
    CHECK(decode_log_value(stored_key, "short").error().code() == errc::corruption);
  }

  TEST_CASE("meta rows read back as written") {
    store_summary expected;
    expected.epoch = 1;
    expected.clock_bound = 2;
    expected.counts = {3, 4};
    expected.vector = {{{node_id{5}, 6}, 7}, {{node_id{~0ull}, ~0ull}, ~0ull}};
    expected.buckets[0] = {8, 9};
    expected.buckets[255] = {10, ~0ull};
    store_summary read;
    for (const auto& row :
         {bucket_row(0, expected.buckets[0]), bucket_row(255, expected.buckets[255]), clock_bound_row(2),
          counts_row(expected.counts), epoch_row(1), format_row(1), identity_row({"c", "n"}),
          position_row(expected.vector[0]), position_row(expected.vector[1])})
      CHECK(add_row(row.key, row.value, read).ok());
    CHECK(read.epoch == expected.epoch);
    CHECK(read.clock_bound == expected.clock_bound);
    CHECK(read.counts == expected.counts);
    CHECK(read.vector == expected.vector);
    CHECK(read.buckets == expected.buckets);

    CHECK(*decode_format(format_row(77).value) == 77);
    const auto identity = decode_identity(identity_row({"cluster", "node"}).value);
    REQUIRE(identity.ok());
    CHECK(identity->cluster_id == "cluster");
    CHECK(identity->node_name == "node");
  }

  TEST_CASE("every flipped byte of a meta row is corruption") {
    for (const auto& row : {bucket_row(3, {8, 9}), clock_bound_row(2), counts_row({3, 4}), epoch_row(1),
                            position_row({{node_id{5}, 6}, 7})}) {
      CAPTURE(row.key);
      for_each_flip(row.value, [&](const std::string& flipped) {
        store_summary ignored;
        REQUIRE(add_row(row.key, flipped, ignored).code() == errc::corruption);
      });
    }
    for_each_flip(format_row(1).value, [](const std::string& flipped) {
      REQUIRE(decode_format(flipped).error().code() == errc::corruption);
    });
    for_each_flip(identity_row({"cluster", "node"}).value, [](const std::string& flipped) {
      REQUIRE(decode_identity(flipped).error().code() == errc::corruption);
    });
  }

  TEST_CASE("a meta row that is not known is corruption") {
    store_summary ignored;
    std::string value;
    seal("floor", value);
    CHECK(add_row("floor", value, ignored).code() == errc::corruption);
    CHECK(add_row("bucket/", clock_bound_row(2).value, ignored).code() == errc::corruption);
    CHECK(add_row("position/short", clock_bound_row(2).value, ignored).code() == errc::corruption);
  }
}
