// The verbs by which agents hear of things: notify, inbox, subscriptions list, add, remove.
#include <CLI/CLI.hpp>
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

namespace quorate::cli {
namespace {

using nlohmann::ordered_json;

constexpr std::uint64_t inbox_items_max = 500;

struct notify_flags {
  std::string target, title, payload;
  std::optional<std::int32_t> priority;
  std::optional<std::string> tier;
  write_flags terms;
};

struct inbox_flags {
  bool unread_only = false;
  std::string limit = "50";
};

struct subscribe_flags {
  std::string url, secret, name_space, author;
  std::string events = "*";
  write_flags terms;
};

struct unsubscribe_flags {
  std::string id;
  write_flags terms;
};

/// The author that a record's metadata name; "" when they name none.
std::string author_of(const v1::MemoryRecord& record) {
  const auto metadata = nlohmann::json::parse(record.metadata(), nullptr, false);
  if (!metadata.is_object()) return {};
  const auto author = metadata.find("agent_id");
  return author != metadata.end() && author->is_string() ? author->get<std::string>() : std::string();
}

int notify(session& run, const notify_flags& flags) {
  v1::NotifyRequest request;
  const auto tier = tier_of_flag(flags.tier);
  if (!tier) return run.complain(tier.error());
  auto payload = content_of(flags.payload, run.terminal().in);
  if (!payload) return run.complain(payload.error());
  request.set_target_agent_id(flags.target);
  request.set_title(flags.title);
  request.set_payload(std::move(*payload));
  request.set_tier(*tier);
  request.set_agent_id(caller_of(run));
  if (flags.priority) request.set_priority(*flags.priority);
  if (const auto filled = fill_terms(flags.terms, request.mutable_terms()); !filled) return run.complain(filled);
  v1::NotifyReply reply;
  if (const int failed = ask(run, request, &reply, "sent")) return failed;
  const auto& message = reply.message();
  if (run.json)
    print(run, {{"id", message.id()},
                {"from", author_of(message)},
                {"to", flags.target},
                {"namespace", message.namespace_()},
                {"tier", memory::text_of(message.tier())},
                {"delivered_at", message.created_at()}});
  else
    run.out() << "sent: " << message.id() << " to " << flags.target << ' ' << ending_of(reply.receipt()) << '\n';
  return exit_done;
}

int inbox(session& run, const inbox_flags& flags) {
  v1::InboxRequest request;
  const auto limit = parse_number("--limit", flags.limit, 1, inbox_items_max);
  if (!limit) return run.complain(limit.error());
  const auto owner = caller_of(run);
  request.set_agent_id(owner);
  request.set_unread_only(flags.unread_only);
  request.set_limit(static_cast<std::uint32_t>(*limit));
  v1::InboxReply reply;
  if (const int failed = ask(run, request, &reply)) return failed;
  table rows({"ID", "READ", "FROM", "PRIORITY", "TITLE", "PAYLOAD", "CREATED"});
  auto messages = ordered_json::array();
  for (const auto& each : reply.messages()) {
    const bool read = each.access_count() > 0;
    if (run.json)
      messages.push_back({{"id", each.id()},
                          {"from", author_of(each)},
                          {"title", each.title()},
                          {"payload", each.content()},
                          {"priority", each.priority()},
                          {"tier", memory::text_of(each.tier())},
                          {"created_at", each.created_at()},
                          {"read", read},
                          {"access_count", each.access_count()}});
    else
      rows.add({each.id(), read ? "yes" : "no", author_of(each), std::to_string(each.priority()), each.title(),
                each.content(), each.created_at()});
  }
  if (!run.json) {
    rows.print(run.out(), run.terminal().width);
    return exit_done;
  }
  const auto count = messages.size();
  print(run, {{"agent_id", owner},
              {"namespace", "_messages/" + owner},
              {"count", count},
              {"unread_only", flags.unread_only},
              {"messages", std::move(messages)}});
  return exit_done;
}

int list_subscriptions(session& run) {
  v1::ListSubscriptionsReply reply;
  if (const int failed = ask(run, v1::ListSubscriptionsRequest(), &reply)) return failed;
  if (run.json) {
    auto list = ordered_json::array();
    for (const auto& each : reply.subscriptions()) list.push_back(memory::json_of(each));
    const auto count = list.size();
    print(run, {{"count", count}, {"subscriptions", std::move(list)}});
    return exit_done;
  }
  table rows({"ID", "URL", "EVENTS", "NAMESPACE", "AGENT", "SENT", "FAILED"});
  for (const auto& each : reply.subscriptions())
    rows.add({each.id(), each.url(), each.events(), each.namespace_filter(), each.agent_filter(),
              std::to_string(each.dispatch_count()), std::to_string(each.failure_count())});
  rows.print(run.out(), run.terminal().width);
  return exit_done;
}

int subscribe(session& run, const subscribe_flags& flags) {
  v1::SubscribeRequest request;
  request.set_url(flags.url);
  request.set_events(flags.events);
  request.set_secret(flags.secret);
  request.set_namespace_filter(flags.name_space);
  request.set_agent_filter(flags.author);
  request.set_agent_id(caller_of(run));
  if (const auto filled = fill_terms(flags.terms, request.mutable_terms()); !filled) return run.complain(filled);
  v1::SubscribeReply reply;
  if (const int failed = ask(run, request, &reply, "subscribed")) return failed;
  if (run.json)
    print(run, memory::json_of(reply.subscription()));
  else
    run.out() << "subscribed: " << reply.subscription().id() << ' ' << ending_of(reply.receipt()) << '\n';
  return exit_done;
}

int unsubscribe(session& run, const unsubscribe_flags& flags) {
  v1::UnsubscribeRequest request;
  request.set_id(flags.id);
  if (const auto filled = fill_terms(flags.terms, request.mutable_terms()); !filled) return run.complain(filled);
  v1::UnsubscribeReply reply;
  if (const int failed = ask(run, request, &reply, "removed")) return failed;
  if (run.json)
    print(run, {{"id", flags.id}, {"removed", reply.removed()}});
  else
    run.out() << (reply.removed() ? "removed: " : "was not there: ") << flags.id << '\n';
  return exit_done;
}

void add_notes(CLI::App& program, session& run) {
  auto note = std::make_shared<notify_flags>();
  auto& notify_verb = add_verb(program, "notify", "Send a message to an agent's inbox",
                               "quorate notify ai:scout --title \"Deploy key\" --payload \"rotate it, please\"");
  notify_verb.add_option("AGENT", note->target, "The agent it is for")->required();
  notify_verb.add_option("-T,--title", note->title, "Title")->required();
  notify_verb.add_option("--payload", note->payload, "What it says; - reads the standard input")->required();
  notify_verb.add_option("-p,--priority", note->priority, "1 to 10 (default 5)");
  notify_verb.add_option("-t,--tier", note->tier, "short, mid (the default) or long");
  add_write_flags(notify_verb, note->terms);
  notify_verb.callback([&run, note] { run.exit = notify(run, *note); });

  auto box = std::make_shared<inbox_flags>();
  auto& inbox_verb = add_verb(program, "inbox", "List the messages of --agent-id, newest first",
                              "quorate inbox --agent-id ai:scout --unread-only");
  inbox_verb.add_flag("--unread-only", box->unread_only, "Only those no recall has returned yet");
  inbox_verb.add_option("--limit", box->limit, "At most so many, up to 500")->capture_default_str();
  inbox_verb.callback([&run, box] { run.exit = inbox(run, *box); });
}

void add_subscriptions(CLI::App& program, session& run) {
  auto& subscriptions = add_verb(
      program, "subscriptions", "Who is told of stores over HTTP; without more it lists them", "quorate subscriptions");
  subscriptions.require_subcommand(0, 1);
  subscriptions.callback([&run, &subscriptions] {
    if (subscriptions.get_subcommands().empty()) run.exit = list_subscriptions(run);
  });
  add_verb(subscriptions, "list", "List them", "quorate subscriptions list --json").callback([&run] {
    run.exit = list_subscriptions(run);
  });

  auto given = std::make_shared<subscribe_flags>();
  auto& add = add_verb(subscriptions, "add", "Have a URL told; --agent-id must be registered",
                       "quorate subscriptions add https://example.org/hook --agent-id ai:scout --namespace-filter ops");
  add.add_option("URL", given->url, "https, or http on this machine")->required();
  add.add_option("--events", given->events, "Separated by commas; * = all")->capture_default_str();
  add.add_option("--secret", given->secret, "Signs what is sent");
  add.add_option("--namespace-filter", given->name_space, "Only stores in this namespace");
  add.add_option("--agent-filter", given->author, "Only stores of this agent");
  add_write_flags(add, given->terms);
  add.callback([&run, given] { run.exit = subscribe(run, *given); });

  auto dropped = std::make_shared<unsubscribe_flags>();
  auto& remove = add_verb(subscriptions, "remove", "Have it told no more", "quorate subscriptions remove 0b6f…");
  remove.add_option("ID", dropped->id, "Id of the subscription")->required();
  add_write_flags(remove, dropped->terms);
  remove.callback([&run, dropped] { run.exit = unsubscribe(run, *dropped); });
}

}  // namespace

void add_message_commands(CLI::App& program, session& run) {
  add_notes(program, run);
  add_subscriptions(program, run);
}

}  // namespace quorate::cli
