// The verb that makes a cluster's key: cluster-key.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/key_file.hpp"
#include "cli/verb.hpp"

namespace quorate::cli {
namespace {

int print_made(session& run, const std::string& name, bool keep) {
  const auto made = make_cluster_key("FILE", name, keep);
  if (!made) return run.complain(made.error());
  const bool now = *made == key_made::now;
  if (run.json)
    print(run, nlohmann::ordered_json{{"file", name}, {"made", now}});
  else
    run.out() << (now ? "made: " : "kept: ") << name << "; give every member a copy, with --cluster-key-file\n";
  return exit_done;
}

}  // namespace

void add_key_command(CLI::App& program, session& run) {
  struct flags {
    std::string file;
    bool keep = false;
  };
  auto given = std::make_shared<flags>();
  auto& verb = add_verb(program, "cluster-key", "Make the key by which the members of a cluster know each other",
                        "quorate cluster-key cluster.key");
  verb.add_option("FILE", given->file, "Where to write it; readable for its owner only")->required();
  verb.add_flag("--keep", given->keep, "Take a key that is there already for good");
  verb.callback([&run, given] { run.exit = print_made(run, given->file, given->keep); });
}

}  // namespace quorate::cli
