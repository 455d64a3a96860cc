// The verb that keeps the store tidy by itself: curator.
#include <pthread.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>

#include "cli/commands.hpp"
#include "cli/curator_cycle.hpp"
#include "cli/curator_lease.hpp"
#include "cli/curator_undo.hpp"
#include "cli/listing.hpp"
#include "cli/parse.hpp"
#include "cli/verb.hpp"
#include "memory/agent_identity.hpp"
#include "proto/clock.hpp"

namespace quorate::cli {
namespace {

using nlohmann::ordered_json;

constexpr std::uint64_t interval_seconds_min = 60;
constexpr std::uint64_t interval_seconds_max = 86'400;
constexpr std::uint64_t ops_max = 10'000;
constexpr std::int64_t report_kept_seconds = 30LL * 86'400;

struct curator_flags {
  bool once = false;
  bool daemon = false;
  bool dry_run = false;
  std::string interval_seconds = "3600";
  std::string max_ops = "100";
  std::vector<std::string> include, exclude;
  std::optional<std::string> rollback, rollback_last;
};

std::int64_t now_ms() { return system_clock().wall_ms(); }

/// A report that cannot be kept is told; what it reports was done all the same.
void keep_report(net::client& client, const curator_settings& settings, curator_report& report) {
  v1::StoreRequest request;
  auto& record = *request.mutable_memory();
  record.set_namespace_(memory::curator_report_namespace);
  record.set_title("report " + report.started_at);
  record.set_content(json_of(report).dump(-1, ' ', false, ordered_json::error_handler_t::replace));
  record.set_tier(v1::TIER_MID);
  record.set_source("system");
  request.set_ttl_seconds(report_kept_seconds);
  request.set_agent_id(settings.caller);
  v1::StoreReply reply;
  if (const auto result = client.store(request, &reply); !result.ok())
    report.errors.push_back("report: " + result.reason + ": " + result.message);
}

/// One cycle under the lease. A dry run changes nothing, so it needs none.
result<curator_report> cycle(net::client& client, const curator_settings& settings, llm_client* model,
                             std::string* position) {
  if (settings.dry_run) return curator_cycle(client, settings, model, now_ms, [] { return true; }).run(position);
  // Two curators that were given one name are still two.
  const auto owner =
      memory::process_identity(settings.caller, static_cast<std::uint64_t>(::getpid()), std::random_device()());
  curator_lease lease(client, owner, now_ms);
  if (const auto taken = lease.take(); !taken) return taken;
  auto report = curator_cycle(client, settings, model, now_ms, [&lease] { return lease.hold(); }).run(position);
  keep_report(client, settings, report);
  return report;
}

void print_report(session& run, const curator_report& report) {
  if (run.json) {
    print(run, json_of(report));
    return;
  }
  run.out() << (report.dry_run ? "would have " : "") << "consolidated " << report.memories_consolidated << " in "
            << report.clusters_formed << " clusters, forgot " << report.memories_forgotten << ", changed "
            << report.priority_adjustments << " priorities, tagged " << report.auto_tagged << "; scanned "
            << report.memories_scanned << (report.truncated ? ", more are left" : "") << '\n';
  for (const auto& error : report.autonomy_errors) run.complain(error, exit_failed);
  for (const auto& error : report.errors) run.complain(error, exit_failed);
}

/// Waits for the next cycle, or for a signal to stop: true. The signals are blocked, so that none is missed between
/// two waits.
bool stopped_within(const sigset_t& signals, std::uint64_t seconds) {
  const timespec wait{static_cast<time_t>(seconds), 0};
  while (true) {
    const int got = sigtimedwait(&signals, nullptr, &wait);
    if (got > 0) return true;
    if (errno != EINTR) return false;
  }
}

int run_daemon(session& run, net::client& client, const curator_settings& settings, llm_client* model,
               std::uint64_t interval_seconds) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::string position;
  do {
    // What ends one cycle may be over at the next.
    if (const auto report = cycle(client, settings, model, &position))
      print_report(run, *report);
    else
      run.complain(report.error().message(), exit_failed);
    run.out().flush();
  } while (!stopped_within(signals, interval_seconds));
  return exit_done;
}

int roll_back(session& run, net::client& client, const v1::MemoryRecord& entry) {
  const auto act = memory::act_from_json(entry.content());
  if (!act) return run.complain("entry " + entry.id() + ": " + act.error().message(), exit_failed);
  const auto done = undo(client, *act, caller_of(run));
  if (!done.failure.ok()) return run.complain(done.failure, "rolled back");
  if (run.json)
    print(run, {{"rolled_back", entry.id()},
                {"action", memory::name_of(act->what)},
                {"restored", done.restored},
                {"removed", done.removed},
                {"kept", done.kept}});
  else
    run.out() << "rolled back " << memory::name_of(act->what) << ' ' << entry.id() << ": restored " << done.restored
              << ", removed " << done.removed << ", left alone " << done.kept << '\n';
  v1::DeleteRequest request;
  request.set_id(entry.id());
  request.set_agent_id(caller_of(run));
  v1::DeleteReply reply;
  const auto removed = client.remove(request, &reply);
  return removed.ok() ? static_cast<int>(exit_done) : run.complain(removed, "deleted from the log");
}

int roll_back_one(session& run, net::client& client, const std::string& id) {
  v1::GetRequest request;
  request.set_id(id);
  request.set_allow_prefix(true);
  v1::GetReply reply;
  if (const auto result = client.get(request, &reply); !result.ok()) return run.complain(result);
  if (reply.memory().namespace_() != memory::curator_log_namespace)
    return run.complain(status::invalid("--rollback", "is no entry of the curator's log"));
  return roll_back(run, client, reply.memory());
}

int roll_back_last(session& run, net::client& client, std::uint64_t count) {
  v1::ListRequest request;
  request.set_namespace_(memory::curator_log_namespace);
  std::vector<v1::MemoryRecord> entries;
  const auto listed = for_each_record(client, request, 0, [&](const v1::MemoryRecord& entry) {
    entries.push_back(entry);
    return true;
  });
  if (!listed.ok()) return run.complain(listed);
  // The log's own times have one form, so they compare as text.
  std::sort(entries.begin(), entries.end(), [](const auto& one, const auto& other) {
    return one.updated_at() != other.updated_at() ? one.updated_at() > other.updated_at() : one.id() < other.id();
  });
  if (entries.size() > count) entries.resize(count);
  int exit = exit_done;
  for (const auto& entry : entries) exit = std::max(exit, roll_back(run, client, entry));
  return exit;
}

int curate(session& run, const curator_flags& flags) {
  const int asked =
      (flags.once ? 1 : 0) + (flags.daemon ? 1 : 0) + (flags.rollback ? 1 : 0) + (flags.rollback_last ? 1 : 0);
  if (asked != 1)
    return run.complain(status::invalid("--once", "give one of --once, --daemon, --rollback and --rollback-last"));
  const auto seconds = parse_number("--interval-secs", flags.interval_seconds, 1, ops_max * interval_seconds_max);
  if (!seconds) return run.complain(seconds.error());
  const auto operations = parse_number("--max-ops", flags.max_ops, 1, ops_max);
  if (!operations) return run.complain(operations.error());
  auto client = run.connect();
  if (!client) return run.complain(client.error());
  if (flags.rollback) return roll_back_one(run, **client, *flags.rollback);
  if (flags.rollback_last) {
    const auto count = parse_number("--rollback-last", *flags.rollback_last, 1, ops_max);
    if (!count) return run.complain(count.error());
    return roll_back_last(run, **client, *count);
  }
  const curator_settings settings{flags.dry_run, *operations, flags.include, flags.exclude, caller_of(run)};
  const auto model = llm_client_from_environment();
  if (!model) return run.complain(model.error());
  if (flags.daemon)
    return run_daemon(run, **client, settings, model->get(),
                      std::clamp(*seconds, interval_seconds_min, interval_seconds_max));
  std::string position;
  const auto report = cycle(**client, settings, model->get(), &position);
  if (!report) return run.complain(report.error());
  print_report(run, *report);
  return exit_done;
}

}  // namespace

void add_curator_command(CLI::App& program, session& run) {
  auto flags = std::make_shared<curator_flags>();
  auto& verb = add_verb(program, "curator", "Merge records that say the same, drop superseded ones, adjust priorities",
                        "quorate curator --once --dry-run --json");
  verb.add_flag("--once", flags->once, "One cycle");
  verb.add_flag("--daemon", flags->daemon, "A cycle every --interval-secs, until SIGTERM or SIGINT");
  verb.add_option("--interval-secs", flags->interval_seconds, "60 to 86400")->capture_default_str();
  verb.add_option("--max-ops", flags->max_ops, "At most so many acts a cycle")->capture_default_str();
  verb.add_flag("--dry-run", flags->dry_run, "Change nothing, only say what would be done");
  verb.add_option("--include-namespace", flags->include, "Only this namespace; can be given again")->take_all();
  verb.add_option("--exclude-namespace", flags->exclude, "Not this namespace; can be given again")->take_all();
  verb.add_option("--rollback", flags->rollback, "Take back the act of this entry of the log");
  verb.add_option("--rollback-last", flags->rollback_last, "Take back the last so many acts");
  verb.callback([&run, flags] { run.exit = curate(run, *flags); });
}

}  // namespace quorate::cli
