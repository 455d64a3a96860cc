#include "actors/log.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace quorate;
using logging::field;

namespace {

std::string line(logging::format shape, std::initializer_list<field> fields) {
  return logging::line_of(shape, "a", "peer.refused", {fields.begin(), fields.size()});
}
std::string text(std::string_view value) { return line(logging::format::text, {{"from", value}}); }
std::string json(std::string_view value) { return line(logging::format::json, {{"from", value}}); }

bool is_plain(const std::string& shown) {
  return std::none_of(shown.begin(), shown.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

TEST_SUITE("actors.log") {
  TEST_CASE("a line is the event and its fields") {
    CHECK(line(logging::format::text, {{"from", "b"}, {"reason", "no peer"}, {"count", 3}})
          == R"(peer.refused from=b reason="no peer" count=3)");
    CHECK(line(logging::format::json, {{"from", "b"}, {"count", 3}})
          == R"("event":"peer.refused","node":"a","from":"b","count":"3")");
    CHECK(text("") == R"(peer.refused from="")");
  }

  TEST_CASE("no value can end a line, steer a terminal or break the JSON") {
    CHECK(text("x\ry") == R"(peer.refused from="x\u000dy")");
    CHECK(text("\x1b[2J") == R"(peer.refused from="\u001b[2J")");
    CHECK(text("a\"b\\ c") == R"(peer.refused from="a\"b\\ c")");
    for (int c = 0; c < 256; ++c) {
      const std::string value{'x', static_cast<char>(c), 'y'};
      CAPTURE(c);
      CHECK(is_plain(text(value)));
      CHECK(is_plain(json(value)));
      if (c >= 0x80) CHECK(json(value).ends_with(R"("x\ufffdy")"));
    }
    CHECK(json("Zoë 漢字 🙂").ends_with("\"Zoë 漢字 🙂\""));
    for (const std::string bytes : {"\xed\xa0", "\xc0\x80"}) CHECK(json(bytes).ends_with(R"("\ufffd\ufffd")"));
    for (const std::string bytes : {"\xe0\x80\x80", "\xed\xa0\x80"})
      CHECK(json(bytes).ends_with(R"("\ufffd\ufffd\ufffd")"));
  }

  TEST_CASE("a value is cut, and the line says by how much") {
    const auto shown = text(std::string(57'000, 'm'));
    CHECK(shown.size() < logging::field_bytes_max + 100);
    CHECK(shown.find("(55976 bytes more)") != std::string::npos);
    CHECK(text(std::string(logging::field_bytes_max, 'm')).find("more") == std::string::npos);
    // Not within a character.
    std::string wide(logging::field_bytes_max - 1, 'm');
    wide += "漢漢";
    CHECK(json(wide).find("ufffd") == std::string::npos);
    CHECK(json(wide).find("(6 bytes more)") != std::string::npos);
  }

  TEST_CASE("what somebody else sent is shown as far as it can be, and short") {
    CHECK(logging::printable("node-b") == "node-b");
    CHECK(logging::printable("b\n\x1b\x7f\xff") == "b????");
    CHECK(logging::printable("Zoë") == "Zoë");
    CHECK(logging::printable(std::string(100, 'x'), 10) == "xxxxxxxxxx...(90 bytes more)");
    CHECK(logging::printable("aaë", 3) == "aa...(2 bytes more)");
    CHECK(logging::printable(std::string(100, '\x80'), 10) == "???????...(93 bytes more)");
  }

  TEST_CASE("one event about one subject has one line a second, and the next tells what was left out") {
    logging::limiter lines;
    std::int64_t now_us = 5'000'000;
    CHECK(lines.admit("peer.refused", "b", now_us) == 0u);
    for (int i = 0; i < 999; ++i) CHECK_FALSE(lines.admit("peer.refused", "b", now_us + i));
    // Another event and another subject have turns of their own.
    CHECK(lines.admit("peer.refused", "c", now_us) == 0u);
    CHECK(lines.admit("peer.bad_frame", "b", now_us) == 0u);
    CHECK_FALSE(lines.admit("peer.refused", "b", now_us + logging::limiter::pause_us - 1));
    CHECK(lines.admit("peer.refused", "b", now_us + logging::limiter::pause_us) == 1'000u);
    now_us += 2 * logging::limiter::pause_us;
    CHECK(lines.admit("peer.refused", "b", now_us) == 0u);
  }

  TEST_CASE("inventing subjects gains nothing: beyond the bound all share one turn") {
    logging::limiter lines;
    const std::int64_t now_us = 5'000'000;
    std::size_t written = 0;
    constexpr std::size_t tries = 10'000;
    for (std::size_t i = 0; i < tries; ++i) written += lines.admit("peer.refused", std::to_string(i), now_us) ? 1 : 0;
    CHECK(written == logging::limiter::subjects_max + 1);
    // Nothing that was left out is lost, also where the place of a subject was given to another.
    std::uint64_t told = 0;
    for (std::size_t i = 0; i < tries; ++i)
      if (const auto left =
              lines.admit("peer.refused", "new " + std::to_string(i), now_us + logging::limiter::pause_us))
        told += *left;
    CHECK(told == tries - written);
    // A subject of any length or kind is one of bounded length.
    logging::limiter others;
    CHECK(others.admit("e", std::string(100'000, 'x'), now_us) == 0u);
    CHECK_FALSE(others.admit("e", std::string(100'000, 'x'), now_us));
  }
}
