// Where a webhook may lead once its host's name is looked up.
#include <doctest/doctest.h>

#include "cli/mcp/webhooks.hpp"

namespace quorate::cli::mcp {

TEST_SUITE("cli.mcp webhooks") {
  TEST_CASE("a name leads to public addresses only") {
    const std::string url = "https://hooks.example.com/in";
    CHECK(judge_webhook_address(url, "93.184.216.34").ok());
    CHECK(judge_webhook_address(url, "2606:2800:220:1::1").ok());
    for (const char* address : {"10.0.0.1", "192.168.7.7", "169.254.169.254", "100.64.0.1", "fe80::1", "fd00::1",
                                "::ffff:10.0.0.1", "0.0.0.0"})
      CHECK_MESSAGE(!judge_webhook_address(url, address).ok(), address);
  }

  TEST_CASE("to this machine leads only a URL that says so") {
    for (const char* address : {"127.0.0.1", "127.1.2.3", "::1"}) {
      CHECK_MESSAGE(!judge_webhook_address("https://hooks.example.com/in", address).ok(), address);
      CHECK_MESSAGE(judge_webhook_address("http://localhost:8080/in", address).ok(), address);
    }
    CHECK(judge_webhook_address("http://127.0.0.1:8080/in", "127.0.0.1").ok());
  }
}

}  // namespace quorate::cli::mcp
