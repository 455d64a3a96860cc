#include <doctest/doctest.h>

#include "cli/migrate/store_url.hpp"

namespace quorate::cli::migrate {

TEST_CASE("a store is named by a URL, and a password is never shown") {
  const auto file = parse_store_url("--from", "sqlite:///a/b.db");
  REQUIRE(file);
  CHECK(file->kind == store_kind::sqlite);
  CHECK(file->place == "/a/b.db");
  CHECK(parse_store_url("--from", "sqlite://./b.db")->place == "./b.db");
  CHECK(parse_store_url("--to", "rocksdb:///d")->place == "/d");
  CHECK(parse_store_url("--to", "quorate://a:1,b:2")->place == "a:1,b:2");
  const auto shown = [](const std::string& url) { return parse_store_url("--to", url)->shown; };
  CHECK(shown("postgres://me:secret@host:5432/db") == "postgres://me:***@host:5432/db");
  CHECK(shown("postgresql://me:se@cret@host/db") == "postgresql://me:***@host/db");
  CHECK(shown("postgres://me:se/cr@et@host/db?a=b@c") == "postgres://me:***@host/db?a=b@c");
  CHECK(shown("postgres://host/db?user=me&password=secret&x=1") == "postgres://host/db?user=me&password=***&x=1");
  CHECK(shown("postgres://me@host/db") == "postgres://me@host/db");
  CHECK(shown("postgres:///db") == "postgres:///db");
}

TEST_CASE("what is no store is refused under the name of the flag") {
  for (const auto* wrong : {"", "a.db", "mysql://x/y", "sqlite://", "quorate://"}) {
    CAPTURE(wrong);
    const auto parsed = parse_store_url("--to", wrong);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().field() == "--to");
  }
  CHECK(parse_store_url("--to", "mongo://me:secret@h").error().message().find("secret") == std::string::npos);
}

}  // namespace quorate::cli::migrate
