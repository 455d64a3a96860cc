// The verbs that describe the program: completions, man. Everything in them is read from the command line's own tables.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <memory>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/verb.hpp"

namespace quorate::cli {
namespace {

std::vector<const CLI::App*> verbs_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_snames()) flags.push_back("-" + name);
    for (const auto& name : option->get_lnames()) flags.push_back("--" + name);
  }
  return flags;
}

std::string joined(const std::vector<std::string>& words, const std::string& between) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

/// Every verb with the words that lead to it ("archive list"), outermost first; the program itself has none.
void for_each_verb(const CLI::App& app, const std::string& path,
                   const std::function<void(const CLI::App& verb, const std::string& path)>& take) {
  take(app, path);
  for (const auto* verb : verbs_of(app))
    for_each_verb(*verb, (path.empty() ? "" : path + " ") + verb->get_name(), take);
}

/// What may follow a verb: the verbs below it, its flags, the flags of all verbs.
std::vector<std::string> words_after(const CLI::App& program, const CLI::App& verb) {
  std::vector<std::string> words;
  for (const auto* below : verbs_of(verb)) words.push_back(below->get_name());
  auto flags = flags_of(verb);
  if (&verb != &program)
    for (auto& flag : flags_of(program))
      if (std::find(flags.begin(), flags.end(), flag) == flags.end()) flags.push_back(std::move(flag));
  words.insert(words.end(), flags.begin(), flags.end());
  return words;
}

void print_bash(const CLI::App& program, std::ostream& out) {
  out << "# quorate completions for bash: source it, or put it into the completions directory\n"
         "_quorate() {\n"
         "  local word path= current=${COMP_WORDS[COMP_CWORD]} words\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case \"${path:+$path }$word\" in\n      ";
  std::vector<std::string> paths;
  for_each_verb(program, "", [&](const auto&, const std::string& path) {
    if (!path.empty()) paths.push_back("'" + path + "'");
  });
  out << joined(paths, "|") << ") path=\"${path:+$path }$word\" ;;\n    esac\n  done\n  case $path in\n";
  for_each_verb(program, "", [&](const CLI::App& verb, const std::string& path) {
    out << "    '" << path << "') words='" << joined(words_after(program, verb), " ") << "' ;;\n";
  });
  out << "  esac\n  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n}\n"
         "complete -o default -F _quorate quorate\n";
}

void print_zsh(const CLI::App& program, std::ostream& out) {
  out << "#compdef quorate\n# quorate completions for zsh, over those for bash\nautoload -Uz bashcompinit && "
         "bashcompinit\n";
  print_bash(program, out);
}

/// Within single quotes of fish.
std::string fish_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += (c == '\'' || c == '\\') ? std::string{'\\', c} : std::string(1, c);
  return out + "'";
}

void print_fish_flags(const CLI::App& app, const std::string& when, std::ostream& out) {
  for (const auto* option : app.get_options()) {
    std::string line;
    for (const auto& name : option->get_snames()) line += " -s " + name;
    for (const auto& name : option->get_lnames()) line += " -l " + name;
    if (line.empty()) continue;
    out << "complete -c quorate" << when << line << (option->get_items_expected_max() > 0 ? " -r" : "") << " -d "
        << fish_quoted(option->get_description()) << '\n';
  }
}

void print_fish(const CLI::App& program, std::ostream& out) {
  out << "# quorate completions for fish\n";
  print_fish_flags(program, "", out);
  for_each_verb(program, "", [&](const CLI::App& verb, const std::string& path) {
    std::string seen;
    for (std::size_t at = 0; at < path.size();) {
      const auto end = std::min(path.find(' ', at), path.size());
      seen += (seen.empty() ? "" : "; and ") + std::string("__fish_seen_subcommand_from ") + path.substr(at, end - at);
      at = end + 1;
    }
    const auto here = path.empty() ? std::string("__fish_use_subcommand") : seen;
    for (const auto* below : verbs_of(verb))
      out << "complete -c quorate -n " << fish_quoted(here) << " -a " << below->get_name() << " -d "
          << fish_quoted(below->get_description()) << '\n';
    if (!path.empty()) print_fish_flags(verb, " -n " + fish_quoted(seen), out);
  });
}

/// Text in a manual page: dashes and backslashes are commands there, and so is a dot that begins a line.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

void print_roff_options(const CLI::App& app, std::ostream& out) {
  for (const auto* option : app.get_options()) {
    out << ".TP\n.B " << roff(option->get_name(option->get_positional(), true)) << '\n'
        << roff(option->get_description());
    if (!option->get_default_str().empty()) out << roff(" [" + option->get_default_str() + "]");
    out << '\n';
  }
}

void print_manual(const CLI::App& program, std::ostream& out) {
  out << ".TH QUORATE 1 \"\" \"quorate " QUORATE_VERSION "\"\n.SH NAME\nquorate \\- " << roff(program.get_description())
      << "\n.SH SYNOPSIS\n.B quorate\nVERB [flags]\n.SH FLAGS OF ALL VERBS\n";
  print_roff_options(program, out);
  out << ".SH VERBS\n";
  for_each_verb(program, "", [&](const CLI::App& verb, const std::string& path) {
    if (path.empty()) return;
    out << ".SS quorate " << roff(path) << '\n' << roff(verb.get_description()) << ".\n";
    print_roff_options(verb, out);
    if (!verb.get_footer().empty()) out << ".PP\n.nf\n" << roff(verb.get_footer()) << "\n.fi\n";
  });
  out << ".SH EXIT STATUS\n" << roff(program.get_footer()) << '\n';
}

int print_completions(const CLI::App& program, session& run, const std::string& shell) {
  if (shell == "bash")
    print_bash(program, run.out());
  else if (shell == "zsh")
    print_zsh(program, run.out());
  else if (shell == "fish")
    print_fish(program, run.out());
  else
    return run.complain(status::invalid("SHELL", "must be bash, zsh or fish, got \"" + shell + "\""));
  return exit_done;
}

}  // namespace

void add_description_commands(CLI::App& program, session& run) {
  auto shell = std::make_shared<std::string>();
  auto& completions = add_verb(program, "completions", "Print completions for a shell",
                               "quorate completions bash > ~/.local/share/bash-completion/completions/quorate");
  completions.add_option("SHELL", *shell, "bash, zsh or fish")->required();
  completions.callback([&run, &program, shell] { run.exit = print_completions(program, run, *shell); });
  add_verb(program, "man", "Print the manual page", "quorate man | man -l -").callback([&run, &program] {
    print_manual(program, run.out());
  });
}

}  // namespace quorate::cli
