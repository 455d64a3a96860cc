// The verbs about how records hang together: link, links, resolve.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/listing.hpp"
#include "cli/record_flags.hpp"
#include "cli/table.hpp"
#include "cli/verb.hpp"
#include "memory/reply_json.hpp"

namespace quorate::cli {
namespace {

using nlohmann::ordered_json;

struct link_flags {
  std::string source, target;
  std::string relation = "related_to";
  write_flags terms;
};

struct resolve_flags {
  std::string winner, loser;
  write_flags terms;
};

int link(session& run, const link_flags& flags) {
  v1::LinkRequest request;
  request.set_source_id(flags.source);
  request.set_target_id(flags.target);
  request.set_relation(flags.relation);
  if (const auto filled = fill_terms(flags.terms, request.mutable_terms()); !filled) return run.complain(filled);
  v1::LinkReply reply;
  if (const int failed = ask(run, request, &reply, "linked")) return failed;
  if (run.json)
    print(run, {{"linked", true}, {"created", reply.created()}});
  else
    run.out() << (reply.created() ? "linked: " : "linked already: ") << flags.source << " --" << flags.relation << "-> "
              << flags.target << '\n';
  return exit_done;
}

int links(session& run, const std::string& id) {
  auto client = run.connect();
  if (!client) return run.complain(client.error());
  table rows({"SOURCE", "RELATION", "TARGET", "CREATED"});
  auto list = ordered_json::array();
  const auto result = for_each_link(**client, id, [&](const v1::LinkRecord& each) {
    if (run.json)
      list.push_back(memory::json_of(each));
    else
      rows.add({each.source_id(), each.relation(), each.target_id(), each.created_at()});
    return true;
  });
  if (!result.ok()) return run.complain(result);
  if (!run.json) {
    rows.print(run.out(), run.terminal().width);
    return exit_done;
  }
  const auto count = list.size();
  print(run, {{"links", std::move(list)}, {"count", count}});
  return exit_done;
}

int resolve_records(session& run, const resolve_flags& flags) {
  v1::ResolveRequest request;
  request.set_winner_id(flags.winner);
  request.set_loser_id(flags.loser);
  if (const auto filled = fill_terms(flags.terms, request.mutable_terms()); !filled) return run.complain(filled);
  v1::ResolveReply reply;
  if (const int failed = ask(run, request, &reply, "resolved")) return failed;
  if (run.json)
    print(run, {{"resolved", true}, {"winner", flags.winner}, {"loser", flags.loser}});
  else
    run.out() << "resolved: " << flags.winner << " supersedes " << flags.loser << ' ' << ending_of(reply.receipt())
              << '\n';
  return exit_done;
}

}  // namespace

void add_link_commands(CLI::App& program, session& run) {
  auto pair = std::make_shared<link_flags>();
  auto& link_verb = add_verb(program, "link", "Link one record to another",
                             "quorate link 284ae956-… d602a1b3-… --relation derived_from");
  link_verb.add_option("SOURCE", pair->source, "Id of the record the link begins at")->required();
  link_verb.add_option("TARGET", pair->target, "Id of the record it leads to")->required();
  link_verb.add_option("-r,--relation", pair->relation, "related_to, supersedes, contradicts or derived_from")
      ->capture_default_str();
  add_write_flags(link_verb, pair->terms);
  link_verb.callback([&run, pair] { run.exit = link(run, *pair); });

  auto id = std::make_shared<std::string>();
  auto& links_verb = add_verb(program, "links", "List the links of a record, or all links", "quorate links 284ae956-…");
  links_verb.add_option("ID", *id, "Id of the record at either end");
  links_verb.callback([&run, id] { run.exit = links(run, *id); });

  auto choice = std::make_shared<resolve_flags>();
  auto& resolve_verb = add_verb(program, "resolve", "Say which of two records is right: it supersedes the other",
                                "quorate resolve 284ae956-… d602a1b3-…");
  resolve_verb.add_option("WINNER", choice->winner, "Id of the record that is right")->required();
  resolve_verb.add_option("LOSER", choice->loser, "Id of the one that is not; it keeps little weight")->required();
  add_write_flags(resolve_verb, choice->terms);
  resolve_verb.callback([&run, choice] { run.exit = resolve_records(run, *choice); });
}

}  // namespace quorate::cli
