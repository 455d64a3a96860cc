#include "memory/text.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace quorate::memory;
using namespace std::string_literals;

TEST_SUITE("memory.text") {
  TEST_CASE("a scalar value is read from well-formed UTF-8 only") {
    CHECK(first_scalar("A").value == U'A');
    CHECK(first_scalar("é!").value == U'é');
    CHECK(first_scalar("€").bytes == 3);
    CHECK(first_scalar("\U0001F600").value == U'\U0001F600');
    CHECK(first_scalar("\xF4\x8F\xBF\xBF").value == 0x10FFFF);
    CHECK(first_scalar("\xED\x9F\xBF").value == 0xD7FF);
    for (const std::string_view bad : {
             std::string_view(),                    // nothing
             std::string_view("\x80"),              // a continuation byte alone
             std::string_view("\xC3"),              // cut short
             std::string_view("\xE2\x82"),          // cut short
             std::string_view("\xF0\x9F\x98"),      // cut short
             std::string_view("\xC3("),             // not continued
             std::string_view("\xC0\x80"),          // overlong zero
             std::string_view("\xC1\xBF"),          // overlong
             std::string_view("\xE0\x9F\xBF"),      // overlong
             std::string_view("\xF0\x8F\xBF\xBF"),  // overlong
             std::string_view("\xED\xA0\x80"),      // surrogate
             std::string_view("\xED\xBF\xBF"),      // surrogate
             std::string_view("\xF4\x90\x80\x80"),  // above U+10FFFF
             std::string_view("\xF5\x80\x80\x80"),  // above U+10FFFF
             std::string_view("\xFF"),
         }) {
      CHECK(first_scalar(bad).bytes == 0);
    }
  }

  TEST_CASE("trimming takes every Unicode white space from both ends and nothing from the middle") {
    for (const std::string white : {"\t", "\n", "\v", "\f", "\r", " ", "\u0085", "\u00A0", "\u1680", "\u2000", "\u200A",
                                    "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"}) {
      CHECK(trimmed(white + white + "a" + white + "b" + white) == "a" + white + "b");
      CHECK(trimmed(white + white).empty());
    }
    for (const std::string other : {"\u200B", "\u180E", "\u2060", "\uFEFF", "\x01", "\x80", "\xC2"}) {
      CHECK(trimmed(other) == other);
    }
    CHECK(trimmed("").empty());
  }

  TEST_CASE("characters are scalar values, not bytes and not what is drawn") {
    CHECK(count_characters("") == 0);
    CHECK(count_characters("aé€\U0001F600") == 4);
    CHECK(count_characters("e\u0301") == 2);
  }

  TEST_CASE("every control character but newline and tab is a fault, wherever it stands in a word of eight bytes") {
    for (std::size_t before = 0; before < 20; ++before) {
      for (unsigned c = 0; c < 0xA1; ++c) {
        std::string text(before, 'x');
        if (c < 0x80) {
          text += static_cast<char>(c);
        } else {
          text += "\xC2";
          text += static_cast<char>(c);
        }
        if (c == 0xA0) text.back() = '\xA0';
        text += "yyyyyyyyyyyyyyyy";
        const bool control = (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0);
        const auto fault = find_fault(text);
        REQUIRE(fault.has_value() == control);
        if (control) {
          CHECK(fault->offset == before);
          CHECK(fault->control == c);
        }
        CHECK_FALSE(find_malformed_utf8(text));
      }
    }
  }

  TEST_CASE("the first byte that is not UTF-8 is found, wherever it stands") {
    for (std::size_t before = 0; before < 20; ++before) {
      const std::string text = std::string(before, 'x') + "\xC3(yyyyyyyyyyyyyy";
      REQUIRE(find_fault(text));
      CHECK(find_fault(text)->offset == before);
      CHECK_FALSE(find_fault(text)->control);
      CHECK(find_malformed_utf8(text) == before);
    }
    CHECK_FALSE(find_fault("Grüße, 世界, \U0001F600\n\tand plain text after it"));
  }
}
