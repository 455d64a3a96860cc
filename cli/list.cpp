// The verbs that read: get, list, stats.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "cli/commands.hpp"
#include "cli/listing.hpp"
#include "cli/parse.hpp"
#include "cli/record_flags.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"
#include "memory/json.hpp"
#include "memory/timestamp.hpp"
#include "memory/validation.hpp"
#include "proto/clock.hpp"
#include "proto/limits.hpp"

namespace quorate::cli {
namespace {

constexpr std::int64_t soon_ms = 3'600'000;

struct get_flags {
  name_flags name;
  std::string consistency;
};

struct list_flags {
  std::optional<std::string> name_space;
  std::string limit = "100";
};

std::string joined(const google::protobuf::RepeatedPtrField<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

void print_record(std::ostream& out, const v1::GetReply& reply) {
  const auto& record = reply.memory();
  const auto line = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) out << name << ": " << value << '\n';
  };
  line("id", record.id());
  line("namespace", record.namespace_());
  line("title", record.title());
  line("tier", memory::text_of(record.tier()));
  line("tags", joined(record.tags()));
  line("priority", std::to_string(record.priority()));
  line("confidence", nlohmann::json(record.confidence()).dump());
  line("source", record.source());
  line("access_count", std::to_string(record.access_count()));
  line("created_at", record.created_at());
  line("updated_at", record.updated_at());
  line("last_accessed_at", record.last_accessed_at());
  line("expires_at", record.expires_at());
  line("metadata", record.metadata());
  line("version", text_of(reply.version()));
  out << '\n' << record.content() << '\n';
}

int get(session& run, const get_flags& flags) {
  v1::GetRequest request;
  if (const auto named = fill_name(flags.name, &request); !named) return run.complain(named);
  const auto consistency = read_consistency_of(flags.consistency);
  if (!consistency) return run.complain(consistency.error());
  request.set_consistency(*consistency);
  auto client = run.connect();
  if (!client) return run.complain(client.error());
  v1::GetReply reply;
  if (const auto result = (*client)->get(request, &reply); !result.ok()) return run.complain(result);
  if (run.json)
    run.out() << "{\"memory\":" << memory::to_json(reply.memory()) << ",\"version\":\"" << text_of(reply.version())
              << "\"}\n";
  else
    print_record(run.out(), reply);
  return exit_done;
}

int list(session& run, const list_flags& flags) {
  const auto limit = parse_number("--limit", flags.limit, 0, std::numeric_limits<std::uint64_t>::max());
  if (!limit) return run.complain(limit.error());
  auto client = run.connect();
  if (!client) return run.complain(client.error());
  table rows({"ID", "TIER", "NAMESPACE", "TITLE", "UPDATED"});
  // Printed when complete, so that an error never leaves half an object behind.
  std::string objects;
  std::uint64_t count = 0;
  const auto result = for_each_record(**client, flags.name_space, *limit, [&](const v1::MemoryRecord& record) {
    ++count;
    if (run.json)
      objects += (objects.empty() ? "" : ",") + memory::to_json(record);
    else
      rows.add({record.id(), std::string(memory::text_of(record.tier())), record.namespace_(), record.title(),
                record.updated_at()});
    return true;
  });
  if (!result.ok()) return run.complain(result);
  if (run.json)
    run.out() << "{\"memories\":[" << objects << "],\"count\":" << count << "}\n";
  else
    rows.print(run.out(), run.terminal().width);
  return exit_done;
}

struct record_totals {
  std::uint64_t total = 0;
  std::uint64_t expiring_soon = 0;
  std::map<v1::Tier, std::uint64_t> by_tier{{v1::TIER_SHORT, 0}, {v1::TIER_MID, 0}, {v1::TIER_LONG, 0}};
  std::map<std::string, std::uint64_t> by_namespace;

  void count(const v1::MemoryRecord& record, std::int64_t now_ms) {
    ++total;
    ++by_tier[record.tier()];
    ++by_namespace[record.namespace_()];
    if (!record.has_expires_at()) return;
    const auto expiry = memory::parse_timestamp(record.expires_at());
    if (expiry && *expiry > now_ms && *expiry <= now_ms + soon_ms) ++expiring_soon;
  }
};

nlohmann::ordered_json stats_object(const record_totals& totals) {
  auto tiers = nlohmann::ordered_json::array();
  for (const auto& [tier, count] : totals.by_tier) tiers.push_back({{"tier", memory::text_of(tier)}, {"count", count}});
  auto namespaces = nlohmann::ordered_json::array();
  for (const auto& [name, count] : totals.by_namespace) namespaces.push_back({{"namespace", name}, {"count", count}});
  return {{"total", totals.total},
          {"by_tier", std::move(tiers)},
          {"by_namespace", std::move(namespaces)},
          {"expiring_soon", totals.expiring_soon}};
}

int stats(session& run) {
  auto client = run.connect();
  if (!client) return run.complain(client.error());
  record_totals totals;
  const auto now_ms = system_clock().wall_ms();
  const auto result = for_each_record(**client, std::nullopt, 0, [&](const v1::MemoryRecord& record) {
    totals.count(record, now_ms);
    return true;
  });
  if (!result.ok()) return run.complain(result);
  if (run.json) {
    run.out() << stats_object(totals).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return exit_done;
  }
  run.out() << "records: " << totals.total << "\nexpiring within an hour: " << totals.expiring_soon << "\n\n";
  table tiers({"TIER", "RECORDS"});
  for (const auto& [tier, count] : totals.by_tier)
    tiers.add({std::string(memory::text_of(tier)), std::to_string(count)});
  tiers.print(run.out(), run.terminal().width);
  run.out() << '\n';
  table namespaces({"NAMESPACE", "RECORDS"});
  for (const auto& [name, count] : totals.by_namespace) namespaces.add({name, std::to_string(count)});
  namespaces.print(run.out(), run.terminal().width);
  return exit_done;
}

/// A node that answers the same page again and again must not keep us for ever.
net::call_result stuck_listing(net::call_result result) {
  result.outcome = net::call_outcome::rejected;
  result.reason = name_of(errc::internal);
  result.message = "the node answered a cursor that leads nowhere";
  return result;
}

}  // namespace

net::call_result for_each_record(net::client& client, const std::optional<std::string>& name_space,
                                 std::uint64_t count_max,
                                 const std::function<bool(const v1::MemoryRecord& record)>& take) {
  v1::ListRequest request;
  if (name_space) request.set_namespace_(*name_space);
  std::uint64_t taken = 0;
  while (true) {
    const auto left = count_max == 0 ? limits::page_items_max : count_max - taken;
    request.set_limit(static_cast<std::uint32_t>(std::min<std::uint64_t>(left, limits::page_items_max)));
    v1::ListReply page;
    auto result = client.list(request, &page);
    if (!result.ok()) return result;
    for (const auto& record : page.memories()) {
      if (!take(record)) return result;
      if (++taken == count_max) return result;
    }
    if (page.next_cursor().empty()) return result;
    if (page.next_cursor() == request.cursor()) return stuck_listing(result);
    request.set_cursor(page.next_cursor());
  }
}

void add_read_commands(CLI::App& program, session& run) {
  auto record = std::make_shared<get_flags>();
  auto& get_verb = *program.add_subcommand("get", "Print a record");
  add_name_flags(get_verb, record->name);
  add_read_consistency_flag(get_verb, record->consistency);
  get_verb.callback([&run, record] { run.exit = get(run, *record); });

  auto flags = std::make_shared<list_flags>();
  auto& list_verb = *program.add_subcommand("list", "List records by namespace and title");
  list_verb.add_option("--namespace", flags->name_space, "Only this namespace");
  list_verb.add_option("--limit", flags->limit, "At most so many records; 0 = all")->capture_default_str();
  list_verb.callback([&run, flags] { run.exit = list(run, *flags); });

  auto& stats_verb = *program.add_subcommand("stats", "Count records by tier and namespace");
  stats_verb.callback([&run] { run.exit = stats(run); });
}

}  // namespace quorate::cli
