#include <doctest/doctest.h>

#include "storage/big_endian.hpp"
#include "storage/checksum.hpp"
#include "storage/meta_codec.hpp"
#include "storage/record_codec.hpp"
#include "storage/sums_journal.hpp"
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
          live(4, std::string(100'000, 'v'), std::string(limits::alias_bytes_max, 'a')), tombstone(5)}) {
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
    CHECK(check_storable(live(1, "", std::string(limits::alias_bytes_max, 'a'))).ok());
    CHECK(check_storable(live(1, "", std::string(limits::alias_bytes_max + 1, 'a'))).code() == errc::internal);
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

  TEST_CASE("which disks members have is stored as docs/formats.md says") {
    const auto row = disks_row({0x0102, true, {{node_id{5}, 6}, {node_id{4}, 0x0A0B}}});
    CHECK(row.key == "disks");
    CHECK(row.value.substr(0, row.value.size() - 8)
          == std::string("\0\0\0\0\0\0\x01\x02"
                         "\x01"
                         "\x02"
                         "\0\0\0\0\0\0\0\x04"
                         "\0\0\0\0\0\0\x0A\x0B"
                         "\0\0\0\0\0\0\0\x05"
                         "\0\0\0\0\0\0\0\x06",
                         42));
    CHECK(disks_row({}).value.size() == 18);
  }

  TEST_CASE("which disks members have reads back as written") {
    member_disks most{~0ull, true, {}};
    for (std::uint64_t n = 0; n < limits::members_max; ++n) most.others[node_id{n << 33}] = n;
    for (const auto& disks : {member_disks{}, member_disks{1, false, {{node_id{~0ull}, ~0ull}}}, most}) {
      const auto decoded = decode_disks(disks_row(disks).value);
      REQUIRE_MESSAGE(decoded.ok(), decoded.error());
      CHECK(*decoded == disks);
    }
  }

  TEST_CASE("every flipped byte and every cut of the disks is corruption") {
    const auto value = disks_row({7, true, {{node_id{2}, 20}, {node_id{3}, 30}}}).value;
    for_each_flip(
        value, [](const std::string& flipped) { REQUIRE(decode_disks(flipped).error().code() == errc::corruption); });
    for (std::size_t size = 0; size < value.size(); ++size)
      REQUIRE(decode_disks(value.substr(0, size)).error().code() == errc::corruption);
    CHECK(decode_disks(value + '\0').error().code() == errc::corruption);
  }

  TEST_CASE("disks this release cannot have written are corruption even with a right checksum") {
    // The bytes of two others with another flag, another count, bytes too many or too few, or in the wrong row.
    const auto sealed = [](std::uint8_t complete, std::uint8_t count, std::size_t bytes,
                           std::string_view row = disks_key) {
      std::string value;
      append_big_endian(value, std::uint64_t{7});
      append_big_endian(value, complete);
      append_big_endian(value, count);
      for (std::size_t n = 0; n < bytes; ++n) value.push_back(static_cast<char>(n));
      seal(row, value);
      return value;
    };
    REQUIRE(decode_disks(sealed(0, 2, 32)).ok());
    REQUIRE(decode_disks(sealed(1, 2, 32)).ok());
    for (const auto& wrong : {sealed(2, 2, 32), sealed(0xFF, 2, 32), sealed(1, 1, 32), sealed(1, 3, 32),
                              sealed(1, 2, 31), sealed(1, 2, 33), sealed(1, 0, 1), sealed(1, 2, 32, epoch_key)})
      CHECK(decode_disks(wrong).error().code() == errc::corruption);
  }

  TEST_CASE(
      "the list of members is stored as docs/formats.md says, and every flipped byte and every cut is corruption") {
    const auto row = members_row({{"a", "bc"}, 2, "a"});
    CHECK(row.key == "members");
    CHECK(row.value.substr(0, row.value.size() - 8)
          == std::string("\0\0\0\x02"
                         "\x02"
                         "\0\x01"
                         "a"
                         "\0\x02"
                         "bc"
                         "\0\x01"
                         "a",
                         15));
    CHECK(*decode_members(row.value) == member_list{{"a", "bc"}, 2, "a"});
    CHECK(*decode_members(members_row({}).value) == member_list{});
    for_each_flip(row.value, [](const std::string& flipped) {
      REQUIRE(decode_members(flipped).error().code() == errc::corruption);
    });
    for (std::size_t size = 0; size < row.value.size(); ++size)
      REQUIRE(decode_members(row.value.substr(0, size)).error().code() == errc::corruption);
    CHECK(decode_members(row.value + '\0').error().code() == errc::corruption);
    sums_reader reader;
    CHECK(reader.add(row.key, row.value.substr(1)).code() == errc::corruption);
  }

  TEST_CASE("a directory whose disks are damaged does not say that it has none") {
    auto row = disks_row({7, true, {{node_id{2}, 20}}});
    row.value[0] = static_cast<char>(row.value[0] ^ 1);
    sums_reader reader;
    CHECK(reader.add(row.key, row.value).code() == errc::corruption);
  }
}
