// The verbs that change what becomes of records: promote, forget, consolidate, gc.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/commands.hpp"
#include "cli/parse.hpp"
#include "cli/record_flags.hpp"
#include "cli/verb.hpp"

namespace quorate::cli {
namespace {

struct promote_flags {
  std::string id, to_namespace;
  write_flags terms;
};

struct forget_flags {
  std::optional<std::string> name_space, tier;
  std::string pattern;
  bool dry_run = false;
  bool keep_no_archive = false;
  write_flags terms;
};

struct consolidate_flags {
  std::string ids, title, summary, name_space;
  std::optional<std::string> tier;
  write_flags terms;
};

struct collect_flags {
  bool dry_run = false;
  bool keep_no_archive = false;
};

int promote(session& run, const promote_flags& flags) {
  v1::PromoteRequest request;
  request.set_id(flags.id);
  request.set_allow_prefix(true);
  request.set_to_namespace(flags.to_namespace);
  request.set_agent_id(caller_of(run));
  if (const auto filled = fill_terms(flags.terms, request.mutable_terms()); !filled) return run.complain(filled);
  v1::PromoteReply reply;
  if (const int failed = ask(run, request, &reply, "promoted")) return failed;
  if (reply.has_pending()) return report_pending(run, reply.pending());
  const bool cloned = !flags.to_namespace.empty();
  if (!run.json)
    run.out() << "promoted: " << reply.id()
              << (cloned ? " as " + reply.clone_id() + " in " + flags.to_namespace : " [long]") << ' '
              << ending_of(reply.receipt()) << '\n';
  else if (cloned)
    print(run, {{"promoted", true},
                {"mode", "vertical"},
                {"source_id", reply.id()},
                {"clone_id", reply.clone_id()},
                {"to_namespace", flags.to_namespace}});
  else
    print(run, {{"promoted", true}, {"id", reply.id()}, {"tier", "long"}});
  return exit_done;
}

int forget(session& run, const forget_flags& flags) {
  v1::ForgetRequest request;
  const auto tier = tier_of_flag(flags.tier);
  if (!tier) return run.complain(tier.error());
  if (!flags.name_space && flags.pattern.empty() && !flags.tier)
    return run.complain(status::invalid("--namespace", "give at least one of --namespace, --pattern and --tier"));
  if (flags.name_space) request.set_namespace_(*flags.name_space);
  request.set_pattern(flags.pattern);
  request.set_tier(*tier);
  request.set_dry_run(flags.dry_run);
  request.set_keep_no_archive(flags.keep_no_archive);
  if (const auto filled = fill_terms(flags.terms, request.mutable_terms()); !filled) return run.complain(filled);
  v1::ForgetReply reply;
  if (const int failed = ask(run, request, &reply, "forgotten")) return failed;
  if (flags.dry_run && run.json)
    print(run, {{"would_delete", reply.matched()}, {"dry_run", true}});
  else if (flags.dry_run)
    run.out() << "would forget " << reply.matched() << '\n';
  else if (run.json)
    print(run, {{"deleted", reply.deleted()}, {"archived", reply.archived()}});
  else
    run.out() << "forgot " << reply.deleted() << ", archived " << reply.archived() << '\n';
  return exit_done;
}

int consolidate(session& run, const consolidate_flags& flags) {
  v1::ConsolidateRequest request;
  const auto tier = tier_of_flag(flags.tier);
  if (!tier) return run.complain(tier.error());
  for (auto& id : split_list(flags.ids)) request.add_ids(std::move(id));
  request.set_title(flags.title);
  request.set_namespace_(flags.name_space);
  request.set_tier(*tier);
  request.set_source("cli");
  request.set_agent_id(caller_of(run));
  auto summary = content_of(flags.summary, run.terminal().in);
  if (!summary) return run.complain(summary.error());
  request.set_summary(std::move(*summary));
  if (const auto filled = fill_terms(flags.terms, request.mutable_terms()); !filled) return run.complain(filled);
  v1::ConsolidateReply reply;
  if (const int failed = ask(run, request, &reply, "consolidated")) return failed;
  if (run.json)
    print(run, {{"id", reply.id()}, {"consolidated", reply.consolidated()}});
  else
    run.out() << "consolidated " << reply.consolidated() << " into " << reply.id() << ' ' << ending_of(reply.receipt())
              << '\n';
  return exit_done;
}

int collect(session& run, const collect_flags& flags) {
  v1::CollectExpiredRequest request;
  request.set_dry_run(flags.dry_run);
  request.set_keep_no_archive(flags.keep_no_archive);
  v1::CollectExpiredReply reply;
  if (const int failed = ask(run, request, &reply, "collected")) return failed;
  if (run.json && flags.dry_run)
    print(run, {{"expired_deleted", 0}, {"would_delete", reply.collected()}, {"dry_run", true}});
  else if (run.json)
    print(run, {{"expired_deleted", reply.collected()}});
  else
    run.out() << (flags.dry_run ? "would collect " : "collected ") << reply.collected() << " expired\n";
  return exit_done;
}

void add_promote(CLI::App& program, session& run) {
  auto flags = std::make_shared<promote_flags>();
  auto& verb = add_verb(program, "promote", "Keep a record for ever, or put a clone of it into a namespace above",
                        "quorate promote 284ae956 --to-namespace company/platform");
  verb.add_option("ID", flags->id, "Id of the record, or its beginning when no other has it")->required();
  verb.add_option("--to-namespace", flags->to_namespace, "A namespace above the record's own");
  add_write_flags(verb, flags->terms);
  verb.callback([&run, flags] { run.exit = promote(run, *flags); });
}

void add_forget(CLI::App& program, session& run) {
  auto flags = std::make_shared<forget_flags>();
  auto& verb = add_verb(program, "forget", "Move all records that fit to the archive",
                        "quorate forget --namespace ops --pattern \"old keys\" --dry-run");
  verb.add_option("-n,--namespace", flags->name_space, "Those of this namespace");
  verb.add_option("-p,--pattern", flags->pattern, "Those with any of these words");
  verb.add_option("-t,--tier", flags->tier, "Those of this tier: short, mid or long");
  verb.add_flag("--dry-run", flags->dry_run, "Only count them");
  verb.add_flag("--no-archive", flags->keep_no_archive, "Delete them for good");
  add_write_flags(verb, flags->terms);
  verb.callback([&run, flags] { run.exit = forget(run, *flags); });
}

void add_consolidate(CLI::App& program, session& run) {
  auto flags = std::make_shared<consolidate_flags>();
  auto& verb = add_verb(program, "consolidate", "Replace several records by one that sums them up",
                        "quorate consolidate 284ae956-…,d602a1b3-… --title \"Keys\" --summary \"all rotated\"");
  verb.add_option("IDS", flags->ids, "2 to 100 ids, separated by commas")->required();
  verb.add_option("-T,--title", flags->title, "Title of the new record")->required();
  verb.add_option("-s,--summary", flags->summary, "Its content; - reads the standard input")->required();
  verb.add_option("-n,--namespace", flags->name_space, "Its namespace (default global)");
  verb.add_option("-t,--tier", flags->tier, "Its tier (default long)");
  add_write_flags(verb, flags->terms);
  verb.callback([&run, flags] { run.exit = consolidate(run, *flags); });
}

void add_collect(CLI::App& program, session& run) {
  auto flags = std::make_shared<collect_flags>();
  auto& verb =
      add_verb(program, "gc", "Move the records whose expiry has come to the archive now", "quorate gc --json");
  verb.add_flag("--dry-run", flags->dry_run, "Only count them");
  verb.add_flag("--no-archive", flags->keep_no_archive, "Delete them for good");
  verb.callback([&run, flags] { run.exit = collect(run, *flags); });
}

}  // namespace

void add_curation_commands(CLI::App& program, session& run) {
  add_promote(program, run);
  add_forget(program, run);
  add_consolidate(program, run);
  add_collect(program, run);
}

}  // namespace quorate::cli
