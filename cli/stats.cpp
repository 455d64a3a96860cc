// The verbs that count records: stats, namespaces.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "cli/verb.hpp"
#include "memory/reply_json.hpp"
#include "memory/validation.hpp"

namespace quorate::cli {
namespace {

using nlohmann::ordered_json;

table namespace_table(const v1::StatsReply& stats) {
  table rows({"NAMESPACE", "RECORDS"});
  for (const auto& each : stats.by_namespace()) rows.add({each.namespace_(), std::to_string(each.count())});
  return rows;
}

int stats(session& run) {
  v1::StatsReply reply;
  if (const int failed = ask(run, v1::StatsRequest(), &reply)) return failed;
  if (run.json) {
    print(run, memory::json_of(reply));
    return exit_done;
  }
  run.out() << "records: " << reply.total() << "\nexpiring within an hour: " << reply.expiring_soon()
            << "\nlinks: " << reply.links() << "\nbytes on disk: " << reply.stored_bytes() << '\n';
  if (reply.unreadable() > 0)
    run.out() << "rows that are no records: " << reply.unreadable()
              << " (export names them; delete or overwrite them)\n";
  run.out() << '\n';
  table tiers({"TIER", "RECORDS"});
  for (const auto& each : reply.by_tier())
    tiers.add({std::string(memory::text_of(each.tier())), std::to_string(each.count())});
  tiers.print(run.out(), run.terminal().width);
  run.out() << '\n';
  namespace_table(reply).print(run.out(), run.terminal().width);
  return exit_done;
}

int namespaces(session& run) {
  v1::StatsReply reply;
  if (const int failed = ask(run, v1::StatsRequest(), &reply)) return failed;
  if (!run.json) {
    namespace_table(reply).print(run.out(), run.terminal().width);
    return exit_done;
  }
  auto list = ordered_json::array();
  for (const auto& each : reply.by_namespace()) list.push_back(memory::json_of(each));
  print(run, {{"namespaces", std::move(list)}});
  return exit_done;
}

}  // namespace

void add_stats_commands(CLI::App& program, session& run) {
  add_verb(program, "stats", "Count records by tier and namespace", "quorate stats --json").callback([&run] {
    run.exit = stats(run);
  });
  add_verb(program, "namespaces", "List the namespaces with their number of records, most first", "quorate namespaces")
      .callback([&run] { run.exit = namespaces(run); });
}

}  // namespace quorate::cli
