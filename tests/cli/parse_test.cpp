#include "cli/parse.hpp"

#include <doctest/doctest.h>

using namespace quorate;
using namespace quorate::cli;

TEST_SUITE("cli.parse") {
  TEST_CASE("a duration is a whole number and its unit") {
    CHECK(*parse_duration_ms("--x", "500ms") == 500);
    CHECK(*parse_duration_ms("--x", "2s") == 2'000);
    CHECK(*parse_duration_ms("--x", "1m") == 60'000);
    CHECK(*parse_duration_ms("--x", "24h") == 86'400'000);
    CHECK(*parse_duration_ms("--x", "0s") == 0);
  }

  TEST_CASE("a duration that is anything else is refused with the flag's name and an example") {
    for (const auto* text : {"", "2", "s", "-1s", "1.5s", "2 s", "2sec", "25h", "99999999999999999999s"}) {
      CAPTURE(text);
      const auto parsed = parse_duration_ms("--quorum-timeout", text);
      REQUIRE_FALSE(parsed.ok());
      CHECK(parsed.error().field() == "--quorum-timeout");
    }
    CHECK(parse_duration_ms("--x", "2").error().context().find("2s or 500ms") != std::string::npos);
  }

  TEST_CASE("an address is host:port, with 7411 where no port is given") {
    CHECK(*parse_address("--x", "127.0.0.1:80") == "127.0.0.1:80");
    CHECK(*parse_address("--x", "node-a.example") == "node-a.example:7411");
    CHECK(*parse_address("--x", "[::1]:9") == "[::1]:9");
    CHECK(*parse_address("--x", "[::1]") == "[::1]:7411");
    CHECK(*parse_address("--x", "a:0", true) == "a:0");
  }

  TEST_CASE("an address that cannot be one is refused") {
    for (const auto* text : {"", ":", ":7411", "a:", "a:0", "a:65536", "a:b", "a b:1", "::1", "[::1", "[zz]:1",
                             "[::1]x:1", "http://a:1"}) {
      CAPTURE(text);
      CHECK_FALSE(parse_address("--x", text).ok());
    }
  }

  TEST_CASE("endpoints are a list without repeats, blanks around them ignored") {
    CHECK(*parse_endpoints("--x", "a:1, b:2,c") == std::vector<std::string>{"a:1", "b:2", "c:7411"});
    CHECK_FALSE(parse_endpoints("--x", "").ok());
    CHECK_FALSE(parse_endpoints("--x", ",").ok());
    CHECK_FALSE(parse_endpoints("--x", "a,a:7411").ok());
  }

  TEST_CASE("a peer is a name and an address") {
    const auto peer = parse_peer("--peer", "b=127.0.0.1:7421");
    REQUIRE(peer.ok());
    CHECK(peer->name == "b");
    CHECK(peer->address == "127.0.0.1:7421");
    CHECK_FALSE(parse_peer("--peer", "127.0.0.1:7421").ok());
    CHECK_FALSE(parse_peer("--peer", "=127.0.0.1:7421").ok());
    CHECK_FALSE(parse_peer("--peer", "b=").ok());
  }

  TEST_CASE("only addresses of this machine count as loopback") {
    for (const auto* text : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"}) CHECK(is_loopback(text));
    for (const auto* text : {"0.0.0.0:1", "128.0.0.1:1", "[::]:1", "example.org:1", "127.0.0.1.example.org:1"})
      CHECK_FALSE(is_loopback(text));
  }
}
