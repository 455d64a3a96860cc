#include "storage/keys.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "storage/big_endian.hpp"
#include "support.hpp"

using namespace quorate;
using namespace quorate::storage;

namespace {

std::string stored(const record_key& key) {
  std::string out;
  append_record_key(out, key.kind, key.bytes);
  return out;
}

std::string stored(const log_position& position) {
  std::string out;
  append_log_key(out, position.log, position.sequence);
  return out;
}

// Values at which a wrong byte order or a signed comparison shows.
constexpr std::uint64_t telling_numbers[] = {0,      1,      127,        128,         255,        256,
                                             0x7FFF, 0x8000, 0xFFFFFFFF, 0x100000000, 1ull << 63, ~0ull};

}  // namespace

TEST_SUITE("storage.keys") {
  TEST_CASE("stored log keys sort as log and sequence do and read back as written") {
    std::vector<log_position> positions;
    for (const auto origin : telling_numbers)
      for (const auto epoch : telling_numbers)
        for (const auto sequence : telling_numbers) positions.push_back({{node_id{origin}, epoch}, sequence});
    std::sort(positions.begin(), positions.end());
    std::string previous;
    for (const auto& position : positions) {
      const auto bytes = stored(position);
      REQUIRE(previous < bytes);
      REQUIRE(parse_log_key(bytes) == position);
      previous = bytes;
    }
  }

  TEST_CASE("a log key is origin then epoch then sequence with the highest byte first") {
    CHECK(stored(log_position{{node_id{0x0102030405060708}, 0x1112131415161718}, 0x21})
          == std::string("\x01\x02\x03\x04\x05\x06\x07\x08\x11\x12\x13\x14\x15\x16\x17\x18\0\0\0\0\0\0\0\x21", 24));
  }

  TEST_CASE("stored record keys sort as record keys do and read back as written") {
    std::vector<record_key> keys;
    for (const std::string bytes : {"", "a", "a b", "ab", "b", "\x7F", "\x80", "\xFF", "\xFF\xFF"})
      keys.push_back({key_kind::memory, bytes});
    keys.push_back({key_kind::memory, std::string("a\0b", 3)});
    std::sort(keys.begin(), keys.end());
    std::string previous;
    for (const auto& key : keys) {
      const auto bytes = stored(key);
      REQUIRE(previous < bytes);
      REQUIRE(parse_record_key(bytes) == key);
      previous = bytes;
    }
  }

  TEST_CASE("keys of a wrong length or kind are refused") {
    CHECK_FALSE(parse_record_key(""));
    CHECK_FALSE(parse_record_key(std::string("\0key", 4)));
    CHECK(parse_record_key("\x07key"));
    CHECK(parse_record_key("\xFFkey"));  // of a later release
    const auto log_key = stored(log_position{{node_id{1}, 2}, 3});
    CHECK_FALSE(parse_log_key(log_key.substr(1)));
    CHECK_FALSE(parse_log_key(log_key + "x"));
    CHECK_FALSE(alias_prefix_length(""));
    CHECK_FALSE(
        alias_prefix_length(std::string("\x01\x00\x03"
                                        "ab",
                                        5)));
  }

  TEST_CASE("an alias key starts with the prefix of its alias and of no other one") {
    const std::string aliases[] = {"a", "ab", "abc", "b", std::string("a\0", 2), std::string(300, 'x')};
    for (const auto& alias : aliases) {
      std::string whole;
      append_alias_key(whole, key_kind::memory, alias, "bc");
      for (const auto& other : aliases) {
        std::string prefix;
        append_alias_prefix(prefix, key_kind::memory, other);
        CHECK(whole.starts_with(prefix) == (alias == other));
        if (alias == other) CHECK(alias_prefix_length(whole) == prefix.size());
      }
    }
  }

  TEST_CASE("the end of a prefix is above all that start with it and not above anything else") {
    CHECK(end_of_prefix("ab") == "ac");
    CHECK(end_of_prefix("a\xFF\xFF") == "b");
    CHECK(end_of_prefix("a\x7F") == "a\x80");
    CHECK_FALSE(end_of_prefix(""));
    CHECK_FALSE(end_of_prefix("\xFF\xFF"));
  }

  TEST_CASE("reading past the end of stored bytes is noticed") {
    byte_reader in("\x01\x02");
    CHECK(in.number<std::uint8_t>() == 1);
    CHECK(in.number<std::uint16_t>() == 0);
    CHECK_FALSE(in.complete());
    byte_reader left_over("\x01\x02");
    left_over.number<std::uint8_t>();
    CHECK_FALSE(left_over.complete());
  }
}
