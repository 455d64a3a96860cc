#include "memory/key.hpp"

#include <doctest/doctest.h>

using namespace quorate;
using namespace quorate::memory;
using namespace std::string_literals;

TEST_SUITE("memory.key") {
  TEST_CASE("a key is namespace, a zero byte, title, and starts with the prefix of its namespace") {
    CHECK(key_of("global", "first").bytes == "global\0first"s);
    CHECK(key_of("global", "first").kind == key_kind::memory);
    CHECK(key_of("a", "b").bytes.starts_with(prefix_of("a")));
    CHECK_FALSE(key_of("ab", "b").bytes.starts_with(prefix_of("a")));
    CHECK(key_of("a", "bc") != key_of("ab", "c"));
  }

  TEST_CASE("a derived id is the version 5 UUID of the key bytes in the project's namespace, in lower case") {
    CHECK(derived_id(key_of("global", "first")) == "10cbe36f-0464-5e5f-b7d4-0930515b366e");
    CHECK(derived_id(key_of("wörk/ä", "naïve")) == "1603277c-cb59-5e08-9ff7-0b48c585698b");
  }

  TEST_CASE("an id derived from key and version differs from that of the key, and for every version") {
    const record_key key = key_of("global", "first");
    const version stamp{0x0123456789abcdef, node_id{42}};
    CHECK(derived_id(key, stamp) == "b4305aa0-c423-50ad-98b3-117c8f35650e");
    CHECK(derived_id(key, stamp) != derived_id(key));
    CHECK(derived_id(key, stamp) != derived_id(key, version{stamp.time + 1, stamp.node}));
    CHECK(derived_id(key, stamp) != derived_id(key, version{stamp.time, node_id{43}}));
  }

  TEST_CASE("a drawn id is a UUID of version 4 and another one each time") {
    const auto id = random_id();
    REQUIRE(id.size() == 36);
    CHECK(id[14] == '4');
    CHECK(id != random_id());
  }
}
