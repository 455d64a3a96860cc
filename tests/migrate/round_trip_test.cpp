// sqlite -> postgres -> quorate -> postgres -> sqlite: nothing is lost on the way, however often it is killed.
#include <doctest/doctest.h>

#include "chaos/wait.hpp"
#include "tests/migrate/program.hpp"
#include "tests/migrate/reference_database.hpp"

using namespace quorate;
using namespace quorate::migrate_tests;

namespace {

/// All the way round; the digest that all four ends have.
void require_round_trip(std::uint64_t memories) {
  const auto there = start_postgres();
  if (!there) return;
  const auto back = start_postgres();
  const place where;
  reference::make_database(where.file("a.db"), memories);
  const auto forward = migrate(where, where.sqlite("a.db"), there->url());
  const auto digest = require_equal(forward);
  CHECK(forward.json["memories_read"] == memories);
  CHECK(forward.json["memories_written"] == memories);
  CHECK(forward.output.find(there->password()) == std::string::npos);
  CHECK(require_equal(migrate(where, there->url(), where.rocksdb("q"))) == digest);
  CHECK(require_equal(migrate(where, where.rocksdb("q"), back->url())) == digest);
  CHECK(require_equal(migrate(where, back->url(), where.sqlite("b.db"))) == digest);
  CHECK(differences(where.file("b.db"), where.file("a.db")) == std::vector<std::string>());

  // Each step again writes the same and changes nothing.
  for (const auto& [from, to] : {std::pair{where.sqlite("a.db"), there->url()},
                                 {there->url(), where.rocksdb("q")},
                                 {where.rocksdb("q"), back->url()},
                                 {back->url(), where.sqlite("b.db")}}) {
    const auto again = migrate(where, from, to);
    CHECK(require_equal(again) == digest);
    CHECK(again.json["rows_unchanged"] == again.json["rows_read"]);
  }
}

}  // namespace

TEST_SUITE("migrate") {
  TEST_CASE("1,000 memories with every field exercised come round") { require_round_trip(1'000); }
  TEST_CASE("1,001 memories come round: there is no page they have to fit") { require_round_trip(1'001); }
  TEST_CASE("many memories come round") { require_round_trip(many_memories()); }

  TEST_CASE("a migration that is killed ten times and resumed moves the same") {
    const auto postgres = start_postgres();
    if (!postgres) return;
    const place where;
    const auto memories = std::max<std::uint64_t>(many_memories(), 20'000);
    reference::make_database(where.file("a.db"), memories);
    const std::vector<std::pair<std::string, std::string>> steps{{where.sqlite("a.db"), postgres->url()},
                                                                 {postgres->url(), where.rocksdb("q")},
                                                                 {where.rocksdb("q"), where.sqlite("b.db")}};
    int killed = 0;
    std::string digest;
    for (const auto& [from, to] : steps) {
      const std::vector<std::string> resume{"--verify", "--resume", "--batch", "100"};
      // The progress file grows from batch to batch: after some of them it is killed.
      for (int i = 0; i < 4; ++i) {
        auto running = begin(where, from, to, resume);
        if (running.wait(chaos::milliseconds(150 + 130 * i))) break;
        running.kill();
        ++killed;
      }
      const auto end = migrate(where, from, to, resume);
      const auto found = require_equal(end);
      CHECK(end.json["memories_read"] == memories);
      if (digest.empty()) digest = found;
      CHECK(found == digest);
    }
    CHECK(killed >= 10);
    CHECK(differences(where.file("b.db"), where.file("a.db")) == std::vector<std::string>());
  }
}
