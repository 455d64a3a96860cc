#include "memory/agent_identity.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace quorate;
using namespace quorate::memory;

TEST_SUITE("memory.agent_identity") {
  TEST_CASE("an agent id has 1 to 128 bytes of a small alphabet") {
    for (const auto* id : {"a", "alice", "ai:claude-opus-4.7@host_1:pid-12", "team/a", "//", "AZaz09_-:@./"}) {
      CAPTURE(id);
      CHECK(validate_agent_id(id).ok());
    }
    CHECK(validate_agent_id(std::string(128, 'a')).ok());
    for (const auto& id : {std::string(), std::string(129, 'a'), std::string("a b"), std::string("a\n"),
                           std::string("\xc3\xa4"), std::string("a\0b", 3), std::string("a+b")}) {
      CAPTURE(id);
      const auto answer = validate_agent_id(id);
      CHECK(answer.code() == errc::invalid_argument);
      CHECK(answer.field() == "agent_id");
    }
    CHECK(validate_agent_id("", "target_agent_id").field() == "target_agent_id");
  }

  TEST_CASE("an agent is a human, the system, or an AI with a name") {
    for (const auto* type : {"human", "system", "ai:claude-opus-4.6", "ai:x", "ai:A_b-1.0"}) {
      CAPTURE(type);
      CHECK(validate_agent_type(type).ok());
    }
    CHECK(validate_agent_type("ai:" + std::string(61, 'a')).ok());
    for (const auto& type :
         {std::string(), std::string("ai"), std::string("ai:"), std::string("Human"), std::string("robot"),
          std::string("ai:a b"), std::string("ai:a:b"), "ai:" + std::string(62, 'a')}) {
      CAPTURE(type);
      CHECK(validate_agent_type(type).field() == "agent_type");
    }
  }

  TEST_CASE("foreign names become parts of an id: runs of other characters are one dash, none at the ends") {
    CHECK(identity_part("Claude Desktop", 64) == "Claude-Desktop");
    CHECK(identity_part("  my   \t client!! ", 64) == "my-client");
    CHECK(identity_part("a - b", 64) == "a---b");  // its own dash stays
    CHECK(identity_part("--a--", 64) == "a");
    CHECK(identity_part("host.example_1", 64) == "host.example_1");
    CHECK(identity_part("\xc3\xa4\xc3\xb6", 64) == "");
    CHECK(identity_part("", 64) == "");
    CHECK(identity_part("abc def", 4) == "abc");  // cut, and no dash left at the end
  }

  TEST_CASE("a caller that gives no name gets one from where it runs") {
    CHECK(process_identity("box", 42, 0xabc) == "host:box:pid-42-00000abc");
    CHECK(process_identity("", 42, 0xdeadbeef) == "anonymous:pid-42-deadbeef");
    CHECK(process_identity("!!", 42, 1) == "anonymous:pid-42-00000001");
    CHECK(client_identity("Claude Code", "my box", 7) == "ai:Claude-Code@my-box:pid-7");
    CHECK(client_identity("", "box", 7) == "");
    CHECK(client_identity("client", "", 7) == "");
    CHECK(request_identity(0x12) == "anonymous:req-00000012");
  }

  TEST_CASE("made names keep the rule of an agent id whatever they are made of") {
    const std::string long_name(5'000, 'x');
    const auto process = std::numeric_limits<std::uint64_t>::max();
    for (const auto& id : {process_identity(long_name, process, ~0u), client_identity(long_name, long_name, process),
                           process_identity("\n\t\xff", process, 0), request_identity(~0u)}) {
      CAPTURE(id);
      CHECK(validate_agent_id(id).ok());
    }
  }

  TEST_CASE("anonymity is asked for with 1, true, yes, on") {
    for (const auto* yes : {"1", "true", "yes", "on", "TRUE", "On"}) CHECK(asks_for_anonymity(yes));
    for (const auto* no : {"", "0", "false", "no", "off", "2", "true "}) CHECK_FALSE(asks_for_anonymity(no));
  }
}
