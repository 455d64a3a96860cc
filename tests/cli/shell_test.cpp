// The verbs about verbs: shell, completions, man, and the help that each has.
#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "tests/cli/fake_node.hpp"
#include "tests/cli/small_store.hpp"

using namespace quorate;
using namespace quorate::cli::tests;

namespace {

using list = std::vector<std::string>;

/// Every verb and the verbs below it, read from the help itself.
list verbs_below(const list& path) {
  auto arguments = path;
  arguments.emplace_back("--help");
  std::istringstream help(run_program(arguments).out);
  list verbs;
  bool inside = false;
  for (std::string line; std::getline(help, line);) {
    if (line == "Subcommands:") inside = true;
    if (line.empty()) inside = false;
    if (inside && line.starts_with("  ") && line[2] != ' ') verbs.push_back(line.substr(2, line.find(' ', 2) - 2));
  }
  return verbs;
}

std::vector<list> all_verbs() {
  std::vector<list> all;
  for (const auto& verb : verbs_below({})) {
    all.push_back({verb});
    for (const auto& below : verbs_below({verb})) all.push_back({verb, below});
  }
  return all;
}

}  // namespace

TEST_SUITE("cli.describe") {
  TEST_CASE("every verb teaches by an example that is a command line of its own") {
    const auto verbs = all_verbs();
    CHECK(verbs.size() > 50);
    for (auto path : verbs) {
      std::string words = "quorate";
      for (const auto& word : path) words += " " + word;
      CAPTURE(words);
      path.emplace_back("--help");
      const auto help = run_program(path);
      CHECK(help.exit == 0);
      const auto example = help.out.find("Example:\n  ");
      REQUIRE(example != std::string::npos);
      CHECK(help.out.find("quorate " + path.front(), example) != std::string::npos);
    }
  }

  TEST_CASE("completions and the manual page know every verb") {
    const auto man = run_program({"man"});
    CHECK(man.exit == 0);
    CHECK(man.out.find(".TH QUORATE 1") == 0);
    const auto bash = run_program({"completions", "bash"}).out;
    const auto fish = run_program({"completions", "fish"}).out;
    const auto zsh = run_program({"completions", "zsh"}).out;
    CHECK(zsh.find("#compdef quorate") == 0);
    for (const auto& path : all_verbs()) {
      std::string words = path.front();
      for (std::size_t i = 1; i < path.size(); ++i) words += " " + path[i];
      CAPTURE(words);
      std::string escaped;
      for (const char c : words) escaped += c == '-' ? std::string("\\-") : std::string(1, c);
      CHECK(man.out.find(".SS quorate " + escaped + "\n") != std::string::npos);
      CHECK(bash.find("'" + words + "') words=") != std::string::npos);
      CHECK(fish.find(" -a " + path.back() + " -d ") != std::string::npos);
    }
    CHECK(bash.find("'archive list') words='") != std::string::npos);
    CHECK(run_program({"completions", "csh"}).exit == 2);
    CHECK(run_program({"completions"}).exit == 2);
  }
}

TEST_SUITE("cli.shell") {
  TEST_CASE("the shell runs verbs line by line until quit, with what it was told for all of them") {
    small_store store;
    store.add("a", "hello there");
    const auto run =
        run_at(store.node, {"shell", "--json"},
               "get a\n\nlist -n ops\nstore -T 'two words' -c \"a \\\"quoted\\\" word\" -n ops\nquit\nget a\n");
    CHECK(run.exit == 0);
    CHECK(run.err.empty());
    CHECK(std::count(run.out.begin(), run.out.end(), '\n') == 3);
    CHECK(store.records[{"ops", "two words"}].content() == "a \"quoted\" word");
  }

  TEST_CASE("a line that fails is told and the next one runs; a flag of one line is not one of the next") {
    small_store store;
    store.add("a", "hello there");
    const auto run = run_at(store.node, {"shell"}, "fly\nget none\nget 'a\nshell\nget a --json\nget a");
    CHECK(run.exit == 0);
    CHECK(std::count(run.err.begin(), run.err.end(), '\n') == 4);
    CHECK(run.err.find("a quote is not closed") != std::string::npos);
    CHECK(run.out.find("{\"memory\":") == 0);
    CHECK(run.out.find("\nid: a\n") != std::string::npos);
  }
}
