#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>

#include "cli/commands.hpp"

namespace quorate::cli {
namespace {

constexpr const char* footer =
    "Exit codes: 0 done, 1 failed, 2 the command line or the input breaks a rule, 3 quorum not met.";

void add_common_flags(CLI::App& program, session& run) {
  program.set_version_flag("--version", "quorate " QUORATE_VERSION);
  program.add_flag("--json", run.json, "Print one line of JSON instead of text");
  run.endpoints = "127.0.0.1:7411";
  run.timeout = "5s";
  program.add_option("--endpoints", run.endpoints, "Nodes to ask, the first that answers is used")
      ->type_name("HOST:PORT,...")
      ->envname("QUORATE_ENDPOINTS")
      ->capture_default_str();
  program.add_option("--data", run.data, "Work on this directory in this process, without a server")->type_name("DIR");
  program.add_option("--timeout", run.timeout, "Longest wait for an answer")->type_name("TIME")->capture_default_str();
  program.add_option("--agent-id", run.agent_id, "Who calls: the author of what is stored")
      ->type_name("ID")
      ->envname("QUORATE_AGENT_ID");
}

/// What is wrong with the command line, in one line.
int complain_about_usage(session& run, const CLI::ParseError& error) {
  std::string text = error.what();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return run.complain(text + "; see quorate --help", exit_usage);
}

/// Every verb there is. Help, completions and the manual page are made from this.
void add_all(CLI::App& program, session& run) {
  program.fallthrough();
  program.require_subcommand(1);
  program.footer(footer);
  add_common_flags(program, run);
  add_serve_command(program, run);
  add_key_command(program, run);
  add_write_commands(program, run);
  add_read_commands(program, run);
  add_recall_commands(program, run);
  add_stats_commands(program, run);
  add_link_commands(program, run);
  add_curation_commands(program, run);
  add_archive_commands(program, run);
  add_agent_commands(program, run);
  add_standard_commands(program, run);
  add_message_commands(program, run);
  add_mining_commands(program, run);
  add_curator_command(program, run);
  add_import_command(program, run);
  add_export_command(program, run);
  add_migrate_command(program, run);
  add_backup_commands(program, run);
  add_admin_commands(program, run);
  add_mcp_command(program, run);
  add_shell_command(program, run);
  add_description_commands(program, run);
}

int parse_and_run(std::vector<std::string> arguments, session& run) {
  CLI::App program("Replicated memory for AI agents", "quorate");
  add_all(program, run);
  std::reverse(arguments.begin(), arguments.end());
  try {
    program.parse(std::move(arguments));
  } catch (const CLI::Success& asked) {
    program.exit(asked, run.out(), run.out());
    return exit_done;
  } catch (const CLI::ParseError& error) {
    return complain_about_usage(run, error);
  }
  run.out().flush();
  if (!run.out()) return run.complain("cannot write to the output", exit_failed);
  return run.exit;
}

}  // namespace

int run_line(std::vector<std::string> arguments, session& run) {
  run.json = false;
  run.exit = exit_done;
  run.data.clear();
  run.agent_id.clear();
  try {
    return parse_and_run(std::move(arguments), run);
  } catch (const std::exception& defect) {
    return run.complain(std::string("a defect in this program: ") + defect.what(), exit_failed);
  }
}

int run_command_line(std::vector<std::string> arguments, const console& where, const node_parts& parts) {
  session run(where, parts);
  return run_line(std::move(arguments), run);
}

}  // namespace quorate::cli
