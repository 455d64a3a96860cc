#include "memory/metadata.hpp"

#include <doctest/doctest.h>

#include "proto/limits.hpp"

using namespace quorate;
using namespace quorate::memory;

namespace {

std::string compact(std::string_view text) {
  const auto made = compact_metadata(text);
  return made ? *made : made.error().message();
}

/// An object of that depth: objects and arrays by turns, a scalar inside.
std::string nested(int depth) {
  std::string text = "1";
  for (int level = depth; level > 1; --level) text = level % 2 == 0 ? '[' + text + ']' : "{\"k\":" + text + '}';
  return "{\"k\":" + text + '}';
}

/// An object whose compact text has that many bytes.
std::string sized(std::size_t bytes) { return "{\"k\":\"" + std::string(bytes - 8, 'x') + "\"}"; }

}  // namespace

TEST_SUITE("memory.metadata") {
  TEST_CASE("metadata is kept compact, in the order of its keys, with text as UTF-8") {
    CHECK(compact("") == "{}");
    CHECK(compact("{}") == "{}");
    CHECK(compact(" {\n} ") == "{}");
    CHECK(compact(R"( { "z" : [ 1 , true , null , "x y" , [ ] , { } ] , "a" : false } )")
          == R"({"z":[1,true,null,"x y",[],{}],"a":false})");
    CHECK(compact(R"({"k":"\u00e9\ud83d\ude00é\/\u0000\u001f\b\f\n\r\t\"\\"})")
          == "{\"k\":\"é\U0001F600é/\\u0000\\u001f\\b\\f\\n\\r\\t\\\"\\\\\"}");
  }

  TEST_CASE("numbers keep their value: integers stay integers, what fits no 64 bits is kept digit by digit") {
    for (const char* number : {"0", "-1", "9007199254740993", "-9007199254740993", "9223372036854775807",
                               "-9223372036854775808", "18446744073709551615", "18446744073709551616",
                               "-9223372036854775809", "123456789012345678901234567890", "1.0", "0.1", "1e5", "1E+5",
                               "-0.0", "0.1000000000000000055511151231257827", "1e-400", "1.7976931348623157e308"}) {
      const std::string text = std::string("{\"n\":") + number + '}';
      CHECK(compact(text) == text);
    }
    CHECK(compact(R"({"n":1e999})") == "metadata: must be a JSON object: malformed JSON at byte 9");
  }

  TEST_CASE("compacting is idempotent") {
    for (const char* text : {R"({"a":[1,2.50,{"b":"\u000b"}],"agent_id":"x"})", R"({"n":1E+5,"":{}})"}) {
      CHECK(compact(compact(text)) == compact(text));
    }
  }

  TEST_CASE("metadata that is not a JSON object is refused, malformed text with the byte it stops at") {
    CHECK(compact("null") == "metadata: must be a JSON object, got null");
    CHECK(compact("[]") == "metadata: must be a JSON object, got an array");
    CHECK(compact("\"{}\"") == "metadata: must be a JSON object, got a string");
    CHECK(compact("3") == "metadata: must be a JSON object, got a number");
    CHECK(compact("true") == "metadata: must be a JSON object, got true or false");
    CHECK(compact("{") == "metadata: must be a JSON object: malformed JSON at byte 1");
    CHECK(compact(R"({"a":x})") == "metadata: must be a JSON object: malformed JSON at byte 5");
    CHECK(compact("{} {}") == "metadata: must be a JSON object: malformed JSON at byte 3");
    CHECK(compact("{\"a\":\"\xC3(\"}") == "metadata: must be a JSON object: not UTF-8 at byte 6");
    CHECK_FALSE(compact_metadata(R"({"a":"\ud800"})"));
    CHECK_FALSE(compact_metadata(R"({"a":1,})"));
    CHECK_FALSE(compact_metadata(R"({'a':1})"));
    CHECK_FALSE(compact_metadata(R"({"a":NaN})"));
    CHECK_FALSE(compact_metadata(R"({"a":01})"));
    CHECK_FALSE(compact_metadata("{\"a\":\"\n\"}"));
    CHECK(compact_metadata("[]").error().field() == "metadata");
    CHECK(compact_metadata("[]").error().code() == errc::invalid_argument);
  }

  TEST_CASE("a key twice in one object is refused at every level; the same key in two objects is not") {
    CHECK(compact(R"({"a":1,"b":2,"a":3})") == "metadata: must not hold a key twice in one object");
    CHECK(compact(R"({"x":[{"a":1,"\u0061":3}]})") == "metadata: must not hold a key twice in one object");
    CHECK(compact_metadata(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}],"ab":0})"));
    CHECK_FALSE(compact_metadata(R"({"a":{"b":1,"c":2},"d":3,"a":4})"));
  }

  TEST_CASE("32 levels are taken, 33 are refused, and a million cost no stack") {
    CHECK(compact(nested(31)) == nested(31));
    CHECK(compact(nested(32)) == nested(32));
    CHECK(compact(nested(33)) == "metadata: must not nest deeper than 32 levels, got more");
    CHECK_FALSE(compact_metadata("{\"k\":" + std::string(1'000'000, '[')));
    std::string objects;
    for (int i = 0; i < 300'000; ++i) objects += "{\"k\":";
    CHECK_FALSE(compact_metadata(objects));
    CHECK_FALSE(compact_metadata(std::string(1'000'000, '[')));
  }

  TEST_CASE("the size limit counts the compact text") {
    CHECK(compact_metadata(sized(65'535)));
    CHECK(compact_metadata(sized(65'536)));
    CHECK(compact(sized(65'537)) == "metadata: must have at most 65536 bytes as compact JSON, got 65537");
    CHECK(compact(std::string(100'000, ' ') + sized(65'536)).size() == 65'536);
  }

  TEST_CASE("an object of very many keys is checked in little time") {
    std::string text = "{";
    for (int i = 0; i < 8'000; ++i) text += '"' + std::to_string(i) + "\":0,";
    CHECK(compact_metadata(text + "\"last\":0}").error().context().starts_with("must have at most 65536"));
    CHECK(compact(text + "\"7\":0}") == "metadata: must not hold a key twice in one object");
  }

  TEST_CASE("the agent_id that was there first stays; everything else is the new metadata") {
    CHECK(keep_agent_id(R"({"a":1})", R"({})") == R"({"a":1})");
    CHECK(keep_agent_id(R"({"agent_id":"new"})", R"({"b":2})") == R"({"agent_id":"new"})");
    CHECK(keep_agent_id(R"({"a":1})", R"({"b":2,"agent_id":"old"})") == R"({"a":1,"agent_id":"old"})");
    CHECK(keep_agent_id(R"({})", R"({"agent_id":"old"})") == R"({"agent_id":"old"})");
    CHECK(keep_agent_id(R"({"a":1,"agent_id":"new","z":2})", R"({"agent_id":"old"})")
          == R"({"a":1,"agent_id":"old","z":2})");
    CHECK(keep_agent_id(R"({"agent_id":"new"})", R"({"agent_id":null})") == R"({"agent_id":"new"})");
    CHECK(keep_agent_id(R"({"agent_id":null})", R"({"agent_id":"old"})") == R"({"agent_id":"old"})");
  }

  TEST_CASE("agent_id is a key of the object itself, not of what is in it, and not a part of a text") {
    CHECK(keep_agent_id(R"({"a":1})", R"({"x":{"agent_id":"inner"}})") == R"({"a":1})");
    CHECK(keep_agent_id(R"({"a":1})", R"({"x":["agent_id","y"],"k":"\"agent_id\":1"})") == R"({"a":1})");
    CHECK(keep_agent_id(R"({"a":"}\\","b":[{"agent_id":5}]})", R"({"x":"{[\"","agent_id":{"n":[1,"]}"]}})")
          == R"({"a":"}\\","b":[{"agent_id":5}],"agent_id":{"n":[1,"]}"]}})");
  }

  TEST_CASE("keeping the agent_id reads within bounds, also of text that is no object") {
    for (const std::string_view existing :
         {"", "{", "}", "]", "{\"", "{\"a", "{\"a\\", "{\"a\"", "{\"a\":", "{\"agent_id\":", "{\"agent_id\":\"\\", "{]",
          "{\"a\":]]]", "[1,2]", "{\"agent_id\"}"}) {
      CHECK(keep_agent_id("{}", existing).starts_with("{"));
      const std::string incoming(existing);
      CHECK_NOTHROW(keep_agent_id(incoming + "{}", R"({"agent_id":"old"})"));
    }
  }

  TEST_CASE("a member is found, read as text and set without touching the others") {
    const std::string_view object = R"({"n":12345678901234567890123,"t":"a\nb","o":{"t":"inner"}})";
    CHECK(find_member(object, "n") == "12345678901234567890123");
    CHECK(find_member(object, "o") == R"({"t":"inner"})");
    CHECK_FALSE(find_member(object, "inner"));
    CHECK_FALSE(find_member("{}", "n"));
    CHECK(text_member(object, "t") == "a\nb");
    CHECK_FALSE(text_member(object, "n"));
    CHECK_FALSE(text_member(object, "absent"));
    CHECK(with_member("{}", "k", "1") == R"({"k":1})");
    CHECK(with_member(object, "t", "null") == R"({"n":12345678901234567890123,"t":null,"o":{"t":"inner"}})");
    CHECK(with_member(R"({"a":1})", "k", R"({"x":[]})") == R"({"a":1,"k":{"x":[]}})");
  }
}
