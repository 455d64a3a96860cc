#include "memory/visibility.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace quorate;
using namespace quorate::memory;

namespace {

struct row {
  const char* as_agent;
  const char* scope;
  std::vector<const char*> shown;
  std::vector<const char*> hidden;
};

const std::vector<row> table{
    {"o/u/t/a", "private", {"o/u/t/a"}, {"o/u/t/a/x", "o/u/t", "o/u/t/b", "o", "o/u/t/ab", "z"}},
    {"o/u/t/a", "", {"o/u/t/a"}, {"o/u/t/a/x", "o/u/t"}},
    {"o/u/t/a", "team", {"o/u/t", "o/u/t/a", "o/u/t/b", "o/u/t/b/c"}, {"o/u", "o/u/tt", "o/u/tt/a", "o/u/x", "z"}},
    {"o/u/t/a", "unit", {"o/u", "o/u/t", "o/u/x/y"}, {"o", "o/uu", "o/v", "z"}},
    {"o/u/t/a", "org", {"o", "o/u", "o/v/w"}, {"oo", "oo/u", "z"}},
    {"o/u/t/a", "collective", {"o", "z", "o/u/t/a"}, {}},
    {"o/u/t/a", "Team", {}, {"o/u/t/a", "o/u/t"}},
    {"o/u/t/a", "everyone", {}, {"o/u/t/a", "o"}},
    // Deeper than four: three segments up is the widest.
    {"x/o/u/t/a", "org", {"x/o", "x/o/v"}, {"x", "x/p"}},
    // What has no ancestor so far up shows nothing of that scope.
    {"o/u/a", "org", {}, {"o", "o/u", "o/u/a"}},
    {"o/u/a", "unit", {"o", "o/v"}, {"z"}},
    {"t/a", "team", {"t", "t/b"}, {"z"}},
    {"t/a", "unit", {}, {"t", "t/a"}},
    {"a", "private", {"a"}, {"a/b", "b"}},
    {"a", "team", {}, {"a", "a/b"}},
    {"a", "collective", {"z"}, {}},
};

}  // namespace

TEST_SUITE("memory.visibility") {
  TEST_CASE("a scope shows a record so far up the tree and everywhere below") {
    for (const auto& [as_agent, scope, shown, hidden] : table) {
      CAPTURE(as_agent);
      CAPTURE(scope);
      for (const char* name_space : shown) {
        CAPTURE(name_space);
        CHECK(visible(as_agent, scope, name_space));
      }
      for (const char* name_space : hidden) {
        CAPTURE(name_space);
        CHECK_FALSE(visible(as_agent, scope, name_space));
      }
    }
  }

  TEST_CASE("who looks from nowhere sees everything") {
    for (const char* scope : {"", "private", "team", "unit", "org", "collective", "everyone"}) {
      CAPTURE(scope);
      CHECK(visible("", scope, "a/b"));
    }
  }

  TEST_CASE("a scope has one of five names") {
    REQUIRE(scope_names().size() == 5);
    for (const auto name : scope_names()) CHECK(validate_scope(name).ok());
    for (const char* name : {"", "Private", "public"}) {
      CAPTURE(name);
      CHECK(validate_scope(name).field() == "scope");
    }
  }
}
