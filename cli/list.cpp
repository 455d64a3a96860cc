// The verbs that read records as they are: get, list.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/commands.hpp"
#include "cli/filter_flags.hpp"
#include "cli/listing.hpp"
#include "cli/parse.hpp"
#include "cli/record_flags.hpp"
#include "cli/table.hpp"
#include "cli/verb.hpp"
#include "memory/json.hpp"
#include "memory/reply_json.hpp"
#include "memory/validation.hpp"

namespace quorate::cli {
namespace {

using nlohmann::ordered_json;

struct get_flags {
  name_flags name;
  std::string consistency;
};

struct list_flags {
  filter_flags filter;
  std::string limit = "100";
  std::string offset = "0";
  std::string order = "name";
};

constexpr std::array<std::pair<std::string_view, v1::ListOrder>, 3> orders{
    {{"name", v1::LIST_ORDER_NAME}, {"priority", v1::LIST_ORDER_PRIORITY}, {"updated", v1::LIST_ORDER_UPDATED}}};

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
  for (const auto& link : reply.links())
    line("link", link.source_id() + " --" + link.relation() + "-> " + link.target_id());
  out << '\n' << record.content() << '\n';
}

ordered_json get_object(const v1::GetReply& reply) {
  auto links = ordered_json::array();
  for (const auto& link : reply.links()) links.push_back(memory::json_of(link));
  return {
      {"memory", memory::json_of(reply.memory())}, {"links", std::move(links)}, {"version", text_of(reply.version())}};
}

int get(session& run, const get_flags& flags) {
  v1::GetRequest request;
  if (const auto named = fill_name(flags.name, &request); !named) return run.complain(named);
  const auto consistency = read_consistency_of(flags.consistency);
  if (!consistency) return run.complain(consistency.error());
  request.set_consistency(*consistency);
  request.set_allow_prefix(true);
  request.set_with_links(true);
  auto client = run.connect();
  if (!client) return run.complain(client.error());
  v1::GetReply reply;
  if (const auto result = (*client)->get(request, &reply); !result.ok()) return run.complain(result);
  if (run.json)
    print(run, get_object(reply));
  else
    print_record(run.out(), reply);
  return exit_done;
}

result<v1::ListRequest> list_request(const list_flags& flags) {
  v1::ListRequest request;
  const auto filter = filter_of(flags.filter);
  if (!filter) return filter.error();
  *request.mutable_filter() = *filter;
  if (filter->has_namespace_()) request.set_namespace_(filter->namespace_());
  const auto offset = parse_number("--offset", flags.offset, 0, std::numeric_limits<std::uint32_t>::max());
  if (!offset) return offset.error();
  request.set_offset(static_cast<std::uint32_t>(*offset));
  const auto order =
      std::find_if(orders.begin(), orders.end(), [&](const auto& each) { return each.first == flags.order; });
  if (order == orders.end())
    return status::invalid("--order", "must be name, priority or updated, got \"" + flags.order + "\"");
  request.set_order(order->second);
  return request;
}

int list(session& run, const list_flags& flags) {
  const auto request = list_request(flags);
  if (!request) return run.complain(request.error());
  const auto limit = parse_number("--limit", flags.limit, 0, std::numeric_limits<std::uint64_t>::max());
  if (!limit) return run.complain(limit.error());
  auto client = run.connect();
  if (!client) return run.complain(client.error());
  table rows({"ID", "TIER", "NAMESPACE", "TITLE", "UPDATED"});
  // Printed when complete, so that an error never leaves half an object behind.
  std::string objects;
  std::uint64_t count = 0;
  const auto result = for_each_record(**client, *request, *limit, [&](const v1::MemoryRecord& record) {
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

}  // namespace

void add_read_commands(CLI::App& program, session& run) {
  auto record = std::make_shared<get_flags>();
  auto& get_verb = add_verb(program, "get", "Print a record and its links",
                            "quorate get --namespace ops --title \"Deploy key\" --json");
  add_name_flags(get_verb, record->name);
  add_read_consistency_flag(get_verb, record->consistency);
  get_verb.callback([&run, record] { run.exit = get(run, *record); });

  auto flags = std::make_shared<list_flags>();
  auto& list_verb = add_verb(program, "list", "List records", "quorate list --namespace ops --tags deploy --limit 20");
  add_filter_flags(list_verb, flags->filter);
  add_record_filter_flags(list_verb, flags->filter);
  list_verb.add_option("--limit", flags->limit, "At most so many records; 0 = all")->capture_default_str();
  list_verb.add_option("--offset", flags->offset, "Leave out so many records first")->capture_default_str();
  list_verb
      .add_option("--order", flags->order,
                  "name (namespace and title), priority (highest first), updated (oldest first)")
      ->capture_default_str();
  list_verb.callback([&run, flags] { run.exit = list(run, *flags); });
}

}  // namespace quorate::cli
