// What cannot be done is said in one line, with the exit code, and leaves nothing half-written that a repeat does not
// mend.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "chaos/command.hpp"
#include "chaos/wait.hpp"
#include "tests/migrate/program.hpp"
#include "tests/migrate/reference_database.hpp"

using namespace quorate;
using namespace quorate::migrate_tests;

namespace {

/// It ended with this code, and says so.
void require_refused(const ended& migration, int code, const std::string& said) {
  INFO(migration.output);
  CHECK(migration.code == code);
  CHECK(migration.output.find(said) != std::string::npos);
}

}  // namespace

TEST_SUITE("migrate") {
  TEST_CASE("command lines that name no store end with 2") {
    const place where;
    require_refused(run(where, {"migrate", "--from", "x", "--to", where.sqlite("b")}), 2, "--from: must begin with");
    require_refused(run(where, {"migrate", "--from", where.sqlite("a")}), 2, "--to");
    require_refused(run(where, {"migrate", "--from", where.sqlite("a"), "--to", where.sqlite("a")}), 2, "the same");
    require_refused(run(where, {"migrate", "--from", where.sqlite("a"), "--to", where.sqlite("b"), "--batch", "0"}), 2,
                    "--batch");
    require_refused(run(where, {"migrate", "--from", where.rocksdb("a"), "--to", where.sqlite("b")}), 2,
                    "is no data directory");
    require_refused(run(where, {"migrate", "--from", "quorate://127.0.0.1:1", "--to", where.sqlite("b")}), 2,
                    "no node answers");
  }

  TEST_CASE("a file of a newer schema, of another program, or without a table") {
    const place where;
    reference::make_database(where.file("new.db"), 3);
    reference::run(where.file("new.db"), "UPDATE schema_version SET version = 14");
    require_refused(migrate(where, where.sqlite("new.db"), where.sqlite("b.db")), 2, "has schema version 14");
    reference::run(where.file("other.db"), "CREATE TABLE t (x)");
    require_refused(migrate(where, where.sqlite("other.db"), where.sqlite("b.db")), 2, "has no table memories");
    reference::make_database(where.file("c.db"), 10);
    reference::run(where.file("c.db"), "DROP TABLE archived_memories; DROP TABLE subscriptions");
    CHECK(migrate(where, where.sqlite("c.db"), where.rocksdb("q")).code == 0);
    require_refused(migrate(where, where.rocksdb("q"), where.sqlite("c.db")), 2, "has an older schema");
  }

  TEST_CASE("a file that another process has locked") {
    const place where;
    reference::make_database(where.file("a.db"), 10);
    reference::make_database(where.file("b.db"), 1);
    const std::string hold =
        "import sqlite3,sys;c=sqlite3.connect(sys.argv[1],isolation_level=None);"
        "c.execute('BEGIN EXCLUSIVE');open(sys.argv[2],'w').close();import signal;signal.pause()";
    auto holder = chaos::process::start(
        {{"/usr/bin/python3", "-c", hold, where.file("b.db"), where.file("held")}, {}, where.file("holder.log")});
    REQUIRE(holder);
    struct stat facts {};
    REQUIRE(chaos::wait_until(chaos::milliseconds(20'000),
                              [&] { return ::stat(where.file("held").c_str(), &facts) == 0; }));
    require_refused(migrate(where, where.sqlite("a.db"), where.sqlite("b.db")), 2, "is locked by another process");
    holder->kill();
    require_equal(migrate(where, where.sqlite("a.db"), where.sqlite("b.db")));
  }

  TEST_CASE("a disk that fills up: one line, and a repeat mends it") {
    const place where;
    reference::make_database(where.file("a.db"), 3'000);
    for (const std::string to : {"sqlite", "rocksdb"}) {
      CAPTURE(to);
      const auto mounted = where.file("small-" + to);
      REQUIRE(::mkdir(mounted.c_str(), 0700) == 0);
      const std::string size = to == "sqlite" ? "1m" : "70m";
      const auto made =
          chaos::run_to_end({{"mount", "-t", "tmpfs", "-o", "size=" + size, "quorate-small", mounted}, "mount", {}},
                            chaos::milliseconds(10'000));
      if (!made || made->exit_code != 0) {
        MESSAGE("skipped: cannot mount a small disk here");
        return;
      }
      const auto url = to + "://" + mounted + "/store";
      // A data directory keeps a reserve of its own; something else fills the rest.
      if (to == "rocksdb") {
        CHECK(migrate(where, url.substr(0), url + "-none").code == 2);
        const auto filled = chaos::run_to_end(
            {{"dd", "if=/dev/zero", "of=" + mounted + "/filler", "bs=1M", "count=200"}, "coreutils", {}},
            chaos::milliseconds(30'000));
        REQUIRE(filled);
      }
      const auto refused = migrate(where, where.sqlite("a.db"), url);
      INFO(refused.output);
      CHECK(refused.code != 0);
      CHECK((refused.output.find("space") != std::string::npos || refused.output.find("full") != std::string::npos
             || refused.output.find("free") != std::string::npos));
      const auto larger =
          chaos::run_to_end({{"mount", "-o", "remount,size=500m", mounted}, "mount", {}}, chaos::milliseconds(10'000));
      REQUIRE(larger);
      require_equal(migrate(where, where.sqlite("a.db"), url, {"--verify", "--resume"}));
      REQUIRE(chaos::run_to_end({{"umount", mounted}, "mount", {}}, chaos::milliseconds(10'000)));
    }
  }

  TEST_CASE("PostgreSQL with a wrong password, and one that goes away on the way") {
    const auto postgres = start_postgres();
    if (!postgres) return;
    const place where;
    reference::make_database(where.file("a.db"), 20'000);
    const auto refused = migrate(where, where.sqlite("a.db"), postgres->wrong_password_url());
    require_refused(refused, 2, "--to: cannot connect");
    require_refused(refused, 2, "password authentication failed");
    CHECK(refused.output.find(postgres->password()) == std::string::npos);
    require_refused(migrate(where, postgres->url(), where.sqlite("b.db")), 2, "no table memories");
    // The library would quote what it cannot read.
    for (const std::string url : {"postgres://me:100%sure@127.0.0.1/db", "postgres://me:se/cret@127.0.0.1/db"}) {
      const auto unreadable = migrate(where, where.sqlite("a.db"), url);
      require_refused(unreadable, 2, "is no PostgreSQL URL");
      CHECK(unreadable.output.find("sure") == std::string::npos);
      CHECK(unreadable.output.find("cret") == std::string::npos);
    }

    auto running = begin(where, where.sqlite("a.db"), postgres->url(), {"--batch", "50"});
    const auto some_there = [&] {
      const auto count = postgres->ask("SELECT count(*) FROM memories");
      return count && std::strtoull(count->c_str(), nullptr, 10) > 200;
    };
    REQUIRE(chaos::wait_until(chaos::milliseconds(20'000), some_there));
    postgres->kill();
    const auto end = running.wait(chaos::milliseconds(60'000));
    REQUIRE(end);
    CHECK(end->exit_code == 1);
    REQUIRE(postgres->restart());
    const auto digest = require_equal(migrate(where, where.sqlite("a.db"), postgres->url(), {"--verify", "--resume"}));
    CHECK(require_equal(migrate(where, postgres->url(), where.sqlite("b.db"))) == digest);
    CHECK(differences(where.file("b.db"), where.file("a.db")) == std::vector<std::string>());
  }

  TEST_CASE("a source that was changed between two runs is read from the start again") {
    const auto postgres = start_postgres();
    if (!postgres) return;
    const place where;
    reference::make_database(where.file("a.db"), 20'000);
    require_equal(migrate(where, where.sqlite("a.db"), postgres->url()));
    auto running = begin(where, postgres->url(), where.sqlite("b.db"), {"--verify", "--batch", "50"});
    REQUIRE(chaos::wait_until(chaos::milliseconds(20'000), [&] {
      struct stat facts {};
      return ::stat(where.file("b.db-wal").c_str(), &facts) == 0 && facts.st_size > 1'000'000;
    }));
    running.kill();
    REQUIRE(
        postgres->ask("UPDATE memories SET content = 'changed', updated_at = now() "
                      "WHERE id = (SELECT min(id) FROM memories)"));
    const auto resumed = migrate(where, postgres->url(), where.sqlite("b.db"), {"--verify", "--resume"});
    require_equal(resumed);
    CHECK(resumed.output.find("the source was changed since") != std::string::npos);
    CHECK(reference::ask(where.file("b.db"), "SELECT count(*) FROM memories WHERE content = 'changed'") == 1);
  }

  TEST_CASE("rows that the other side cannot hold are named, and all others are moved") {
    const place where;
    reference::make_database(where.file("a.db"), 100);
    reference::run(where.file("a.db"),
                   "UPDATE memories SET content = 'bell ' || char(7) WHERE id = 'note-3';"
                   "UPDATE memories SET priority = 99 WHERE id = 'note-13'");
    const auto moved = migrate(where, where.sqlite("a.db"), where.rocksdb("q"));
    INFO(moved.output);
    CHECK(moved.code == 1);
    CHECK(moved.json["memories_read"] == 100);
    CHECK(moved.json["memories_written"] == 98);
    REQUIRE(moved.json["errors"].size() >= 2);
    CHECK(moved.json["errors"][0].get<std::string>().starts_with("memory note-3: content "));
    CHECK(moved.json["errors"][1].get<std::string>().starts_with("memory note-13: priority "));
    // Their links have no other end there, and are named too.
    CHECK(moved.json["errors"].size() == 2 + moved.json["tables"]["memory_links"]["failed"].get<std::size_t>());
  }
}
