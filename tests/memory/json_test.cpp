#include "memory/json.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <limits>
#include <random>

#include "memory/text.hpp"
#include "memory/validation.hpp"

using namespace quorate;
using namespace quorate::memory;
using namespace std::string_literals;

namespace {

v1::MemoryRecord sample() {
  v1::MemoryRecord record;
  record.set_id("10cbe36f-0464-5e5f-b7d4-0930515b366e");
  record.set_tier(v1::TIER_MID);
  record.set_namespace_("locomo/26");
  record.set_title("D1:1 \"Caroline\" \\ \u00e9");
  record.set_content("line\n\ttab 世界 \U0001F600");
  record.add_tags("session-1");
  record.add_tags("ä");
  record.set_priority(5);
  record.set_confidence(1.0);
  record.set_source("import");
  record.set_access_count(9007199254740993);
  record.set_created_at("2023-05-08T13:56:00+00:00");
  record.set_updated_at("2023-05-09T13:56:00+00:00");
  record.set_last_accessed_at("2023-05-10T13:56:00+00:00");
  record.set_expires_at("2023-05-11T13:56:00+00:00");
  record.set_metadata(R"({"turn":"D1:1","agent_id":"ai:caroline","n":[9007199254740993,1.50,{"k":null}]})");
  return record;
}

constexpr const char* sample_json =
    R"({"id":"10cbe36f-0464-5e5f-b7d4-0930515b366e","tier":"mid","namespace":"locomo/26",)"
    R"("title":"D1:1 \"Caroline\" \\ é","content":"line\n\ttab 世界 😀","tags":["session-1","ä"],"priority":5,)"
    R"("confidence":1.0,"source":"import","access_count":9007199254740993,)"
    R"("created_at":"2023-05-08T13:56:00+00:00","updated_at":"2023-05-09T13:56:00+00:00",)"
    R"("last_accessed_at":"2023-05-10T13:56:00+00:00","expires_at":"2023-05-11T13:56:00+00:00",)"
    R"("metadata":{"turn":"D1:1","agent_id":"ai:caroline","n":[9007199254740993,1.50,{"k":null}]}})";

/// The error of a text, or "ok".
std::string outcome(std::string_view text) {
  const auto record = from_json(text);
  if (record) return "ok";
  CHECK(record.error().code() == errc::invalid_argument);
  return record.error().message();
}

/// The outcome of an object with one member.
std::string member_outcome(const std::string& key, const std::string& value) {
  return outcome("{\"" + key + "\":" + value + "}");
}

/// From the environment to repeat a failure, else a new one each time.
std::uint64_t chosen_seed() {
  if (const char* given = std::getenv("QUORATE_SEED")) return std::strtoull(given, nullptr, 10);
  return std::random_device{}();
}

}  // namespace

TEST_SUITE("memory.json") {
  TEST_CASE("a record is one line, keys in the order of its fields, non-ASCII as UTF-8") {
    CHECK(to_json(sample()) == sample_json);
  }

  TEST_CASE("unset optional timestamps are absent, not null") {
    v1::MemoryRecord record = sample();
    record.clear_last_accessed_at();
    record.clear_expires_at();
    const std::string text = to_json(record);
    CHECK(text.find("last_accessed_at") == std::string::npos);
    CHECK(text.find("expires_at") == std::string::npos);
    CHECK(text.find("null}]}}") != std::string::npos);
  }

  TEST_CASE("confidence is the shortest text that reads back the same, and is a fraction") {
    const auto written = [](double confidence) {
      v1::MemoryRecord record = sample();
      record.set_confidence(confidence);
      const std::string text = to_json(record);
      CHECK(from_json(text)->confidence() == confidence);
      const auto start = text.find("\"confidence\":") + 13;
      return text.substr(start, text.find(',', start) - start);
    };
    CHECK(written(1.0) == "1.0");
    CHECK(written(0.0) == "0.0");
    CHECK(written(0.1) == "0.1");
    CHECK(written(0.30000000000000004) == "0.30000000000000004");
    CHECK(written(1e-7) == "1e-07");
    CHECK(written(std::numeric_limits<double>::denorm_min()) == "5e-324");
  }

  TEST_CASE("a record read from its own text is the same record") {
    const auto record = from_json(sample_json);
    REQUIRE(record);
    CHECK(record->SerializeAsString() == sample().SerializeAsString());
    CHECK(to_json(*record) == sample_json);
  }

  TEST_CASE("every tier has its text") {
    for (const v1::Tier tier : {v1::TIER_SHORT, v1::TIER_MID, v1::TIER_LONG}) {
      v1::MemoryRecord record = sample();
      record.set_tier(tier);
      CHECK(from_json(to_json(record))->tier() == tier);
    }
  }

  TEST_CASE("missing fields stay unset") {
    const auto record = from_json(R"({"title":"t"})");
    REQUIRE(record);
    v1::MemoryRecord expected;
    expected.set_title("t");
    CHECK(record->SerializeAsString() == expected.SerializeAsString());
    CHECK_FALSE(record->has_priority());
    CHECK_FALSE(record->has_confidence());
    CHECK_FALSE(record->has_expires_at());
    CHECK(outcome("{}") == "ok");
  }

  TEST_CASE("unknown keys are ignored, whatever is in them") {
    const auto record = from_json(
        R"({"score":0.5,"embedding":[1,[2,{"title":"no"}]],"x":{"title":"no","tags":[1],"metadata":3},"y":null,)"
        R"("y":true,"z":"s","Title":"no","title":"yes","w":[]})");
    REQUIRE(record);
    CHECK(record->title() == "yes");
    CHECK(record->tags_size() == 0);
    CHECK(record->metadata().empty());
  }

  TEST_CASE("null means absent for the optional fields and is a wrong type for the others") {
    for (const char* key : {"last_accessed_at", "expires_at", "priority", "confidence"}) {
      CHECK(member_outcome(key, "null") == "ok");
    }
    const auto record = from_json(R"({"expires_at":null,"priority":null})");
    REQUIRE(record);
    CHECK_FALSE(record->has_expires_at());
    CHECK_FALSE(record->has_priority());
    CHECK(member_outcome("title", "null") == "title: must be a string, got null");
    CHECK(member_outcome("tags", "null") == "tags: must be an array of strings, got null");
    CHECK(member_outcome("metadata", "null") == "metadata: must be a JSON object, got null");
    CHECK(member_outcome("access_count", "null") == "access_count: must be an integer of 64 bits, got null");
    CHECK(member_outcome("tags", "[null]") == "tags: must hold strings only, got null");
  }

  TEST_CASE("a wrong type names its field") {
    for (const std::string key : {"id", "tier", "namespace", "title", "content", "source", "created_at", "updated_at",
                                  "last_accessed_at", "expires_at"}) {
      CHECK(member_outcome(key, "1") == key + ": must be a string, got an integer");
      CHECK(member_outcome(key, "1.5") == key + ": must be a string, got another number");
      CHECK(member_outcome(key, "true") == key + ": must be a string, got true");
      CHECK(member_outcome(key, "{}") == key + ": must be a string, got an object");
      CHECK(member_outcome(key, "[\"a\"]") == key + ": must be a string, got an array");
    }
    CHECK(member_outcome("tags", "\"a\"") == "tags: must be an array of strings, got a string");
    CHECK(member_outcome("tags", "{}") == "tags: must be an array of strings, got an object");
    CHECK(member_outcome("tags", "[\"a\",1]") == "tags: must hold strings only, got an integer");
    CHECK(member_outcome("tags", "[1.5]") == "tags: must hold strings only, got another number");
    CHECK(member_outcome("tags", "[[\"a\"]]") == "tags: must hold strings only, got an array");
    CHECK(member_outcome("tags", "[{}]") == "tags: must hold strings only, got an object");
    CHECK(member_outcome("priority", "\"5\"") == "priority: must be an integer of 32 bits, got a string");
    CHECK(member_outcome("priority", "5.0") == "priority: must be an integer of 32 bits, got another number");
    CHECK(member_outcome("priority", "2147483647") == "ok");
    CHECK(member_outcome("priority", "2147483648") == "priority: must be an integer of 32 bits, got an integer");
    CHECK(member_outcome("priority", "-2147483649") == "priority: must be an integer of 32 bits, got an integer");
    CHECK(member_outcome("access_count", "9223372036854775807") == "ok");
    CHECK(member_outcome("access_count", "9223372036854775808")
          == "access_count: must be an integer of 64 bits, got another number");
    CHECK(member_outcome("access_count", "true") == "access_count: must be an integer of 64 bits, got true");
    CHECK(member_outcome("confidence", "\"1\"") == "confidence: must be a number, got a string");
    CHECK(member_outcome("confidence", "false") == "confidence: must be a number, got false");
    CHECK(member_outcome("confidence", "1") == "ok");
    CHECK(member_outcome("confidence", "18446744073709551615") == "ok");  // the range is not its business
    CHECK(member_outcome("metadata", "\"{}\"") == "metadata: must be a JSON object, got a string");
    CHECK(member_outcome("metadata", "[]") == "metadata: must be a JSON object, got an array");
    CHECK(member_outcome("tier", "\"LONG\"") == "tier: must be one of short, mid, long");
    CHECK(member_outcome("tier", "\"\"") == "tier: must be one of short, mid, long");
  }

  TEST_CASE("a known key twice is refused, in the record and in its metadata") {
    CHECK(outcome(R"({"title":"a","title":"a"})") == "title: must not be given twice");
    CHECK(outcome(R"({"priority":null,"priority":5})") == "priority: must not be given twice");
    CHECK(outcome(R"({"metadata":{"a":1,"a":1}})") == "metadata: must not hold a key twice in one object");
    CHECK(outcome(R"({"metadata":{"title":1},"title":"t","x":{"title":2}})") == "ok");
  }

  TEST_CASE("what is not a JSON object is refused with what came instead") {
    CHECK(outcome("[]") == "a record must be a JSON object, got an array");
    CHECK(outcome("\"x\"") == "a record must be a JSON object, got a string");
    CHECK(outcome("null") == "a record must be a JSON object, got null");
    CHECK(outcome("1") == "a record must be a JSON object, got an integer");
    CHECK(outcome("-1") == "a record must be a JSON object, got an integer");
    CHECK(outcome("1.5") == "a record must be a JSON object, got another number");
    CHECK(outcome("18446744073709551615") == "a record must be a JSON object, got another number");
    CHECK(outcome("true") == "a record must be a JSON object, got true");
  }

  TEST_CASE("malformed JSON names the byte, counted from 0") {
    CHECK(outcome("") == "malformed JSON at byte 0");
    CHECK(outcome("{") == "malformed JSON at byte 1");
    CHECK(outcome(R"({"a":x})") == "malformed JSON at byte 5");
    CHECK(outcome("{}x") == "malformed JSON at byte 2");
    CHECK(outcome("{\"title\":\"a\nb\"}") == "malformed JSON at byte 11");
    CHECK(outcome("\0{}"s) == "malformed JSON at byte 0");
    CHECK(outcome(R"({"title":"\ud800"})").starts_with("malformed JSON at byte "));
    CHECK(outcome(R"({"confidence":1e999})").starts_with("malformed JSON at byte "));
    CHECK(outcome(" \r\n\t{} \n") == "ok");
  }

  TEST_CASE("bytes that are not UTF-8 are an error with their place") {
    CHECK(outcome("{\"title\":\"a\xFF\"}") == "not UTF-8 at byte 11");
    CHECK(outcome("{\"title\":\"\xC0\x80\"}") == "not UTF-8 at byte 10");
    CHECK(outcome("{\"title\":\"\xED\xA0\x80\"}") == "not UTF-8 at byte 10");
    CHECK(outcome("\xFE\xFF") == "not UTF-8 at byte 0");
  }

  TEST_CASE("nesting without end costs no stack, wherever it is") {
    for (const std::string start : {"", "{\"unknown\":", "{\"tags\":", "{\"title\":", "{\"metadata\":"}) {
      for (const std::string level : {"[", "{\"k\":"}) {
        std::string text = start;
        for (int i = 0; i < 500'000; ++i) text += level;
        CHECK(outcome(text) != "ok");
      }
    }
    const std::string deep(500'000, '[');
    CHECK(outcome("{\"unknown\":" + deep + std::string(500'000, ']') + "}") == "ok");
    CHECK(outcome("{\"metadata\":{\"k\":" + deep) == "metadata: must not nest deeper than 32 levels, got more");
  }

  TEST_CASE("a record that broke the rules is still written as valid JSON") {
    v1::MemoryRecord record = sample();
    record.set_title(
        "a\xFF"
        "b\xE2\x82");
    record.set_content("\x01\x1F\x7F"s + '\0' + "\r");
    record.set_metadata("{\"not\":\"closed\",");
    record.set_confidence(std::numeric_limits<double>::quiet_NaN());
    const std::string text = to_json(record);
    CHECK(text.find("\"title\":\"a\uFFFDb\uFFFD\uFFFD\"") != std::string::npos);
    CHECK(text.find("\"content\":\"\\u0001\\u001f\x7F\\u0000\\r\"") != std::string::npos);
    CHECK(text.find("\"metadata\":\"{\\\"not\\\":\\\"closed\\\",\"}") != std::string::npos);
    CHECK(outcome(text) == "metadata: must be a JSON object, got a string");
    CHECK_FALSE(to_json(v1::MemoryRecord()).empty());
  }

  TEST_CASE("arbitrary bytes never harm, and what is read from them is written and read back the same") {
    const std::uint64_t seed = chosen_seed();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
    const std::vector<std::string> pieces = {"{",
                                             "}",
                                             "[",
                                             "]",
                                             ":",
                                             ",",
                                             "\"",
                                             "\\",
                                             "\\u0000",
                                             "\\ud83d\\ude00",
                                             "null",
                                             "true",
                                             "1",
                                             "-1.5e3",
                                             "1e400",
                                             "\"title\":\"t\"",
                                             "\"tags\":[\"a\"]",
                                             "\"metadata\":{}",
                                             "\"expires_at\":null",
                                             "\xFF",
                                             "\xC3\xA9",
                                             " ",
                                             "\n"};
    int taken = 0;
    for (int round = 0; round < 20'000; ++round) {
      std::string text = sample_json;
      for (std::size_t edits = below(4); edits > 0; --edits) {
        const std::size_t at = below(text.size() + 1);
        switch (below(4)) {
          case 0: text.insert(at, pieces[below(pieces.size())]); break;
          case 1: text.erase(at, below(20)); break;
          case 2: text.insert(at, 1, static_cast<char>(below(256))); break;
          default: text.replace(at, below(3), pieces[below(pieces.size())]);
        }
      }
      if (round % 10 == 0) {
        text.resize(below(64));
        for (char& c : text) c = static_cast<char>(below(256));
      }
      const auto record = from_json(text);
      if (!record) {
        REQUIRE(record.error().code() == errc::invalid_argument);
        REQUIRE_FALSE(find_malformed_utf8(record.error().message()));
        continue;
      }
      ++taken;
      v1::MemoryRecord expected = *record;
      if (expected.tier() == v1::TIER_UNSPECIFIED) expected.set_tier(v1::TIER_SHORT);
      const auto again = from_json(to_json(expected));
      REQUIRE(again);
      if (!expected.has_priority()) expected.set_priority(again->priority());
      if (!expected.has_confidence()) expected.set_confidence(again->confidence());
      if (expected.metadata().empty()) expected.set_metadata("{}");
      REQUIRE(again->SerializeAsString() == expected.SerializeAsString());
    }
    CHECK(taken > 1'000);
  }
}
