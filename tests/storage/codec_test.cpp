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

  TEST_CASE("what the directory is reads back as written, and every flipped byte is corruption") {
    CHECK(*decode_format(format_row(77).value) == 77);
    const auto identity = decode_identity(identity_row({"cluster", "node"}).value);
    REQUIRE(identity.ok());
    CHECK(identity->cluster_id == "cluster");
    CHECK(identity->node_name == "node");
    for_each_flip(format_row(1).value, [](const std::string& flipped) {
      REQUIRE(decode_format(flipped).error().code() == errc::corruption);
    });
    for_each_flip(identity_row({"cluster", "node"}).value, [](const std::string& flipped) {
      REQUIRE(decode_identity(flipped).error().code() == errc::corruption);
    });
  }
}
