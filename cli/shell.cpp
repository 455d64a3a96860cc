// The verb that reads verbs line by line: shell.
#include <CLI/CLI.hpp>
#include <istream>
#include <optional>
#include <ostream>

#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/verb.hpp"

namespace quorate::cli {
namespace {

constexpr const char* prompt = "quorate> ";

/// The words of a line: blanks part them, quotes of either kind hold them together, a backslash takes the next
/// character as it is, but not within single quotes. Nothing when a quote is not closed.
std::optional<std::vector<std::string>> split_line(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  bool any = false;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
      word += line[++i];
      any = true;
    } else if (quote != 0 ? c == quote : (c == '"' || c == '\'')) {
      quote = quote == 0 ? c : 0;
      any = true;
    } else if (quote == 0 && (c == ' ' || c == '\t' || c == '\r')) {
      if (any) words.push_back(word);
      word.clear();
      any = false;
    } else {
      word += c;
      any = true;
    }
  }
  if (quote != 0) return std::nullopt;
  if (any) words.push_back(word);
  return words;
}

/// What the shell itself was told holds for each line, unless the line says otherwise.
std::vector<std::string> settings_of(const session& run) {
  std::vector<std::string> flags{"--endpoints", run.endpoints, "--timeout", run.timeout};
  if (!run.data.empty()) flags.insert(flags.end(), {"--data", run.data});
  if (!run.agent_id.empty()) flags.insert(flags.end(), {"--agent-id", run.agent_id});
  if (run.json) flags.emplace_back("--json");
  return flags;
}

/// Reads lines until the input ends or says quit. What a line did wrong is told, and the next one is read.
int shell(session& run) {
  const std::vector<std::string> settings = settings_of(run);
  const bool person = run.terminal().width > 0;
  std::string line;
  while (true) {
    if (person) (run.out() << prompt).flush();
    if (!std::getline(run.terminal().in, line)) break;
    const auto words = split_line(line);
    if (!words) {
      run.complain("a quote is not closed", exit_usage);
      continue;
    }
    if (words->empty()) continue;
    if (words->front() == "quit" || words->front() == "exit") break;
    if (words->front() == "shell" || words->front() == "serve" || words->front() == "mcp") {
      run.complain(words->front() + " cannot be used within the shell", exit_usage);
      continue;
    }
    auto arguments = settings;
    arguments.insert(arguments.end(), words->begin(), words->end());
    run_line(std::move(arguments), run);
  }
  return exit_done;
}

}  // namespace

void add_shell_command(CLI::App& program, session& run) {
  add_verb(program, "shell", "Read verbs line by line, until quit",
           "printf 'recall deploy key\\nstats\\nquit\\n' | quorate shell")
      .callback([&run] { run.exit = shell(run); });
}

}  // namespace quorate::cli
