#include "chaos/gate/canonical_json.hpp"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

namespace quorate::chaos {

TEST_SUITE("chaos.canonical_json") {
  TEST_CASE("texts of one value have one form") {
    const std::vector<std::pair<std::string, std::string>> pairs{
        {R"({"a":1,"b":[true,null]})", "{ \"b\" : [ true , null ],\n\"a\" : 1 }"},
        {"100", "1E2"},
        {"100", "100.00"},
        {"-0.0", "0"},
        {"0.5", "5e-1"},
        {"1e300", "1000e297"},
        {"123456789012345678901234567890", "1.2345678901234567890123456789e29"},
        {"\"\xC3\xBC\\/\"", R"("\u00fc/")"},
        {R"("\ud83e\udde0")", "\"\xF0\x9F\xA7\xA0\""},
        {R"({"":{"":[]}})", R"({"" : {"" : [ ]}})"}};
    for (const auto& [one, other] : pairs) {
      CAPTURE(one);
      REQUIRE(canonical_json(one));
      CHECK(*canonical_json(one) == canonical_json(other).value_or("none"));
    }
  }

  TEST_CASE("texts of two values have two") {
    const std::vector<std::pair<std::string, std::string>> pairs{
        {"1", "\"1\""},
        {"1", "-1"},
        {"0", "null"},
        {"0", "false"},
        {"123456789012345678901234567890", "123456789012345678901234567891"},
        {"0.1234567890123456789", "0.1234567890123456788"},
        {"9007199254740993", "9007199254740992"},
        {"[1,2]", "[2,1]"},
        {"[1,2]", "[12]"},
        {"[]", "{}"},
        {"[[1],2]", "[[1,2]]"},
        {R"({"a":1})", R"({"a":2})"},
        {R"({"a":1})", R"({"a":1,"b":null})"},
        {R"({"a":"b"})", R"({"a":"B"})"},
        {R"(["a","b"])", R"(["a,b"])"}};
    for (const auto& [one, other] : pairs) {
      CAPTURE(one);
      CAPTURE(other);
      REQUIRE(canonical_json(one));
      CHECK(*canonical_json(one) != canonical_json(other).value_or("none"));
    }
  }

  TEST_CASE("what is not JSON has none") {
    for (const std::string text : {"", "{", "{'a':1}", "01", "[1,]", "nul", "1 2", "\"\\ud800\""})
      CHECK_MESSAGE(!canonical_json(text), text);
  }
}

}  // namespace quorate::chaos
