// The verb that moves everything from one store to another: migrate.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/migrate/migration.hpp"
#include "cli/migrate/postgres_store.hpp"
#include "cli/migrate/quorate_store.hpp"
#include "cli/migrate/sqlite_store.hpp"
#include "cli/migrate/store_url.hpp"
#include "cli/parse.hpp"
#include "cli/verb.hpp"
#include "proto/limits.hpp"

namespace quorate::cli {
namespace {

using namespace migrate;
using nlohmann::ordered_json;

constexpr std::size_t errors_shown_max = 20;
constexpr std::chrono::milliseconds terminal_interval(200);
constexpr std::chrono::milliseconds plain_interval(5'000);

struct migrate_flags {
  std::string from;
  std::string to;
  std::string batch = "500";
  std::string name_space;
  bool dry_run = false;
  bool resume = false;
  bool verify = false;
};

result<std::unique_ptr<row_source>> open_source(const session& run, const store_url& url,
                                                const net::client_options& options) {
  switch (url.kind) {
    case store_kind::sqlite: return open_sqlite_source(url.place);
    case store_kind::postgres: return open_postgres_source(url.place);
    case store_kind::rocksdb: return open_directory_source(run.parts(), url.place, options);
    case store_kind::quorate: break;
  }
  const auto endpoints = parse_endpoints("--from", url.place);
  if (!endpoints) return endpoints.error();
  return open_cluster_source(*endpoints, options);
}

result<std::unique_ptr<row_target>> open_target(const session& run, const store_url& url,
                                                const net::client_options& options) {
  switch (url.kind) {
    case store_kind::sqlite: return open_sqlite_target(url.place);
    case store_kind::postgres: return open_postgres_target(url.place);
    case store_kind::rocksdb: return open_directory_target(run.parts(), url.place, options);
    case store_kind::quorate: break;
  }
  const auto endpoints = parse_endpoints("--to", url.place);
  if (!endpoints) return endpoints.error();
  return open_cluster_target(*endpoints, options);
}

/// Tells a person on stderr how far it is: one line that is rewritten on a terminal, else a line now and then.
class progress_line {
 public:
  progress_line(std::ostream& out, bool is_terminal)
      : out_(out), is_terminal_(is_terminal), started_(clock::now()), shown_(started_) {}

  void show(const migration_progress& now) {
    const auto total = now.done.total();
    if (!began_at_) began_at_ = total.read;
    const auto time = clock::now();
    if (time - shown_ < (is_terminal_ ? terminal_interval : plain_interval)) return;
    shown_ = time;
    const auto rate = static_cast<double>(total.read - *began_at_) / seconds();
    out_ << (is_terminal_ ? "\r\x1b[K" : "") << "moving: " << total.read;
    if (now.rows_about >= total.read && rate > 0)
      out_ << " of " << now.rows_about << ", " << static_cast<std::uint64_t>(rate) << "/s, "
           << static_cast<std::uint64_t>(static_cast<double>(now.rows_about - total.read) / rate) << " s left";
    if (now.done.errors_all > 0) out_ << ", " << now.done.errors_all << " errors";
    out_ << (is_terminal_ ? "" : "\n") << std::flush;
    rewritten_ = is_terminal_;
  }

  void end() {
    if (std::exchange(rewritten_, false)) out_ << "\r\x1b[K" << std::flush;
  }
  double seconds() const { return std::chrono::duration<double>(clock::now() - started_).count(); }

 private:
  using clock = std::chrono::steady_clock;
  std::ostream& out_;
  const bool is_terminal_;
  const clock::time_point started_;
  clock::time_point shown_;
  std::optional<std::uint64_t> began_at_;  ///< rows that an earlier run had moved
  bool rewritten_ = false;
};

/// The members that ai-memory's report has, and ours.
ordered_json report_object(const report& done, const migrate_flags& flags, const store_url& from, const store_url& to,
                           double seconds) {
  auto json = to_json(done);
  const auto total = done.total();
  ordered_json all{{"batches", json["batches"]},
                   {"dry_run", flags.dry_run},
                   {"errors", json["errors"]},
                   {"from_url", from.shown},
                   {"memories_read", done.tables[0].read},
                   {"memories_written", done.tables[0].written},
                   {"to_url", to.shown},
                   {"rows_read", total.read},
                   {"rows_written", total.written},
                   {"rows_unchanged", total.unchanged},
                   {"rows_kept", total.kept},
                   {"errors_all", json["errors_all"]},
                   {"tables", json["tables"]},
                   {"bytes", json["bytes"]},
                   {"seconds", std::round(seconds * 1'000) / 1'000},
                   {"digest", json["digest"]},
                   {"notes", json["notes"]},
                   {"notes_all", json["notes_all"]}};
  if (!flags.verify || flags.dry_run) all["digest"]["target"] = nullptr;
  return all;
}

void print_report(session& run, const report& done, const migrate_flags& flags, double seconds) {
  const auto total = done.total();
  for (const auto which : memory::all_tables) {
    const auto& counts = done.tables[static_cast<std::size_t>(which)];
    if (counts.read == 0) continue;
    run.out() << memory::name_of(which) << ": " << counts.read << " read";
    if (!flags.dry_run) run.out() << ", " << counts.written << " there now (" << counts.unchanged << " before)";
    if (counts.kept > 0) run.out() << ", " << counts.kept << " later there and kept";
    if (counts.failed > 0) run.out() << ", " << counts.failed << " failed";
    run.out() << '\n';
  }
  const auto rate = seconds > 0 ? static_cast<double>(total.read) / seconds : 0;
  run.out() << (flags.dry_run ? "would move " : "moved ") << total.read << " rows, " << done.bytes << " bytes, in "
            << std::round(seconds * 10) / 10 << " s (" << static_cast<std::uint64_t>(rate) << "/s)\n"
            << "digest of the source: " << done.source.text() << '\n';
  if (flags.verify && !flags.dry_run)
    run.out() << "digest of the target: " << done.target.text()
              << (done.target.sum == done.source.sum ? " (equal)" : " (differs)") << '\n';
}

void print_lines(session& run, const std::vector<std::string>& lines, std::uint64_t all, const char* what) {
  for (std::size_t i = 0; i < std::min(lines.size(), errors_shown_max); ++i)
    run.terminal().err << "quorate: " << lines[i] << '\n';
  if (all > errors_shown_max)
    run.terminal().err << "quorate: and " << all - errors_shown_max << " more " << what << "; --json lists up to "
                       << messages_kept_max << '\n';
}

int move_all(session& run, const migrate_flags& flags) {
  const auto from = parse_store_url("--from", flags.from);
  if (!from) return run.complain(from.error());
  const auto to = parse_store_url("--to", flags.to);
  if (!to) return run.complain(to.error());
  if (flags.from == flags.to) return run.complain(status::invalid("--to", "is the same store as --from"));
  const auto batch = parse_number("--batch", flags.batch, 1, limits::batch_items_max);
  if (!batch) return run.complain(batch.error());
  const auto options = run.options();
  if (!options) return run.complain(options.error());
  auto source = open_source(run, *from, *options);
  if (!source) return run.complain(source.error());
  std::unique_ptr<row_target> target;
  if (!flags.dry_run) {
    auto opened = open_target(run, *to, *options);
    if (!opened) return run.complain(opened.error());
    target = std::move(*opened);
  }
  report done;
  progress_line progress(run.terminal().err, run.terminal().err_is_terminal);
  const auto ended = migrate::migrate(
      **source, target.get(), checkpoint_file(flags.from, flags.to),
      {*batch, flags.name_space, flags.resume, flags.verify},
      [&progress](const migration_progress& now) { progress.show(now); }, &done);
  progress.end();
  if (!ended) done.error(ended.message());
  if (run.json) {
    run.out() << report_object(done, flags, *from, *to, progress.seconds())
                     .dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
              << '\n';
  } else {
    print_lines(run, done.notes, done.notes_all, "notes");
    print_report(run, done, flags, progress.seconds());
  }
  print_lines(run, done.errors, done.errors_all, "errors");
  if (!ended) return exit_code_of(ended);
  return done.errors_all == 0 ? exit_done : exit_failed;
}

}  // namespace

void add_migrate_command(CLI::App& program, session& run) {
  auto in = std::make_shared<migrate_flags>();
  const std::string example = "quorate migrate --from sqlite://./ai-memory.db --to quorate://127.0.0.1:7411 --verify";
  auto& verb = add_verb(program, "migrate", "Move everything between SQLite, PostgreSQL and quorate", example);
  verb.footer(
      "Stores: sqlite:///PATH of an ai-memory database, postgres://USER:PASSWORD@HOST:PORT/DATABASE,\n"
      "quorate://HOST:PORT[,HOST:PORT] of a running cluster, rocksdb:///DIR of a data directory no node has open.\n"
      "A row that the target has a later version of stays as it is there. Repeating does no harm.\n"
      "Example:\n  "
      + example);
  verb.add_option("--from", in->from, "The store to read")->required()->type_name("URL");
  verb.add_option("--to", in->to, "The store to write")->required()->type_name("URL");
  verb.add_option("--batch", in->batch, "Rows that are written together")->capture_default_str();
  verb.add_option("-n,--namespace", in->name_space, "Only this namespace, without links and subscriptions");
  verb.add_flag("--dry-run", in->dry_run, "Only read and count");
  verb.add_flag("--resume", in->resume, "Go on where the same migration was interrupted");
  verb.add_flag("--verify", in->verify, "Read back what was written, and compare");
  verb.callback([&run, in] { run.exit = move_all(run, *in); });
}

}  // namespace quorate::cli
