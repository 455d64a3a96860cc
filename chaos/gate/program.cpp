#include "chaos/gate/program.hpp"

#include <fstream>
#include <sstream>
#include <utility>

#include "chaos/command.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

std::optional<nlohmann::ordered_json> parsed(const std::string& text) {
  auto json = nlohmann::ordered_json::parse(text, nullptr, false);
  return json.is_discarded() ? std::nullopt : std::optional(std::move(json));
}

std::string last_line(const std::string& text) {
  std::istringstream lines(text);
  std::string last;
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) last = line;
  return last;
}

/// The verbs that `--help` lists: lines of two blanks and a word below "Subcommands:".
std::set<std::string> verbs_in(const std::string& help) {
  std::set<std::string> verbs;
  std::istringstream lines(help);
  bool listed = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "Subcommands:") listed = true;
    if (listed && line.size() > 2 && line.starts_with("  ") && line[2] != ' ')
      verbs.insert(line.substr(2, line.find(' ', 2) - 2));
  }
  return verbs;
}

}  // namespace

quorate_program::quorate_program(std::string path) : path_(std::move(path)) {
  version_ = last_line(run({"--version"}).output);
  verbs_ = verbs_in(run({"--help"}).output);
}

program_answer quorate_program::run(std::vector<std::string> arguments, milliseconds bound) const {
  arguments.insert(arguments.begin(), path_);
  const auto ended = run_to_end({std::move(arguments), "", ""}, bound);
  if (!ended) return {-1, ended.error().message(), {}};
  program_answer answer{ended->exit_code, ended->output, {}};
  if (answer.exit_code == 0) answer.json = parsed(answer.output);
  return answer;
}

program_answer quorate_program::talk(const std::vector<std::string>& arguments, const std::string& input,
                                     const std::string& directory) const {
  const auto file = directory + "/input";
  std::ofstream(file) << input;
  // A shell, for the redirection; words are passed, not pasted.
  std::vector<std::string> words{"sh", "-c", R"(exec "$@" <"$0" 2>/dev/null)", file, path_};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const auto ended = run_to_end({std::move(words), "dash", ""}, program_bound);
  if (!ended) return {-1, ended.error().message(), {}};
  program_answer answer{ended->exit_code, ended->output, {}};
  answer.json = parsed(last_line(answer.output));
  return answer;
}

}  // namespace quorate::chaos
