#include "memory/validation.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "memory/timestamp.hpp"
#include "proto/limits.hpp"

using namespace quorate;
using namespace quorate::memory;
using namespace std::string_literals;

namespace {

constexpr std::int64_t now_ms = 1795300230123;
constexpr const char* now_text = "2026-11-21T22:30:30.123+00:00";

v1::StoreRequest request() {
  v1::StoreRequest made;
  made.mutable_memory()->set_title("a title");
  made.mutable_memory()->set_content("some content");
  return made;
}

v1::StoreRequest full_request() {
  v1::StoreRequest made = request();
  made.set_full_record(true);
  v1::MemoryRecord& record = *made.mutable_memory();
  record.set_id("given-id");
  record.set_source("elsewhere");
  record.set_access_count(7);
  record.set_created_at("2023-05-08T13:56:00+00:00");
  record.set_updated_at("2023-05-09T13:56:00.123456789Z");
  record.set_last_accessed_at("2023-05-10 13:56:00z");
  record.set_expires_at("2023-05-11T13:56:00+02:00");
  return made;
}

using change = std::function<void(v1::StoreRequest&)>;

result<v1::MemoryRecord> prepared(
    v1::StoreRequest made, const change& how = [](v1::StoreRequest&) {}) {
  how(made);
  return prepare(std::move(made), now_ms);
}

/// "ok", or the message of the rule that the changed request breaks.
std::string outcome(const change& how, v1::StoreRequest made = request()) {
  const auto record = prepared(std::move(made), how);
  if (record) return "ok";
  CHECK(record.error().code() == errc::invalid_argument);
  return record.error().message();
}

std::string title_outcome(const std::string& title) {
  return outcome([&](v1::StoreRequest& r) { r.mutable_memory()->set_title(title); });
}
std::string content_outcome(const std::string& content) {
  return outcome([&](v1::StoreRequest& r) { r.mutable_memory()->set_content(content); });
}
std::string namespace_outcome(const std::string& name_space) {
  return outcome([&](v1::StoreRequest& r) { r.mutable_memory()->set_namespace_(name_space); });
}
std::string tags_outcome(const std::vector<std::string>& tags) {
  return outcome([&](v1::StoreRequest& r) {
    for (const std::string& tag : tags) r.mutable_memory()->add_tags(tag);
  });
}
std::string full_outcome(const change& how) { return outcome(how, full_request()); }

std::string repeated(std::string_view part, std::size_t count) {
  std::string text;
  while (count-- > 0) text += part;
  return text;
}

}  // namespace

TEST_SUITE("memory.validation") {
  TEST_CASE("a store of title and content alone gets every default") {
    const auto record = prepared(request());
    REQUIRE(record);
    CHECK(record->id().empty());
    CHECK(record->tier() == v1::TIER_MID);
    CHECK(record->namespace_() == "global");
    CHECK(record->tags_size() == 0);
    CHECK(record->has_priority());
    CHECK(record->priority() == 5);
    CHECK(record->has_confidence());
    CHECK(record->confidence() == 1.0);
    CHECK(record->source() == "api");
    CHECK(record->access_count() == 0);
    CHECK(record->created_at() == now_text);
    CHECK(record->updated_at() == now_text);
    CHECK_FALSE(record->has_last_accessed_at());
    CHECK(record->expires_at() == "2026-11-28T22:30:30.123+00:00");
    CHECK(record->metadata() == "{}");
  }

  TEST_CASE("a store that is not a full record drops the input's id, timestamps and access count, however wrong") {
    const auto record = prepared(request(), [](v1::StoreRequest& r) {
      r.mutable_memory()->set_id("\x01");
      r.mutable_memory()->set_created_at("then");
      r.mutable_memory()->set_updated_at("then");
      r.mutable_memory()->set_last_accessed_at("then");
      r.mutable_memory()->set_access_count(-3);
    });
    REQUIRE(record);
    CHECK(record->id().empty());
    CHECK(record->created_at() == now_text);
    CHECK(record->updated_at() == now_text);
    CHECK_FALSE(record->has_last_accessed_at());
    CHECK(record->access_count() == 0);
  }

  TEST_CASE("what is stored is what came, outer white space included") {
    const auto record = prepared(request(), [](v1::StoreRequest& r) {
      r.mutable_memory()->set_title("  title\n");
      r.mutable_memory()->set_content("\tcontent ");
      r.mutable_memory()->add_tags(" b ");
      r.mutable_memory()->add_tags("a");
      r.mutable_memory()->add_tags("a");
      r.mutable_memory()->set_metadata(" { \"z\" : 1, \"a\" : 9007199254740993 } ");
    });
    REQUIRE(record);
    CHECK(record->title() == "  title\n");
    CHECK(record->content() == "\tcontent ");
    CHECK(record->tags(0) == " b ");
    CHECK(record->tags(2) == "a");
    CHECK(record->tags_size() == 3);
    CHECK(record->metadata() == R"({"z":1,"a":9007199254740993})");
  }

  TEST_CASE("fields this release does not know are dropped, so that they cannot get past the limits") {
    const auto record = prepared(request(), [](v1::StoreRequest& r) {
      auto* memory = r.mutable_memory();
      memory->GetReflection()->MutableUnknownFields(memory)->AddLengthDelimited(99, std::string(1'000'000, 'x'));
    });
    REQUIRE(record);
    CHECK(record->ByteSizeLong() < 500);
  }

  TEST_CASE("title: something besides white space, at most 512 characters without outer white space, clean") {
    CHECK(title_outcome("") == "title: must not be empty or white space only");
    CHECK(title_outcome(" \t\n\u00A0\u3000") == "title: must not be empty or white space only");
    CHECK(title_outcome(std::string(511, 'x')) == "ok");
    CHECK(title_outcome(std::string(512, 'x')) == "ok");
    CHECK(title_outcome(std::string(513, 'x')) == "title: must have at most 512 characters, got 513");
    CHECK(title_outcome(repeated("\U0001F600", 512)) == "ok");
    CHECK(title_outcome(repeated("\U0001F600", 513)) == "title: must have at most 512 characters, got 513");
    CHECK(title_outcome("  " + std::string(512, 'x') + "\u3000") == "ok");
    CHECK(title_outcome("a\nb\tc") == "ok");
    CHECK(title_outcome("a\rb")
          == "title: must not hold control characters other than \\n and \\t, got U+000D at byte 1");
    CHECK(title_outcome("a\r") != "ok");
    CHECK(title_outcome("a\0b"s)
          == "title: must not hold control characters other than \\n and \\t, got U+0000 at byte 1");
    CHECK(title_outcome("a\x7F") != "ok");
    CHECK(title_outcome("a\u0080") != "ok");
    CHECK(title_outcome("a\u009F") != "ok");
    CHECK(title_outcome("a\u00A0b\u200B\uFEFF") == "ok");
    CHECK(title_outcome("ab\xFF") == "title: must be UTF-8, is not at byte 2");
    CHECK(title_outcome("ab\xED\xA0\x80") == "title: must be UTF-8, is not at byte 2");
  }

  TEST_CASE("title and namespace have at most 2048 bytes with their outer white space") {
    CHECK(title_outcome(std::string(2'047, ' ') + "x") == "ok");
    CHECK(title_outcome(std::string(2'048, ' ') + "x")
          == "title: must have at most 2048 bytes, outer white space included, got 2049");
    CHECK(namespace_outcome(std::string(2'047, ' ') + "x") == "ok");
    CHECK(namespace_outcome(std::string(2'048, ' ') + "x")
          == "namespace: must have at most 2048 bytes, outer white space included, got 2049");
  }

  TEST_CASE("content: something besides white space, at most 65536 bytes as they are, clean") {
    CHECK(content_outcome("") == "content: must not be empty or white space only");
    CHECK(content_outcome("\n \t") == "content: must not be empty or white space only");
    CHECK(content_outcome(std::string(65'535, 'x')) == "ok");
    CHECK(content_outcome(std::string(65'536, 'x')) == "ok");
    CHECK(content_outcome(std::string(65'537, 'x')) == "content: must have at most 65536 bytes, got 65537");
    CHECK(content_outcome(std::string(65'535, 'x') + "  ") == "content: must have at most 65536 bytes, got 65537");
    CHECK(content_outcome(repeated("é", 32'768)) == "ok");
    CHECK(content_outcome(repeated("é", 32'768) + 'x') != "ok");
    CHECK(content_outcome(std::string(65'535, 'x') + '\n') == "ok");
    CHECK(content_outcome(std::string(60'000, 'x') + '\r')
          == "content: must not hold control characters other than \\n and \\t, got U+000D at byte 60000");
    CHECK(content_outcome("\xC0\x80") == "content: must be UTF-8, is not at byte 0");
  }

  TEST_CASE("namespace: at most 512 characters and 8 segments, no backslash, zero byte, space, empty or dot segment") {
    CHECK(namespace_outcome("") == "ok");  // missing: the default
    CHECK(namespace_outcome("\t") == "namespace: must not be empty or white space only");
    CHECK(namespace_outcome(std::string(511, 'n')) == "ok");
    CHECK(namespace_outcome(std::string(512, 'n')) == "ok");
    CHECK(namespace_outcome(std::string(513, 'n')) == "namespace: must have at most 512 characters, got 513");
    CHECK(namespace_outcome(repeated("世", 512)) == "ok");
    CHECK(namespace_outcome(repeated("世", 513)) == "namespace: must have at most 512 characters, got 513");
    const std::string forbidden = "namespace: must not hold a backslash, a zero byte or a space";
    CHECK(namespace_outcome("a\\b") == forbidden);
    CHECK(namespace_outcome("a\0b"s) == forbidden);
    CHECK(namespace_outcome("a b") == forbidden);
    CHECK(namespace_outcome("a\rb")
          == "namespace: must not hold control characters other than \\n and \\t, got U+000D at byte 1");
    CHECK(namespace_outcome("a\xFF") == "namespace: must be UTF-8, is not at byte 1");
    CHECK(namespace_outcome("/a") == "namespace: must not start or end with /");
    CHECK(namespace_outcome("a/") == "namespace: must not start or end with /");
    CHECK(namespace_outcome("/") == "namespace: must not start or end with /");
    CHECK(namespace_outcome("a//b") == "namespace: must not hold an empty segment (//)");
    CHECK(namespace_outcome("a/./b") == "namespace: must not hold the segments . and ..");
    CHECK(namespace_outcome("..") == "namespace: must not hold the segments . and ..");
    CHECK(namespace_outcome("a/...") == "ok");
    CHECK(namespace_outcome("1/2/3/4/5/6/7") == "ok");
    CHECK(namespace_outcome("1/2/3/4/5/6/7/8") == "ok");
    CHECK(namespace_outcome("1/2/3/4/5/6/7/8/9") == "namespace: must have at most 8 segments split by /, got 9");
    CHECK(namespace_outcome("Any*_x:ä-世.b\tc") == "ok");
    CHECK(namespace_outcome(" a/b\n") == "ok");
  }

  TEST_CASE("source: the names of the proto's enum and no other") {
    const std::vector<std::string> expected = {"user",   "claude",        "hook",   "api",  "cli",
                                               "import", "consolidation", "system", "chaos"};
    CHECK(std::vector<std::string>(source_names().begin(), source_names().end()) == expected);
    for (const std::string& name : expected) {
      CHECK(outcome([&](v1::StoreRequest& r) { r.mutable_memory()->set_source(name); }) == "ok");
    }
    for (const std::string name : {"API", "unspecified", "SOURCE_API", " api", "ship-gate", " ", "\xFF"}) {
      CHECK(outcome([&](v1::StoreRequest& r) { r.mutable_memory()->set_source(name); })
            == "source: must be one of user, claude, hook, api, cli, import, consolidation, system, chaos");
    }
  }

  TEST_CASE("tags: at most 50, each with something besides white space, at most 128 bytes, clean") {
    CHECK(tags_outcome(std::vector<std::string>(49, "t")) == "ok");
    CHECK(tags_outcome(std::vector<std::string>(50, "t")) == "ok");
    CHECK(tags_outcome(std::vector<std::string>(51, "t")) == "tags: must have at most 50 entries, got 51");
    CHECK(tags_outcome({std::string(127, 't')}) == "ok");
    CHECK(tags_outcome({std::string(128, 't')}) == "ok");
    CHECK(tags_outcome({"t", std::string(129, 't')}) == "tags: tag 2 must have at most 128 bytes, got 129");
    CHECK(tags_outcome({repeated("é", 64)}) == "ok");
    CHECK(tags_outcome({repeated("é", 64) + "x"}) == "tags: tag 1 must have at most 128 bytes, got 129");
    CHECK(tags_outcome({""}) == "tags: tag 1 must not be empty or white space only");
    CHECK(tags_outcome({"t", "t", " \n"}) == "tags: tag 3 must not be empty or white space only");
    CHECK(tags_outcome({"a\rb"})
          == "tags: tag 1 must not hold control characters other than \\n and \\t, got U+000D at byte 1");
    CHECK(tags_outcome({"\xFF"}) == "tags: tag 1 must be UTF-8, is not at byte 0");
    CHECK(tags_outcome({"a b", "ä", "a\tb"}) == "ok");
  }

  TEST_CASE("priority: an integer from 1 to 10, never clamped") {
    const auto with = [](int priority) {
      return outcome([&](v1::StoreRequest& r) { r.mutable_memory()->set_priority(priority); });
    };
    CHECK(with(0) == "priority: must be an integer from 1 to 10, got 0");
    for (int priority = 1; priority <= 10; ++priority) CHECK(with(priority) == "ok");
    CHECK(with(11) == "priority: must be an integer from 1 to 10, got 11");
    CHECK(with(-1) == "priority: must be an integer from 1 to 10, got -1");
  }

  TEST_CASE("confidence: a number from 0 to 1") {
    const auto with = [](double confidence) {
      return outcome([&](v1::StoreRequest& r) { r.mutable_memory()->set_confidence(confidence); });
    };
    CHECK(with(0.0) == "ok");
    CHECK(with(0.5) == "ok");
    CHECK(with(1.0) == "ok");
    CHECK(with(std::nextafter(1.0, 2.0)) == "confidence: must be a number from 0.0 to 1.0, got 1.0000000000000002");
    CHECK(with(-0.1) == "confidence: must be a number from 0.0 to 1.0, got -0.1");
    CHECK(with(std::numeric_limits<double>::quiet_NaN()) == "confidence: must be a number from 0.0 to 1.0, got nan");
    CHECK(with(std::numeric_limits<double>::infinity()) == "confidence: must be a number from 0.0 to 1.0, got inf");
  }

  TEST_CASE("tier: one of the enum's, written short, mid, long; the default is mid") {
    for (const v1::Tier tier : {v1::TIER_SHORT, v1::TIER_MID, v1::TIER_LONG}) {
      CHECK(tier_of(text_of(tier)) == tier);
      const auto record = prepared(request(), [&](v1::StoreRequest& r) { r.mutable_memory()->set_tier(tier); });
      REQUIRE(record);
      CHECK(record->tier() == tier);
    }
    CHECK(text_of(v1::TIER_SHORT) == "short");
    CHECK(text_of(v1::TIER_MID) == "mid");
    CHECK(text_of(v1::TIER_LONG) == "long");
    CHECK(text_of(v1::TIER_UNSPECIFIED).empty());
    for (const char* text : {"", "Long", "LONG", "medium", "TIER_LONG"}) CHECK_FALSE(tier_of(text));
    CHECK(outcome([](v1::StoreRequest& r) { r.mutable_memory()->set_tier(static_cast<v1::Tier>(4)); })
          == "tier: must be one of short, mid, long, got number 4");
  }

  TEST_CASE("expires_at of a store: RFC 3339, at most 64 bytes, not in the past, kept as written") {
    const auto with = [](const std::string& text) {
      return outcome([&](v1::StoreRequest& r) { r.mutable_memory()->set_expires_at(text); });
    };
    CHECK(with("2026-11-21T22:30:30.124Z") == "ok");
    CHECK(with("2026-11-21T22:30:30.123Z") == "ok");
    CHECK(with("2026-11-21T22:30:30.122Z") == "expires_at: must not be in the past, is 1 ms before now");
    CHECK(with("2026-11-22T00:30:30.122+02:00") == "expires_at: must not be in the past, is 1 ms before now");
    CHECK(with("") == "expires_at: must be an RFC 3339 date and time such as 2026-11-21T22:30:30Z");
    CHECK(with("tomorrow") == "expires_at: must be an RFC 3339 date and time such as 2026-11-21T22:30:30Z");
    CHECK(with("2027-02-29T00:00:00Z") != "ok");
    CHECK(with("2027-01-01T00:00:00." + std::string(43, '0') + "Z") == "ok");
    CHECK(with("2027-01-01T00:00:00." + std::string(44, '0') + "Z")
          == "expires_at: must have at most 64 bytes, got 65");

    const auto record = prepared(request(), [](v1::StoreRequest& r) {
      r.mutable_memory()->set_expires_at("2027-01-01t00:00:00.123456789+01:30");
      r.set_ttl_seconds(60);
    });
    REQUIRE(record);
    CHECK(record->expires_at() == "2027-01-01t00:00:00.123456789+01:30");
  }

  TEST_CASE("ttl_seconds: from 1 second to 365 days, checked also when expires_at wins") {
    const auto with = [](std::int64_t seconds) {
      return outcome([&](v1::StoreRequest& r) { r.set_ttl_seconds(seconds); });
    };
    CHECK(with(0) == "ttl_seconds: must be an integer from 1 to 31536000, got 0");
    CHECK(with(-1) == "ttl_seconds: must be an integer from 1 to 31536000, got -1");
    CHECK(with(1) == "ok");
    CHECK(with(31'535'999) == "ok");
    CHECK(with(31'536'000) == "ok");
    CHECK(with(31'536'001) == "ttl_seconds: must be an integer from 1 to 31536000, got 31536001");
    CHECK(outcome([](v1::StoreRequest& r) {
            r.mutable_memory()->set_expires_at("2027-01-01T00:00:00Z");
            r.set_ttl_seconds(0);
          })
          == "ttl_seconds: must be an integer from 1 to 31536000, got 0");
  }

  TEST_CASE(
      "the expiry of a store: expires_at, else now and ttl_seconds, else now and the tier's time; never for long") {
    const auto expiry = [](v1::Tier tier, std::optional<std::int64_t> ttl, const char* given) {
      const auto record = prepared(request(), [&](v1::StoreRequest& r) {
        r.mutable_memory()->set_tier(tier);
        if (ttl) r.set_ttl_seconds(*ttl);
        if (given != nullptr) r.mutable_memory()->set_expires_at(given);
      });
      REQUIRE(record);
      return record->has_expires_at() ? record->expires_at() : "none";
    };
    CHECK(expiry(v1::TIER_SHORT, {}, nullptr) == "2026-11-22T04:30:30.123+00:00");
    CHECK(expiry(v1::TIER_MID, {}, nullptr) == "2026-11-28T22:30:30.123+00:00");
    CHECK(expiry(v1::TIER_LONG, {}, nullptr) == "none");
    CHECK(expiry(v1::TIER_SHORT, 1, nullptr) == "2026-11-21T22:30:31.123+00:00");
    CHECK(expiry(v1::TIER_MID, 1, "2030-01-01T00:00:00Z") == "2030-01-01T00:00:00Z");
    CHECK(expiry(v1::TIER_LONG, 1, nullptr) == "none");
    CHECK(expiry(v1::TIER_LONG, {}, "2030-01-01T00:00:00Z") == "none");
  }

  TEST_CASE("metadata keeps its rules, and its error names the field") {
    const auto with = [](const std::string& text) {
      return outcome([&](v1::StoreRequest& r) { r.mutable_memory()->set_metadata(text); });
    };
    CHECK(with("[]") == "metadata: must be a JSON object, got an array");
    CHECK(with("{\"k\":\"" + std::string(65'528, 'x') + "\"}") == "ok");
    CHECK(with("{\"k\":\"" + std::string(65'529, 'x') + "\"}")
          == "metadata: must have at most 65536 bytes as compact JSON, got 65537");
  }

  TEST_CASE("the first broken rule of a store is reported, in the documented order") {
    // Each step breaks one more rule, from the last one checked to the first.
    v1::StoreRequest broken = request();
    v1::MemoryRecord& record = *broken.mutable_memory();
    const std::vector<std::pair<std::string, std::function<void()>>> steps = {
        {"metadata", [&] { record.set_metadata("[]"); }},
        {"ttl_seconds", [&] { broken.set_ttl_seconds(0); }},
        {"expires_at", [&] { record.set_expires_at("x"); }},
        {"confidence", [&] { record.set_confidence(2); }},
        {"priority", [&] { record.set_priority(0); }},
        {"tags", [&] { record.add_tags(""); }},
        {"source", [&] { record.set_source("x"); }},
        {"namespace", [&] { record.set_namespace_("/"); }},
        {"content", [&] { record.set_content(""); }},
        {"title", [&] { record.set_title(""); }},
        {"tier", [&] { record.set_tier(static_cast<v1::Tier>(9)); }},
    };
    for (const auto& [field, breaks] : steps) {
      breaks();
      const auto refused = prepared(broken);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().field() == field);
    }
  }

  TEST_CASE("the first broken rule of a full record is reported, in the documented order") {
    v1::StoreRequest broken = full_request();
    v1::MemoryRecord& record = *broken.mutable_memory();
    const std::vector<std::pair<std::string, std::function<void()>>> steps = {
        {"expires_at", [&] { record.set_expires_at("x"); }},
        {"last_accessed_at", [&] { record.set_last_accessed_at("x"); }},
        {"updated_at", [&] { record.set_updated_at("x"); }},
        {"created_at", [&] { record.set_created_at("x"); }},
        {"access_count", [&] { record.set_access_count(-1); }},
        {"metadata", [&] { record.set_metadata("[]"); }},
        {"ttl_seconds", [&] { broken.set_ttl_seconds(0); }},
        {"confidence", [&] { record.set_confidence(2); }},
        {"priority", [&] { record.set_priority(0); }},
        {"tags", [&] { record.add_tags(""); }},
        {"source", [&] { record.set_source(" "); }},
        {"namespace", [&] { record.set_namespace_("/"); }},
        {"content", [&] { record.set_content(""); }},
        {"title", [&] { record.set_title(""); }},
        {"id", [&] { record.set_id("\r"); }},
        {"tier", [&] { record.set_tier(static_cast<v1::Tier>(9)); }},
    };
    for (const auto& [field, breaks] : steps) {
      breaks();
      const auto refused = prepared(broken);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().field() == field);
    }
  }

  TEST_CASE("a full record keeps its id, source, counts and timestamps as written, a past expiry too") {
    const auto record = prepared(full_request());
    REQUIRE(record);
    CHECK(record->id() == "given-id");
    CHECK(record->source() == "elsewhere");
    CHECK(record->access_count() == 7);
    CHECK(record->created_at() == "2023-05-08T13:56:00+00:00");
    CHECK(record->updated_at() == "2023-05-09T13:56:00.123456789Z");
    CHECK(record->last_accessed_at() == "2023-05-10 13:56:00z");
    CHECK(record->expires_at() == "2023-05-11T13:56:00+02:00");
  }

  TEST_CASE("the rules of a full record's own fields") {
    const auto id = [](const std::string& text) {
      return full_outcome([&](v1::StoreRequest& r) { r.mutable_memory()->set_id(text); });
    };
    CHECK(id("") == "ok");
    CHECK(id(std::string(127, 'i')) == "ok");
    CHECK(id(std::string(128, 'i')) == "ok");
    CHECK(id(std::string(129, 'i')) == "id: must have at most 128 bytes, got 129");
    CHECK(id(" ") == "id: must not be empty or white space only");
    CHECK(id("a\rb") != "ok");
    CHECK(id("not a uuid") == "ok");

    const auto source = [](const std::string& text) {
      return full_outcome([&](v1::StoreRequest& r) { r.mutable_memory()->set_source(text); });
    };
    CHECK(source(std::string(63, 's')) == "ok");
    CHECK(source(std::string(64, 's')) == "ok");
    CHECK(source(std::string(65, 's')) == "source: must have at most 64 bytes, got 65");
    CHECK(source(" ") == "source: must not be empty or white space only");
    CHECK(source("a\x1B") != "ok");

    const auto count = [](std::int64_t number) {
      return full_outcome([&](v1::StoreRequest& r) { r.mutable_memory()->set_access_count(number); });
    };
    CHECK(count(0) == "ok");
    CHECK(count(std::numeric_limits<std::int64_t>::max()) == "ok");
    CHECK(count(-1) == "access_count: must be 0 or more, got -1");
    CHECK(full_outcome([](v1::StoreRequest& r) { r.mutable_memory()->set_last_accessed_at(""); }) != "ok");
    CHECK(full_outcome([](v1::StoreRequest& r) { r.mutable_memory()->set_created_at("2023-05-08"); })
          == "created_at: must be an RFC 3339 date and time such as 2026-11-21T22:30:30Z");
  }

  TEST_CASE("what a full record lacks is filled from what it has, and from now only when it has no date at all") {
    const auto bare = [](const char* created, const char* updated, v1::Tier tier, std::optional<std::int64_t> ttl) {
      return prepared(request(), [&](v1::StoreRequest& r) {
        r.set_full_record(true);
        if (created != nullptr) r.mutable_memory()->set_created_at(created);
        if (updated != nullptr) r.mutable_memory()->set_updated_at(updated);
        r.mutable_memory()->set_tier(tier);
        if (ttl) r.set_ttl_seconds(*ttl);
      });
    };
    const char* day = "2023-05-08T13:56:00Z";

    const auto undated = bare(nullptr, nullptr, v1::TIER_UNSPECIFIED, {});
    REQUIRE(undated);
    CHECK(undated->source() == "import");
    CHECK(undated->tier() == v1::TIER_MID);
    CHECK(undated->created_at() == now_text);
    CHECK(undated->updated_at() == now_text);
    CHECK(undated->expires_at() == "2026-11-28T22:30:30.123+00:00");

    const auto created = bare(day, nullptr, v1::TIER_SHORT, {});
    REQUIRE(created);
    CHECK(created->updated_at() == day);
    CHECK_FALSE(created->has_expires_at());

    const auto updated = bare(nullptr, day, v1::TIER_MID, {});
    REQUIRE(updated);
    CHECK(updated->created_at() == day);
    CHECK_FALSE(updated->has_expires_at());

    const auto limited = bare(day, nullptr, v1::TIER_MID, 60);
    REQUIRE(limited);
    CHECK(limited->expires_at() == "2023-05-08T13:57:00.000+00:00");
  }

  TEST_CASE("a dated full record is prepared to the same bytes at any time") {
    for (const v1::Tier tier : {v1::TIER_UNSPECIFIED, v1::TIER_SHORT, v1::TIER_MID, v1::TIER_LONG}) {
      for (const bool has_expiry : {false, true}) {
        v1::StoreRequest made = full_request();
        made.mutable_memory()->set_tier(tier);
        if (!has_expiry) made.mutable_memory()->clear_expires_at();
        const auto first = prepare(v1::StoreRequest(made), now_ms);
        const auto second = prepare(v1::StoreRequest(made), now_ms + 123'456'789);
        REQUIRE(first);
        REQUIRE(second);
        CHECK(first->SerializeAsString() == second->SerializeAsString());
      }
    }
  }

  TEST_CASE("an update checks the fields it gives, in the documented order, and must give one") {
    v1::UpdateRequest update;
    CHECK(validate(update).field() == "id");
    update.set_id("some-id");
    CHECK(validate(update).code() == errc::invalid_argument);
    CHECK(validate(update).context() == "the update must give at least one field to change");
    update.set_expires_at("");
    CHECK(validate(update).ok());

    const std::vector<std::pair<std::string, std::function<void()>>> steps = {
        {"metadata", [&] { update.set_metadata("[]"); }},
        {"expires_at", [&] { update.set_expires_at("x"); }},
        {"confidence", [&] { update.set_confidence(-1); }},
        {"priority", [&] { update.set_priority(11); }},
        {"tags", [&] { update.mutable_tags()->add_values(""); }},
        {"namespace", [&] { update.set_namespace_(""); }},
        {"tier", [&] { update.set_tier(static_cast<v1::Tier>(4)); }},
        {"content", [&] { update.set_content(std::string(65'537, 'x')); }},
        {"title", [&] { update.set_title(" "); }},
        {"id", [&] { update.set_id(std::string(129, 'x')); }},
    };
    for (const auto& [field, breaks] : steps) {
      breaks();
      CHECK(validate(update).field() == field);
    }
  }

  TEST_CASE("each field alone is enough for an update; its expiry may be past") {
    const std::vector<std::function<void(v1::UpdateRequest&)>> changes = {
        [](v1::UpdateRequest& u) { u.set_title("t"); },
        [](v1::UpdateRequest& u) { u.set_content("c"); },
        [](v1::UpdateRequest& u) { u.set_tier(v1::TIER_LONG); },
        [](v1::UpdateRequest& u) { u.set_namespace_("n"); },
        [](v1::UpdateRequest& u) { u.mutable_tags(); },
        [](v1::UpdateRequest& u) { u.set_priority(1); },
        [](v1::UpdateRequest& u) { u.set_confidence(0); },
        [](v1::UpdateRequest& u) { u.set_expires_at("1999-12-31T23:59:59Z"); },
        [](v1::UpdateRequest& u) { u.set_metadata("{}"); },
    };
    for (const auto& changes_one : changes) {
      v1::UpdateRequest update;
      update.set_id("some-id");
      changes_one(update);
      CHECK(validate(update).ok());
    }
  }

  TEST_CASE("a record has expired from the very moment its expiry names") {
    v1::MemoryRecord record;
    CHECK_FALSE(expired(record, std::numeric_limits<std::int64_t>::max()));
    record.set_expires_at("2026-11-21T23:30:30.123+01:00");
    CHECK_FALSE(expired(record, now_ms - 1));
    CHECK(expired(record, now_ms));
    CHECK(expired(record, now_ms + 1));
  }

  TEST_CASE("no rule's message holds what the field held") {
    const std::string secret = "correct-horse";
    v1::StoreRequest made = request();
    made.mutable_memory()->set_source(secret);
    CHECK(prepared(made).error().message().find(secret) == std::string::npos);
    made.mutable_memory()->clear_source();
    made.mutable_memory()->set_metadata("{\"password\":" + secret);
    CHECK(prepared(made).error().message().find("correct") == std::string::npos);
    made.mutable_memory()->set_expires_at(secret);
    CHECK(prepared(made).error().message().find(secret) == std::string::npos);
  }
}
