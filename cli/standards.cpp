// The verb about what a namespace expects of its writers: standards set, get, clear.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/record_flags.hpp"
#include "cli/table.hpp"
#include "cli/verb.hpp"
#include "memory/reply_json.hpp"

namespace quorate::cli {
namespace {

using nlohmann::ordered_json;

struct set_flags {
  std::string name_space, id, parent, governance;
  write_flags terms;
};

struct get_flags {
  std::string name_space;
  bool inherit = false;
};

struct clear_flags {
  std::string name_space;
  write_flags terms;
};

int set(session& run, const set_flags& flags) {
  v1::SetStandardRequest request;
  request.set_namespace_(flags.name_space);
  request.set_id(flags.id);
  request.set_parent(flags.parent);
  request.set_governance(flags.governance);
  if (const auto filled = fill_terms(flags.terms, request.mutable_terms()); !filled) return run.complain(filled);
  v1::SetStandardReply reply;
  if (const int failed = ask(run, request, &reply, "set")) return failed;
  const auto& standard = reply.standard();
  if (!run.json) {
    run.out() << "set: " << standard.standard_id() << " is the standard of " << standard.namespace_() << ' '
              << ending_of(reply.receipt()) << '\n';
    return exit_done;
  }
  ordered_json object{{"set", true}, {"namespace", standard.namespace_()}, {"standard_id", standard.standard_id()}};
  if (!standard.parent_namespace().empty()) object["parent"] = standard.parent_namespace();
  if (!flags.governance.empty()) object["governance"] = memory::json_of(standard).value("governance", ordered_json());
  print(run, object);
  return exit_done;
}

ordered_json chain_object(const std::string& name_space, const v1::GetStandardReply& reply) {
  auto standards = ordered_json::array();
  for (const auto& each : reply.standards()) standards.push_back(memory::json_of(each));
  const auto count = standards.size();
  return {{"namespace", name_space}, {"chain", reply.chain()}, {"standards", std::move(standards)}, {"count", count}};
}

void print_table(session& run, const v1::GetStandardReply& reply) {
  table rows({"NAMESPACE", "ID", "TITLE", "GOVERNANCE", "CONTENT"});
  for (const auto& each : reply.standards())
    rows.add({each.namespace_(), each.standard_id().empty() ? "-" : each.standard_id(),
              each.found() || each.standard_id().empty() ? each.title() : "(the record is gone)", each.governance(),
              each.content()});
  rows.print(run.out(), run.terminal().width);
}

int get(session& run, const get_flags& flags) {
  v1::GetStandardRequest request;
  request.set_namespace_(flags.name_space);
  request.set_inherit(flags.inherit);
  v1::GetStandardReply reply;
  if (const int failed = ask(run, request, &reply)) return failed;
  if (!run.json)
    print_table(run, reply);
  else if (flags.inherit)
    print(run, chain_object(flags.name_space, reply));
  else
    print(run, reply.standards().empty() ? ordered_json{{"namespace", flags.name_space}, {"standard_id", nullptr}}
                                         : memory::json_of(reply.standards(0)));
  return exit_done;
}

int clear(session& run, const clear_flags& flags) {
  v1::ClearStandardRequest request;
  request.set_namespace_(flags.name_space);
  if (const auto filled = fill_terms(flags.terms, request.mutable_terms()); !filled) return run.complain(filled);
  v1::ClearStandardReply reply;
  if (const int failed = ask(run, request, &reply, "cleared")) return failed;
  if (run.json)
    print(run, {{"cleared", reply.cleared()}, {"namespace", flags.name_space}});
  else
    run.out() << (reply.cleared() ? "cleared: " : "had none: ") << flags.name_space << '\n';
  return exit_done;
}

}  // namespace

void add_standard_commands(CLI::App& program, session& run) {
  auto& standards =
      add_verb(program, "standards", "What a namespace expects of its writers", "quorate standards get ops --inherit");
  standards.require_subcommand(1);

  auto given = std::make_shared<set_flags>();
  auto& set_verb =
      add_verb(standards, "set", "Make a record the standard of a namespace",
               "quorate standards set ops 284ae956-… --governance "
               "'{\"write\":\"registered\",\"promote\":\"any\",\"delete\":\"owner\",\"approver\":\"human\"}'");
  set_verb.add_option("NAMESPACE", given->name_space, "The namespace")->required();
  set_verb.add_option("ID", given->id, "Id of the record")->required();
  set_verb.add_option("--parent", given->parent, "The namespace whose standard comes before it");
  set_verb.add_option("--governance", given->governance, "Who may write, promote and delete, and who approves; JSON");
  add_write_flags(set_verb, given->terms);
  set_verb.callback([&run, given] { run.exit = set(run, *given); });

  auto asked = std::make_shared<get_flags>();
  auto& get_verb =
      add_verb(standards, "get", "Print the standard of a namespace", "quorate standards get ops --inherit");
  get_verb.add_option("NAMESPACE", asked->name_space, "The namespace")->required();
  get_verb.add_flag("--inherit", asked->inherit, "Also those above it, outermost first");
  get_verb.callback([&run, asked] { run.exit = get(run, *asked); });

  auto dropped = std::make_shared<clear_flags>();
  auto& clear_verb = add_verb(standards, "clear", "Take the standard of a namespace away; the record stays",
                              "quorate standards clear ops");
  clear_verb.add_option("NAMESPACE", dropped->name_space, "The namespace")->required();
  add_write_flags(clear_verb, dropped->terms);
  clear_verb.callback([&run, dropped] { run.exit = clear(run, *dropped); });
}

}  // namespace quorate::cli
