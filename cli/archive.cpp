// The verb about what was forgotten or expired: archive list, restore, purge, stats.
#include <CLI/CLI.hpp>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/commands.hpp"
#include "cli/parse.hpp"
#include "cli/record_flags.hpp"
#include "cli/table.hpp"
#include "cli/verb.hpp"
#include "memory/reply_json.hpp"
#include "memory/validation.hpp"
#include "proto/limits.hpp"

namespace quorate::cli {
namespace {

using nlohmann::ordered_json;

constexpr std::uint64_t days_max = 1'000'000;

struct list_flags {
  std::optional<std::string> name_space;
  std::string limit = "50";
  std::string offset = "0";
};

struct restore_flags {
  std::string id;
  write_flags terms;
};

struct purge_flags {
  std::optional<std::string> older_than_days;
  bool dry_run = false;
};

int list(session& run, const list_flags& flags) {
  v1::ListArchiveRequest request;
  const auto limit = parse_number("--limit", flags.limit, 1, limits::page_items_max);
  if (!limit) return run.complain(limit.error());
  const auto offset = parse_number("--offset", flags.offset, 0, std::numeric_limits<std::uint32_t>::max());
  if (!offset) return run.complain(offset.error());
  if (flags.name_space) request.set_namespace_(*flags.name_space);
  request.set_limit(static_cast<std::uint32_t>(*limit));
  request.set_offset(static_cast<std::uint32_t>(*offset));
  v1::ListArchiveReply reply;
  if (const int failed = ask(run, request, &reply)) return failed;
  if (run.json) {
    auto archived = ordered_json::array();
    for (const auto& each : reply.archived()) archived.push_back(memory::json_of(each));
    const auto count = archived.size();
    print(run, {{"archived", std::move(archived)}, {"count", count}});
    return exit_done;
  }
  table rows({"ID", "TIER", "NAMESPACE", "TITLE", "ARCHIVED", "REASON"});
  for (const auto& each : reply.archived())
    rows.add({each.memory().id(), std::string(memory::text_of(each.memory().tier())), each.memory().namespace_(),
              each.memory().title(), each.archived_at(), each.archive_reason()});
  rows.print(run.out(), run.terminal().width);
  return exit_done;
}

int restore(session& run, const restore_flags& flags) {
  v1::RestoreArchivedRequest request;
  request.set_id(flags.id);
  if (const auto filled = fill_terms(flags.terms, request.mutable_terms()); !filled) return run.complain(filled);
  v1::RestoreArchivedReply reply;
  if (const int failed = ask(run, request, &reply, "restored")) return failed;
  if (run.json)
    print(run, {{"restored", true}, {"id", reply.id()}});
  else
    run.out() << "restored: " << reply.id() << ' ' << ending_of(reply.receipt()) << '\n';
  return exit_done;
}

int purge(session& run, const purge_flags& flags) {
  v1::PurgeArchiveRequest request;
  if (flags.older_than_days) {
    const auto days = parse_number("--older-than-days", *flags.older_than_days, 0, days_max);
    if (!days) return run.complain(days.error());
    request.set_older_than_days(static_cast<std::int64_t>(*days));
  }
  request.set_dry_run(flags.dry_run);
  v1::PurgeArchiveReply reply;
  if (const int failed = ask(run, request, &reply, "purged")) return failed;
  if (run.json && flags.dry_run)
    print(run, {{"purged", 0}, {"would_purge", reply.purged()}, {"dry_run", true}});
  else if (run.json)
    print(run, {{"purged", reply.purged()}});
  else
    run.out() << (flags.dry_run ? "would purge " : "purged ") << reply.purged() << '\n';
  return exit_done;
}

int stats(session& run) {
  v1::ArchiveStatsReply reply;
  if (const int failed = ask(run, v1::ArchiveStatsRequest(), &reply)) return failed;
  if (run.json) {
    print(run, memory::json_of(reply));
    return exit_done;
  }
  run.out() << "archived: " << reply.total() << "\n\n";
  table rows({"NAMESPACE", "ARCHIVED"});
  for (const auto& each : reply.by_namespace()) rows.add({each.namespace_(), std::to_string(each.count())});
  rows.print(run.out(), run.terminal().width);
  return exit_done;
}

}  // namespace

void add_archive_commands(CLI::App& program, session& run) {
  auto& archive =
      add_verb(program, "archive", "What was forgotten or has expired", "quorate archive list --namespace ops");
  archive.require_subcommand(1);

  auto which = std::make_shared<list_flags>();
  auto& list_verb = add_verb(archive, "list", "List archived records, the last archived first",
                             "quorate archive list --namespace ops --limit 20");
  list_verb.add_option("-n,--namespace", which->name_space, "Only this namespace");
  list_verb.add_option("--limit", which->limit, "At most so many")->capture_default_str();
  list_verb.add_option("--offset", which->offset, "Leave out so many first")->capture_default_str();
  list_verb.callback([&run, which] { run.exit = list(run, *which); });

  auto one = std::make_shared<restore_flags>();
  auto& restore_verb =
      add_verb(archive, "restore", "Bring a record back, for ever", "quorate archive restore 284ae956-…");
  restore_verb.add_option("ID", one->id, "Id of the archived record")->required();
  add_write_flags(restore_verb, one->terms);
  restore_verb.callback([&run, one] { run.exit = restore(run, *one); });

  auto old = std::make_shared<purge_flags>();
  auto& purge_verb =
      add_verb(archive, "purge", "Delete archived records for good", "quorate archive purge --older-than-days 90");
  purge_verb.add_option("--older-than-days", old->older_than_days,
                        "Only those archived before so many days; all without it");
  purge_verb.add_flag("--dry-run", old->dry_run, "Only count them");
  purge_verb.callback([&run, old] { run.exit = purge(run, *old); });

  add_verb(archive, "stats", "Count archived records by namespace", "quorate archive stats").callback([&run] {
    run.exit = stats(run);
  });
}

}  // namespace quorate::cli
