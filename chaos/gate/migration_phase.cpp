#include <algorithm>
#include <memory>
#include <utility>

#include "chaos/gate/checks.hpp"
#include "chaos/gate/migration_run.hpp"
#include "chaos/gate/migration_source.hpp"
#include "chaos/gate/phases.hpp"
#include "chaos/gate/program.hpp"
#include "chaos/gate/sqlite_file.hpp"
#include "chaos/private_postgres.hpp"
#include "chaos/terminal.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t full_records = 10'000;
constexpr std::size_t quick_records = 1'000;
constexpr milliseconds run_bound(600'000);
constexpr milliseconds refusal_bound(60'000);
constexpr milliseconds halfway_bound(60'000);
constexpr unsigned interruptions_max = 5;  ///< a small migration may be done before it is seen to have begun
constexpr std::size_t differences_shown = 5;
constexpr auto second_database = "halfway";

std::string text_of(const std::optional<std::uint64_t>& number) { return number ? std::to_string(*number) : "none"; }

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

class migration {
 public:
  migration(const phase_options& options, const quorate_program& program)
      : options_(options), program_(program), records_(options.quick ? quick_records : full_records) {}

  void run() {
    // Looked for first: without it nothing of the rest is worth its time.
    if (!private_postgres::installed()) return checks_.add("PostgreSQL", false, private_postgres::needed());
    if (!make_source() || !start_postgres()) return;
    forward();
    repeat();
    reverse();
    through_a_data_directory();
    look_into_files();
    refuse_a_wrong_password();
    interrupt();
    keep_secrets();
  }

  const checks& seen() const { return checks_; }
  void fill(ordered_json* out) const {
    const auto printed = [](const migration_end& one) { return one.report.value_or(nullptr); };
    out->update({{"report_forward", printed(forward_)},
                 {"report_idempotent", printed(repeat_)},
                 {"report_reverse", printed(reverse_)},
                 {"src_count", source_count_},
                 {"dst_count", target_count_}});
  }

 private:
  std::string file(const std::string& name) const { return options_.directory + "/phase3-" + name; }
  std::string sqlite(const std::string& name) const { return "sqlite://" + file(name + ".db"); }
  std::string directory_url(const std::string& name) const { return "rocksdb://" + file(name); }
  std::string halfway_url() const {
    const auto url = postgres_->url();
    return url.substr(0, url.rfind('/') + 1) + second_database;
  }

  migration_end migrate_all(const std::string& from, const std::string& to, std::vector<std::string> flags = {},
                            milliseconds bound = run_bound) {
    // Batches of a release's gate, unless a check wants others.
    if (std::find(flags.begin(), flags.end(), "--batch") == flags.end()) flags.insert(flags.end(), {"--batch", "500"});
    auto ended = migrate(options_.program, from, to, flags, options_.directory, bound);
    remember(ended);
    return ended;
  }
  void remember(const migration_end& ended) {
    printed_ += ended.said;
    if (ended.report) printed_ += ended.report->dump();
  }

  bool add(const std::string& name, bool holds, const std::string& detail) {
    checks_.add(name, holds, detail);
    return holds;
  }

  bool make_source() {
    const auto made = make_migration_source(program_, file("data"), options_.directory, records_);
    if (!add("a data directory is filled by import and verbs", made.ok(),
             made ? std::to_string(records_) + " records" : made.message()))
      return false;
    const auto out = migrate_all(directory_url("data"), sqlite("source"));
    source_count_ = count("source");
    return add("a data directory to SQLite", out.ok() && moved_all(out) && source_count_ == records_,
               moved_text(out) + "; " + std::to_string(source_count_) + " in the file; " + out.shown())
           && every_table_has_rows();
  }

  bool every_table_has_rows() {
    const auto source = sqlite_file::open(file("source.db"));
    if (!source) return add("every table has rows", false, source.error().message());
    std::string text;
    bool all = true;
    for (const auto table : store_tables) {
      const auto rows = source->count(table);
      all = all && rows && *rows > 0;
      text.append(text.empty() ? "" : ", ").append(table).append(" ");
      text += rows ? std::to_string(*rows) : rows.error().message();
    }
    return add("every table has rows", all, text);
  }

  bool start_postgres() {
    auto started = private_postgres::start();
    if (!started) return add("PostgreSQL", false, started.error().message());
    postgres_ = std::move(*started);
    return true;
  }

  bool moved_all(const migration_end& out) const {
    return out.number("/memories_read") == records_ && out.number("/memories_written") == records_;
  }
  std::string moved_text(const migration_end& out) const {
    return "read " + text_of(out.number("/memories_read")) + ", written " + text_of(out.number("/memories_written"))
           + " of " + std::to_string(records_);
  }
  static bool same_digests(const migration_end& out) {
    return !out.text("/digest/source").empty() && out.text("/digest/source") == out.text("/digest/target");
  }
  static std::string digests_text(const migration_end& out) {
    return "source " + out.text("/digest/source") + ", target " + out.text("/digest/target");
  }

  void forward() {
    forward_ = migrate_all(sqlite("source"), postgres_->url(), {"--verify"});
    add("SQLite to PostgreSQL", forward_.ok() && moved_all(forward_), moved_text(forward_) + "; " + forward_.shown());
    add("SQLite to PostgreSQL, digests", same_digests(forward_), digests_text(forward_));
    const auto rows = postgres_->ask("select count(*) from memories");
    add("PostgreSQL holds as many", rows && *rows == std::to_string(records_), rows ? *rows : rows.error().message());
  }

  void repeat() {
    repeat_ = migrate_all(sqlite("source"), postgres_->url(), {"--verify"});
    const auto unchanged = repeat_.number("/tables/memories/unchanged");
    add("the same again", repeat_.ok() && moved_all(repeat_) && unchanged == records_,
        moved_text(repeat_) + ", unchanged " + text_of(unchanged) + "; " + repeat_.shown());
    add("the same again, digests",
        same_digests(repeat_) && repeat_.text("/digest/target") == forward_.text("/digest/target"),
        digests_text(repeat_));
  }

  void reverse() {
    reverse_ = migrate_all(postgres_->url(), sqlite("roundtrip"), {"--verify"});
    target_count_ = count("roundtrip");
    add("PostgreSQL to SQLite", reverse_.ok() && moved_all(reverse_) && target_count_ == source_count_,
        moved_text(reverse_) + "; " + std::to_string(target_count_) + " in the file; " + reverse_.shown());
    same_as_source("the round trip changes nothing", "roundtrip");
  }

  void through_a_data_directory() {
    const auto in = migrate_all(postgres_->url(), directory_url("fresh"), {"--verify"});
    add("PostgreSQL to a new data directory", in.ok() && moved_all(in) && same_digests(in),
        moved_text(in) + "; " + in.shown());
    const auto out = migrate_all(directory_url("fresh"), sqlite("third"), {"--verify"});
    add("and from there to SQLite", out.ok() && moved_all(out) && same_digests(out),
        moved_text(out) + "; " + out.shown());
    same_as_source("the way through a data directory changes nothing", "third");
  }

  void look_into_files() {
    for (const std::string name : {"source", "roundtrip", "third"}) {
      const auto opened = sqlite_file::open(file(name + ".db"));
      const auto what = name + ".db is a sound file of schema 13";
      if (!opened) {
        add(what, false, opened.error().message());
        continue;
      }
      const auto faults = opened->faults();
      add(what, faults.empty(), joined(faults));
      const auto found = opened->found("\"innermost\" OR \"quorum\" OR \"odd\"");
      add(name + ".db is found in by words", found && *found > 0,
          found ? std::to_string(*found) + " records" : found.error().message());
    }
  }

  void refuse_a_wrong_password() {
    const auto out = migrate_all(sqlite("source"), postgres_->wrong_password_url(), {}, refusal_bound);
    add("a wrong password fails", out.end.exit_code == 1 || out.end.exit_code == 2, out.shown());
  }

  /// Starts a migration to an empty database, and calls `strike` when a part of the records is there. False, and a
  /// check that failed, when it could not be caught in the middle.
  template <class Strike>
  std::optional<migration_end> strike_halfway(const std::string& name, Strike strike) {
    std::string last = "never begun";
    for (unsigned i = 0; i < interruptions_max && !interrupted(); ++i) {
      const std::string database(second_database);
      for (const auto& words : {"drop database if exists " + database + " with (force)", "create database " + database})
        if (const auto done = postgres_->ask(words); !done) {
          add(name, false, done.error().message());
          return std::nullopt;
        }
      auto run = migration_run::start(options_.program, sqlite("source"), halfway_url(), {"--batch", "10"},
                                      options_.directory);
      if (!run) {
        add(name, false, run.error().message());
        return std::nullopt;
      }
      std::uint64_t there = 0;
      wait_until(halfway_bound, [&] {
        const auto rows = postgres_->ask("select count(*) from memories", second_database);
        there = rows ? std::strtoull(rows->c_str(), nullptr, 10) : 0;
        return there > 0 || !run->running();
      });
      const bool was_running = run->running();
      strike(*run);
      auto ended = run->end(refusal_bound);
      remember(ended);
      if (!postgres_->running())
        if (const auto up = postgres_->restart(); !up) {
          add(name, false, up.message());
          return std::nullopt;
        }
      const auto rows = postgres_->ask("select count(*) from memories", second_database);
      last = (rows ? *rows : rows.error().message()) + " of " + std::to_string(records_) + " were there";
      struck_ = last;
      const auto left = rows ? std::strtoull(rows->c_str(), nullptr, 10) : 0;
      if (was_running && left > 0 && left < records_) return ended;
    }
    add(name, false, "could not be caught in the middle: " + last);
    return std::nullopt;
  }

  void interrupt() {
    const std::string crash = "PostgreSQL is killed in the middle: the migration fails and says so";
    if (const auto ended = strike_halfway(crash, [&](migration_run&) { postgres_->kill(); }))
      add(crash, ended->end.exit_code == 1 && ended->report && !ended->ok(), struck_ + "; " + ended->shown());
    const std::string kill = "the migration is killed in the middle and resumed";
    if (!strike_halfway(kill, [](migration_run& run) { run.kill(); })) return;
    const auto resumed = migrate_all(sqlite("source"), halfway_url(), {"--resume", "--verify"});
    add(kill, resumed.ok() && same_digests(resumed), struck_ + "; " + digests_text(resumed) + "; " + resumed.shown());
    const auto out = migrate_all(halfway_url(), sqlite("resumed"));
    add("what was resumed to SQLite", out.ok() && moved_all(out), moved_text(out) + "; " + out.shown());
    same_as_source("an interruption changes nothing", "resumed");
  }

  void keep_secrets() {
    add("no password is printed", printed_.find(postgres_->password()) == std::string::npos,
        "looked for in " + std::to_string(printed_.size()) + " bytes");
    add("URLs are reported with *** for the password", forward_.text("/to_url").find(":***@") != std::string::npos,
        forward_.text("/to_url").find(postgres_->password()) == std::string::npos ? forward_.text("/to_url")
                                                                                  : "it is there");
  }

  std::uint64_t count(const std::string& name) const {
    const auto opened = sqlite_file::open(file(name + ".db"));
    if (!opened) return 0;
    const auto rows = opened->count("memories");
    return rows ? *rows : 0;
  }

  void same_as_source(const std::string& what, const std::string& name) {
    const auto source = sqlite_file::open(file("source.db"));
    const auto target = sqlite_file::open(file(name + ".db"));
    if (!source || !target) {
      add(what, false, (source ? target : source).error().message());
      return;
    }
    const auto apart = differences(*source, *target, differences_shown);
    add(what, apart && apart->empty(),
        apart ? (apart->empty() ? "all rows and columns are equal" : joined(*apart)) : apart.error().message());
  }

  const phase_options& options_;
  const quorate_program& program_;
  const std::size_t records_;
  checks checks_;
  std::unique_ptr<private_postgres> postgres_;
  migration_end forward_;
  migration_end repeat_;
  migration_end reverse_;
  std::uint64_t source_count_ = 0;
  std::uint64_t target_count_ = 0;
  std::string printed_;  ///< all that the migrations printed
  std::string struck_;   ///< how much was there when a migration was interrupted
};

}  // namespace

ordered_json run_migration_phase(const phase_options& options) {
  const auto start = steady_clock::now();
  ordered_json out = {{"phase", 3},
                      {"pass", false},
                      {"reasons", ordered_json::array()},
                      {"checks", ordered_json::array()},
                      {"report_forward", nullptr},
                      {"report_idempotent", nullptr},
                      {"report_reverse", nullptr},
                      {"src_count", 0},
                      {"dst_count", 0},
                      {"seconds", 0}};
  const auto judge = [&](const checks& seen) {
    out["pass"] = seen.pass();
    out["reasons"] = seen.reasons();
    out["checks"] = seen.list();
  };
  if (const quorate_program program(options.program); program.has("migrate")) {
    migration all(options, program);
    all.run();
    all.fill(&out);
    judge(all.seen());
  } else {
    checks none;
    none.missing("records over SQLite and PostgreSQL and back, contents compared", "verb migrate");
    judge(none);
  }
  out["seconds"] = milliseconds_since(start) / 1'000;
  return out;
}

}  // namespace quorate::chaos
