#include <doctest/doctest.h>

#include <memory>
#include <optional>

#include "proto/status.hpp"

using namespace quorate;

TEST_SUITE("core.result") {
  TEST_CASE("a result of nothing is a value, not an error without a reason") {
    const result<std::optional<int>> nothing(std::nullopt);
    CHECK(nothing.ok());
    CHECK_FALSE(nothing->has_value());
    CHECK(nothing.error().ok());
  }

  TEST_CASE("an error has no value, and a value no error") {
    const result<int> wrong(status(errc::internal, "why"));
    CHECK_FALSE(wrong.ok());
    CHECK(wrong.error().context() == "why");
    const result<std::unique_ptr<const int>> derived(std::make_unique<int>(3));
    REQUIRE(derived.ok());
    CHECK(**derived == 3);
  }
}
