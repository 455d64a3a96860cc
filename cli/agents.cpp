// The verbs about who acts: agents list, register; pending list, approve, reject.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/parse.hpp"
#include "cli/record_flags.hpp"
#include "cli/table.hpp"
#include "cli/verb.hpp"
#include "memory/reply_json.hpp"
#include "proto/limits.hpp"

namespace quorate::cli {
namespace {

using nlohmann::ordered_json;

struct register_flags {
  std::string agent_id, agent_type, capabilities;
  write_flags terms;
};

struct pending_flags {
  std::string status;
  std::string limit = "100";
};

std::string joined(const google::protobuf::RepeatedPtrField<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

int list_agents(session& run) {
  v1::ListAgentsReply reply;
  if (const int failed = ask(run, v1::ListAgentsRequest(), &reply)) return failed;
  if (run.json) {
    auto agents = ordered_json::array();
    for (const auto& agent : reply.agents()) agents.push_back(memory::json_of(agent));
    const auto count = agents.size();
    print(run, {{"count", count}, {"agents", std::move(agents)}});
    return exit_done;
  }
  table rows({"AGENT", "TYPE", "CAPABILITIES", "REGISTERED", "LAST SEEN"});
  for (const auto& agent : reply.agents())
    rows.add({agent.agent_id(), agent.agent_type(), joined(agent.capabilities()), agent.registered_at(),
              agent.last_seen_at()});
  rows.print(run.out(), run.terminal().width);
  return exit_done;
}

int register_agent(session& run, const register_flags& flags) {
  v1::RegisterAgentRequest request;
  request.set_agent_id(flags.agent_id);
  request.set_agent_type(flags.agent_type);
  for (auto& each : split_list(flags.capabilities)) request.add_capabilities(std::move(each));
  if (const auto filled = fill_terms(flags.terms, request.mutable_terms()); !filled) return run.complain(filled);
  v1::RegisterAgentReply reply;
  if (const int failed = ask(run, request, &reply, "registered")) return failed;
  const auto& agent = reply.agent();
  if (run.json)
    print(run, {{"registered", true},
                {"id", reply.id()},
                {"agent_id", agent.agent_id()},
                {"agent_type", agent.agent_type()},
                {"capabilities", agent.capabilities()}});
  else
    run.out() << "registered: " << agent.agent_id() << " [" << agent.agent_type() << "] " << ending_of(reply.receipt())
              << '\n';
  return exit_done;
}

int list_pending(session& run, const pending_flags& flags) {
  v1::ListPendingRequest request;
  const auto limit = parse_number("--limit", flags.limit, 1, limits::page_items_max);
  if (!limit) return run.complain(limit.error());
  request.set_limit(static_cast<std::uint32_t>(*limit));
  request.set_status(flags.status);
  v1::ListPendingReply reply;
  if (const int failed = ask(run, request, &reply)) return failed;
  if (run.json) {
    auto pending = ordered_json::array();
    for (const auto& action : reply.pending()) pending.push_back(memory::json_of(action));
    const auto count = pending.size();
    print(run, {{"count", count}, {"pending", std::move(pending)}});
    return exit_done;
  }
  table rows({"ID", "STATUS", "ACTION", "NAMESPACE", "MEMORY", "REQUESTED BY", "REQUESTED"});
  for (const auto& action : reply.pending())
    rows.add({action.id(), action.status(), action.action_type(), action.namespace_(), action.memory_id(),
              action.requested_by(), action.requested_at()});
  rows.print(run.out(), run.terminal().width);
  return exit_done;
}

/// A vote that is not the last one needed is no failure, but nothing was done yet.
int print_vote(session& run, const std::string& id, const v1::ApprovePendingReply& reply) {
  if (run.json)
    print(run, {{"approved", false},
                {"status", "pending"},
                {"id", id},
                {"votes", reply.votes()},
                {"quorum", reply.votes_needed()},
                {"reason", "more approvals are needed"}});
  else
    run.out() << "counted: " << reply.votes() << " of " << reply.votes_needed() << " approvals\n";
  return exit_done;
}

int approve(session& run, const std::string& id) {
  v1::ApprovePendingRequest request;
  request.set_id(id);
  request.set_agent_id(caller_of(run));
  v1::ApprovePendingReply reply;
  if (const int failed = ask(run, request, &reply, "approved")) return failed;
  if (!reply.approved()) return print_vote(run, id, reply);
  if (run.json)
    print(run, {{"approved", true},
                {"id", id},
                {"decided_by", reply.action().decided_by()},
                {"executed", true},
                {"memory_id", reply.memory_id()}});
  else
    run.out() << "approved: " << reply.action().action_type() << ' ' << reply.memory_id() << ' '
              << ending_of(reply.receipt()) << '\n';
  return exit_done;
}

int reject(session& run, const std::string& id) {
  v1::RejectPendingRequest request;
  request.set_id(id);
  request.set_agent_id(caller_of(run));
  v1::RejectPendingReply reply;
  if (const int failed = ask(run, request, &reply, "rejected")) return failed;
  if (run.json)
    print(run, {{"rejected", true}, {"id", id}, {"decided_by", reply.action().decided_by()}});
  else
    run.out() << "rejected: " << reply.action().action_type() << ' ' << ending_of(reply.receipt()) << '\n';
  return exit_done;
}

void add_agents(CLI::App& program, session& run) {
  auto& agents = add_verb(program, "agents", "Who is registered; without more it lists them", "quorate agents");
  agents.require_subcommand(0, 1);
  agents.callback([&run, &agents] {
    if (agents.get_subcommands().empty()) run.exit = list_agents(run);
  });
  add_verb(agents, "list", "List the registered agents", "quorate agents list --json").callback([&run] {
    run.exit = list_agents(run);
  });
  auto flags = std::make_shared<register_flags>();
  auto& verb =
      add_verb(agents, "register", "Register an agent, or say that it is still there",
               "quorate agents register --agent-id ai:scout --agent-type ai:scout --capabilities recall,store");
  verb.add_option("--agent-id", flags->agent_id, "Its name")->required();
  verb.add_option("--agent-type", flags->agent_type, "human, system or ai:NAME")->required();
  verb.add_option("--capabilities", flags->capabilities, "What it can do, separated by commas");
  add_write_flags(verb, flags->terms);
  verb.callback([&run, flags] { run.exit = register_agent(run, *flags); });
}

void add_pending(CLI::App& program, session& run) {
  auto& pending =
      add_verb(program, "pending", "Acts that wait for an approval", "quorate pending list --status pending");
  pending.require_subcommand(1);
  auto flags = std::make_shared<pending_flags>();
  auto& list_verb = add_verb(pending, "list", "List them, newest first", "quorate pending list --status pending");
  list_verb.add_option("--status", flags->status, "Only these: pending, approved or rejected");
  list_verb.add_option("--limit", flags->limit, "At most so many")->capture_default_str();
  list_verb.callback([&run, flags] { run.exit = list_pending(run, *flags); });
  const auto decide = [&](const char* name, const char* what, int (*act)(session&, const std::string&)) {
    auto id = std::make_shared<std::string>();
    auto& verb = add_verb(pending, name, what, std::string("quorate pending ") + name + " 0b6f… --agent-id ai:lead");
    verb.add_option("ID", *id, "Id of the pending act")->required();
    verb.callback([&run, id, act] { run.exit = act(run, *id); });
  };
  decide("approve", "Approve one, as --agent-id", approve);
  decide("reject", "Reject one, as --agent-id", reject);
}

}  // namespace

void add_agent_commands(CLI::App& program, session& run) {
  add_agents(program, run);
  add_pending(program, run);
}

}  // namespace quorate::cli
