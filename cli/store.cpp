// The verbs that change one record: store, update, delete.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/commands.hpp"
#include "cli/parse.hpp"
#include "cli/record_flags.hpp"
#include "cli/verb.hpp"
#include "memory/reply_json.hpp"
#include "memory/validation.hpp"
#include "proto/clock.hpp"

namespace quorate::cli {
namespace {

constexpr const char* source_default = "cli";
constexpr const char* namespace_default = "global";

using nlohmann::ordered_json;

struct store_flags {
  std::string title, content, name_space, metadata, scope;
  std::string source = source_default;
  std::optional<std::string> tier, tags, expires_at;
  std::optional<std::int32_t> priority;
  std::optional<double> confidence;
  std::optional<std::int64_t> ttl_seconds;
  write_flags terms;
};

struct update_flags {
  std::string id;
  std::optional<std::string> title, content, tier, name_space, tags, expires_at, metadata;
  std::optional<std::int32_t> priority;
  std::optional<double> confidence;
  write_flags terms;
};

struct delete_flags {
  name_flags name;
  write_flags terms;
};

/// The keys of the record, then how it was written.
ordered_json write_object(ordered_json record, const v1::StoreReply& reply) {
  record["id"] = reply.id();
  record["version"] = text_of(reply.version());
  record["copies"] = reply.copies();
  record["copies_needed"] = reply.copies_needed();
  record["created"] = reply.created();
  record["retried"] = reply.retried();
  return record;
}

/// What was sent, with the defaults that a node fills in: what an upsert kept of an older record is not in it.
ordered_json store_object(const v1::StoreRequest& request, const v1::StoreReply& reply) {
  auto filled = request;
  const auto sent = memory::prepare(std::move(filled), system_clock().wall_ms());
  auto record = sent ? *sent : request.memory();
  record.set_id(reply.id());
  auto object = write_object(memory::json_of(record), reply);
  if (!reply.potential_contradictions().empty()) object["potential_contradictions"] = reply.potential_contradictions();
  return object;
}

result<v1::StoreRequest> store_request(session& run, const store_flags& flags) {
  v1::StoreRequest request;
  if (const auto filled = fill_terms(flags.terms, &request); !filled) return filled;
  auto tier = tier_of_flag(flags.tier);
  if (!tier) return tier.error();
  auto content = content_of(flags.content, run.terminal().in);
  if (!content) return content.error();
  const auto author_inline = names_author(flags.metadata);
  if (!author_inline) return author_inline.error();
  // A made-up name gives way to one that the metadata bring along.
  if (!*author_inline || !run.agent_id.empty()) request.set_agent_id(caller_of(run));
  request.set_scope(flags.scope);
  request.set_find_contradictions(run.json);
  auto& record = *request.mutable_memory();
  record.set_tier(*tier);
  record.set_namespace_(flags.name_space);
  record.set_title(flags.title);
  record.set_content(std::move(*content));
  record.set_source(flags.source);
  record.set_metadata(flags.metadata);
  if (flags.tags)
    for (auto& tag : split_list(*flags.tags)) record.add_tags(std::move(tag));
  if (flags.priority) record.set_priority(*flags.priority);
  if (flags.confidence) record.set_confidence(*flags.confidence);
  if (flags.expires_at) record.set_expires_at(*flags.expires_at);
  if (flags.ttl_seconds) request.set_ttl_seconds(*flags.ttl_seconds);
  return request;
}

int store(session& run, const store_flags& flags) {
  const auto request = store_request(run, flags);
  if (!request) return run.complain(request.error());
  auto client = run.connect();
  if (!client) return run.complain(client.error());
  v1::StoreReply reply;
  if (const auto result = (*client)->store(*request, &reply); !result.ok()) return run.complain(result, "stored");
  if (reply.has_pending()) return report_pending(run, reply.pending());
  if (run.json) {
    print(run, store_object(*request, reply));
    return exit_done;
  }
  const auto& record = request->memory();
  const auto tier = record.tier() == v1::TIER_UNSPECIFIED ? v1::TIER_MID : record.tier();
  run.out() << "stored: " << reply.id() << " [" << memory::text_of(tier)
            << "] (ns=" << (flags.name_space.empty() ? namespace_default : flags.name_space) << ") " << ending_of(reply)
            << '\n';
  return exit_done;
}

result<v1::UpdateRequest> update_request(const update_flags& flags, std::istream& in) {
  v1::UpdateRequest request;
  if (const auto filled = fill_terms(flags.terms, &request); !filled) return filled;
  auto tier = tier_of_flag(flags.tier);
  if (!tier) return tier.error();
  request.set_id(flags.id);
  request.set_allow_prefix(true);
  request.set_tier(*tier);
  if (flags.content) {
    auto content = content_of(*flags.content, in);
    if (!content) return content.error();
    request.set_content(std::move(*content));
  }
  if (flags.tags) {
    request.mutable_tags();
    for (auto& tag : split_list(*flags.tags)) request.mutable_tags()->add_values(std::move(tag));
  }
  if (flags.title) request.set_title(*flags.title);
  if (flags.name_space) request.set_namespace_(*flags.name_space);
  if (flags.priority) request.set_priority(*flags.priority);
  if (flags.confidence) request.set_confidence(*flags.confidence);
  if (flags.expires_at) request.set_expires_at(*flags.expires_at);
  if (flags.metadata) request.set_metadata(*flags.metadata);
  return request;
}

int update(session& run, const update_flags& flags) {
  const auto request = update_request(flags, run.terminal().in);
  if (!request) return run.complain(request.error());
  auto client = run.connect();
  if (!client) return run.complain(client.error());
  v1::StoreReply reply;
  if (const auto result = (*client)->update(*request, &reply); !result.ok()) return run.complain(result, "updated");
  if (run.json)
    print(run, write_object(reply.has_memory() ? memory::json_of(reply.memory()) : ordered_json::object(), reply));
  else
    run.out() << "updated: " << reply.id() << ' ' << ending_of(reply) << '\n';
  return exit_done;
}

int remove(session& run, const delete_flags& flags) {
  v1::DeleteRequest request;
  if (const auto named = fill_name(flags.name, &request); !named) return run.complain(named);
  if (const auto filled = fill_terms(flags.terms, &request); !filled) return run.complain(filled);
  request.set_allow_prefix(true);
  request.set_agent_id(caller_of(run));
  auto client = run.connect();
  if (!client) return run.complain(client.error());
  v1::DeleteReply reply;
  if (const auto result = (*client)->remove(request, &reply); !result.ok()) return run.complain(result, "deleted");
  if (reply.has_pending()) return report_pending(run, reply.pending());
  if (run.json)
    print(run, {{"deleted", true},
                {"id", reply.id()},
                {"version", text_of(reply.version())},
                {"copies", reply.copies()},
                {"copies_needed", reply.copies_needed()},
                {"retried", reply.retried()}});
  else
    run.out() << "deleted: " << reply.id() << ' ' << ending_of(reply) << '\n';
  return exit_done;
}

void add_store(CLI::App& program, session& run) {
  auto flags = std::make_shared<store_flags>();
  auto& verb = add_verb(program, "store", "Store a record, or overwrite the one of the same namespace and title",
                        "quorate store --title \"Deploy key\" --content \"rotated on Monday\" --namespace ops --tier "
                        "long --tags keys,deploy");
  verb.add_option("-T,--title", flags->title, "Title")->required();
  verb.add_option("-c,--content", flags->content, "Content; - reads the standard input")->required();
  verb.add_option("-n,--namespace", flags->name_space, "Namespace (default global)");
  verb.add_option("-t,--tier", flags->tier, "short (6 hours), mid (7 days, the default) or long (for ever)");
  verb.add_option("--tags", flags->tags, "Tags, separated by commas");
  verb.add_option("-p,--priority", flags->priority, "1 to 10 (default 5)");
  verb.add_option("--confidence", flags->confidence, "0.0 to 1.0 (default 1.0)");
  verb.add_option("-S,--source", flags->source, "Who it comes from")->capture_default_str();
  verb.add_option("--expires-at", flags->expires_at, "Expiry, RFC 3339");
  verb.add_option("--ttl-seconds,--ttl-secs", flags->ttl_seconds, "Expiry, seconds from now");
  verb.add_option("--metadata", flags->metadata, "A JSON object");
  verb.add_option("--scope", flags->scope, "Who may see it with --as-agent: private, team, unit, org or collective");
  add_write_flags(verb, flags->terms);
  verb.callback([&run, flags] { run.exit = store(run, *flags); });
}

void add_update(CLI::App& program, session& run) {
  auto flags = std::make_shared<update_flags>();
  auto& verb = add_verb(program, "update", "Change the given fields of a record",
                        "quorate update 284ae956 --content \"rotated on Tuesday\" --expires-at \"\"");
  verb.add_option("ID", flags->id, "Id of the record, or its beginning when no other has it")->required();
  verb.add_option("-T,--title", flags->title, "New title");
  verb.add_option("-c,--content", flags->content, "New content; - reads the standard input");
  verb.add_option("-n,--namespace", flags->name_space, "New namespace");
  verb.add_option("-t,--tier", flags->tier, "short, mid or long; a tier never goes down");
  verb.add_option("--tags", flags->tags, "All new tags, separated by commas; \"\" removes them");
  verb.add_option("-p,--priority", flags->priority, "1 to 10");
  verb.add_option("--confidence", flags->confidence, "0.0 to 1.0");
  verb.add_option("--expires-at", flags->expires_at, "New expiry, RFC 3339; \"\" removes it");
  verb.add_option("--metadata", flags->metadata, "New metadata, a JSON object; agent_id is kept");
  add_write_flags(verb, flags->terms);
  verb.callback([&run, flags] { run.exit = update(run, *flags); });
}

void add_delete(CLI::App& program, session& run) {
  auto flags = std::make_shared<delete_flags>();
  auto& verb =
      add_verb(program, "delete", "Delete a record for good", "quorate delete --namespace ops --title \"Deploy key\"");
  add_name_flags(verb, flags->name);
  add_write_flags(verb, flags->terms);
  verb.callback([&run, flags] { run.exit = remove(run, *flags); });
}

}  // namespace

void add_write_commands(CLI::App& program, session& run) {
  add_store(program, run);
  add_update(program, run);
  add_delete(program, run);
}

}  // namespace quorate::cli
