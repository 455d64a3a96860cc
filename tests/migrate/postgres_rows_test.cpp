#include <doctest/doctest.h>

#include "cli/migrate/postgres_schema.hpp"

namespace quorate::cli::migrate {
namespace {

using memory::table;

sql_row link_row(const std::string& created_at) {
  return {std::string("a"), std::string("b"), std::string("related_to"), created_at};
}

/// What a server would select after it stored the texts: a time as microseconds.
postgres_row stored(postgres_row row, const std::optional<std::string>& microseconds) {
  row[3] = microseconds;
  return row;
}

std::string text_of(const result<sql_row>& row, std::size_t column) {
  REQUIRE(row);
  return std::get<std::string>((*row)[column]);
}

}  // namespace

TEST_CASE("a time that a column cannot hold comes back as it was written") {
  for (const auto* text :
       {"2026-01-01T00:00:01.123456789+00:00", "2026-01-01T00:00:01.1234560Z", "2026-01-01T02:00:01.123456+02:00"}) {
    CAPTURE(text);
    const auto row = to_postgres(table::links, link_row(text));
    CHECK(row[3] == "2026-01-01T00:00:01.123456+00:00");
    REQUIRE(row[4]);
    CHECK(text_of(from_postgres(table::links, stored(row, "1767225601123456")), 3) == text);
    // Somebody changed the column since: that counts.
    CHECK(text_of(from_postgres(table::links, stored(row, "1767225601000000")), 3) == "2026-01-01T00:00:01+00:00");
  }
  const auto plain = to_postgres(table::links, link_row("2026-01-01T00:00:01.123456+00:00"));
  CHECK_FALSE(plain[4]);
  CHECK(text_of(from_postgres(table::links, stored(plain, "1767225601123456")), 3)
        == "2026-01-01T00:00:01.123456+00:00");
}

TEST_CASE("a text that is no time survives a column of times") {
  const auto row = to_postgres(table::links, link_row("last Tuesday"));
  CHECK(row[3] == "1970-01-01T00:00:00+00:00");
  CHECK(text_of(from_postgres(table::links, stored(row, "0")), 3) == "last Tuesday");

  sql_row standard{std::string("n"), {}, std::string("0000-01-01T00:00:00Z"), {}};
  const auto early = to_postgres(table::standards, standard);
  CHECK(early[2] == "1970-01-01T00:00:00+00:00");  // PostgreSQL knows no year 0
  CHECK(early[4]);
}

TEST_CASE("JSON that a column refuses survives, and what it rewrites keeps its value") {
  v1::TransferRow row;
  row.mutable_pending()->set_payload(R"({"b":"\u0000","a":1.50})");
  const auto sent = to_postgres(table::pending, to_sql(row));
  CHECK(sent[4] == "{}");
  auto back = sent;
  back[6] = "0";  // requested_at
  const auto read = from_postgres(table::pending, back);
  CHECK(text_of(read, 4) == R"({"b":"\u0000","a":1.50})");
  back.back() = std::nullopt;
  back[4] = R"({"a": 1.50, "b": [1, 2]})";
  CHECK(text_of(from_postgres(table::pending, back), 4) == R"({"a":1.50,"b":[1,2]})");
}

TEST_CASE("values that are no numbers are said to be none") {
  auto row = to_postgres(table::links, link_row("2026-01-01T00:00:00+00:00"));
  row[3] = "infinity";
  const auto read = from_postgres(table::links, row);
  REQUIRE_FALSE(read);
  CHECK(read.error().context() == "created_at cannot be read");
}

}  // namespace quorate::cli::migrate
