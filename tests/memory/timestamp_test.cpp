#include "memory/timestamp.hpp"

#include <doctest/doctest.h>

using namespace quorate::memory;

TEST_SUITE("memory.timestamp") {
  TEST_CASE("RFC 3339 times are read to the millisecond, whatever their offset, fraction and separator") {
    CHECK(parse_timestamp("1970-01-01T00:00:00Z") == 0);
    CHECK(parse_timestamp("2026-11-21T22:30:30.123+00:00") == 1795300230123);
    CHECK(parse_timestamp("2026-11-21t22:30:30.123z") == 1795300230123);
    CHECK(parse_timestamp("2026-11-21 22:30:30.123-00:00") == 1795300230123);
    CHECK(parse_timestamp("2026-11-22T04:15:30.123+05:45") == 1795300230123);
    CHECK(parse_timestamp("2026-11-21T20:00:30.123-02:30") == 1795300230123);
    CHECK(parse_timestamp("2026-11-22T22:29:30.123+23:59") == 1795300230123);
    CHECK(parse_timestamp("2026-11-21T22:30:30.1Z") == 1795300230100);
    CHECK(parse_timestamp("2026-11-21T22:30:30.123456789+00:00") == 1795300230123);
    CHECK(parse_timestamp("2026-11-21T22:30:30." + std::string(1'000, '9') + "Z") == 1795300230999);
    CHECK(parse_timestamp("1969-12-31T23:59:59.999Z") == -1);
    CHECK(parse_timestamp("0001-01-01T00:00:00Z") == -62135596800000);
    CHECK(parse_timestamp("9999-12-31T23:59:59.999Z") == 253402300799999);
  }

  TEST_CASE("February 29 exists in leap years only") {
    CHECK(parse_timestamp("2024-02-29T00:00:00Z") == 1709164800000);
    CHECK(parse_timestamp("2000-02-29T00:00:00Z") == 951782400000);
    CHECK_FALSE(parse_timestamp("2023-02-29T00:00:00Z"));
    CHECK_FALSE(parse_timestamp("1900-02-29T00:00:00Z"));
    CHECK_FALSE(parse_timestamp("2024-02-30T00:00:00Z"));
  }

  TEST_CASE("a leap second counts as the next second, and is taken only at the end of a month in UTC") {
    CHECK(parse_timestamp("2016-12-31T23:59:60Z") == 1483228800000);
    CHECK(parse_timestamp("2016-12-31T23:59:60.5Z") == 1483228800500);
    CHECK(parse_timestamp("2017-01-01T00:59:60+01:00") == 1483228800000);
    CHECK_FALSE(parse_timestamp("2016-12-31T23:59:60+01:00"));
    CHECK_FALSE(parse_timestamp("2016-12-30T23:59:60Z"));
    CHECK_FALSE(parse_timestamp("2016-12-31T12:00:60Z"));
    CHECK_FALSE(parse_timestamp("2016-12-31T23:59:61Z"));
  }

  TEST_CASE("anything else is no timestamp") {
    for (const char* text : {
             "",
             "2026-11-21",
             "22:30:30Z",
             "2026-11-21T22:30:30",         // no offset
             "2026-11-21T22:30Z",           // no seconds
             "2026-11-21T22:30:30.Z",       // a point without a fraction
             "2026-11-21T22:30:30,5Z",      // a comma for a point
             "2026-11-21T22:30:30+0000",    // no colon in the offset
             "2026-11-21T22:30:30+00",      // half an offset
             "2026-11-21T22:30:30+24:00",   // offset hours
             "2026-11-21T22:30:30+00:60",   // offset minutes
             "2026-11-21T22:30:30 +00:00",  // a space before the offset
             "2026-13-01T00:00:00Z",        // month 13
             "2026-00-01T00:00:00Z",        // month 0
             "2026-04-31T00:00:00Z",        // April 31
             "2026-04-00T00:00:00Z",        // day 0
             "2026-11-21T24:00:00Z",        // hour 24
             "2026-11-21T22:60:00Z",        // minute 60
             "26-11-21T22:30:30Z",          // two-digit year
             "02026-11-21T22:30:30Z",       // five-digit year
             "+2026-11-21T22:30:30Z",       // signed year
             "2026-1-21T22:30:30Z",         // one-digit month
             "2026-11-21T2:30:30Z",         // one-digit hour
             "2026-11-21_22:30:30Z",        // another separator
             "2026-11-21  22:30:30Z",       // two spaces
             " 2026-11-21T22:30:30Z",       // leading space
             "2026-11-21T22:30:30Z ",       // trailing space
             "2026-11-21T22:30:30ZZ",       // more after it
             "2026-11-21T22:30:30UTC",      // a name for an offset
             "2026/11/21T22:30:30Z",
             "1795300230",
             "never",
         }) {
      CAPTURE(text);
      CHECK_FALSE(parse_timestamp(text));
    }
  }

  TEST_CASE("what is formatted is read back as the same time") {
    CHECK(format_timestamp(1795300230123) == "2026-11-21T22:30:30.123+00:00");
    CHECK(format_timestamp(0) == "1970-01-01T00:00:00.000+00:00");
    CHECK(format_timestamp(-1) == "1969-12-31T23:59:59.999+00:00");
    for (std::int64_t ms = -62135596800000; ms < 253402300799999; ms += 8'765'432'101) {
      REQUIRE(parse_timestamp(format_timestamp(ms)) == ms);
    }
  }

  TEST_CASE("a time that RFC 3339 cannot say becomes the nearest it can") {
    CHECK(format_timestamp(253402300800000) == "9999-12-31T23:59:59.999+00:00");
    CHECK(format_timestamp(INT64_MAX) == "9999-12-31T23:59:59.999+00:00");
    CHECK(format_timestamp(INT64_MIN) == "0000-01-01T00:00:00.000+00:00");
  }
}
