#include "chaos/drill/drill_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "chaos/drill/report.hpp"
#include "chaos/terminal.hpp"

namespace quorate::chaos {
namespace {

constexpr int exit_passed = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream text(list);
  for (std::string part; std::getline(text, part, ',');)
    if (!part.empty()) parts.push_back(part);
  return parts;
}

int complain(const status& error) {
  std::cerr << "quorate-chaos: " << error.message() << "\n";
  return error.code() == errc::invalid_argument ? exit_usage : exit_failed;
}

}  // namespace

void add_common_flags(CLI::App& verb, drill_flags* flags) {
  verb.add_option("--quorate", flags->program, "The node's program")->capture_default_str();
  verb.add_option("--faulty-quorate", flags->faulty_program, "The node's program for disks that fail and forget")
      ->capture_default_str();
  verb.add_option("--cycles", flags->cycles, "Cycles of each class")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  verb.add_option("--writes", flags->writes, "Acknowledged writes of a cycle, at least")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000'000));
  verb.add_option("--clients", flags->clients, "Clients that write at the same time; some classes take more")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  verb.add_option("--converge-within", flags->converge_seconds, "Seconds after which nodes must be equal")
      ->capture_default_str()
      ->check(CLI::Range(1, 3'600));
  verb.add_option("--seed", flags->seed, "Of everything that is random (default: a new one, printed)");
  verb.add_option("--out", flags->out, "Directory for reports; is made")->required();
  verb.add_option("--env", flags->environment, "Where the nodes run")
      ->capture_default_str()
      ->check(CLI::IsMember({"local", "compose"}));
  verb.add_option("--network", flags->network, "How faults of the network are made; auto: namespaces where permitted")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "relay"}));
  verb.add_option("--node-env", flags->variables, "NAME=VALUE,... for the environment of every node");
  verb.add_flag("--keep-histories", flags->keep_all_histories, "Keep the calls of cycles that passed, too");
  verb.add_flag("--json", flags->json, "Print the report instead of a table");
}

result<std::vector<fault_class>> read_faults(const std::string& list) {
  std::vector<fault_class> faults;
  for (const auto& name : split(list)) {
    if (name == "all") {
      for (const auto& words : all_faults) faults.push_back(words.fault);
    } else if (const auto fault = fault_of(name)) {
      faults.push_back(*fault);
    } else {
      std::string known;
      for (const auto& words : all_faults) known += " " + std::string(words.name);
      return status::invalid("--fault", "\"" + name + "\" is no class of faults; there are: all" + known);
    }
  }
  if (faults.empty()) return status::invalid("--fault", "names no class of faults");
  std::sort(faults.begin(), faults.end());
  faults.erase(std::unique(faults.begin(), faults.end()), faults.end());
  return faults;
}

std::uint64_t chosen_seed(std::uint64_t given) {
  if (given != 0) return given;
  std::random_device device;
  return device();
}

drill_options options_of(const drill_flags& flags, std::vector<fault_class> faults) {
  drill_options options;
  options.faults = std::move(faults);
  options.cycles = flags.cycles;
  options.writes = flags.writes;
  options.clients = flags.clients;
  options.converge_bound = std::chrono::seconds(flags.converge_seconds);
  options.seed = chosen_seed(flags.seed);
  options.directory = flags.out;
  options.keep_all_histories = flags.keep_all_histories;
  return options;
}

status make_out_directory(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return status::invalid("--out", "cannot make " + directory + ": " + error.message());
  // Reports of two runs must never be taken for one.
  if (!std::filesystem::is_empty(directory, error) || error)
    return status::invalid("--out", directory + " holds files already; name a new directory");
  return {};
}

result<std::unique_ptr<place>> make_place(const drill_flags& flags) {
  std::error_code error;
  if (flags.environment == "compose") return make_compose_place();
  if (!std::filesystem::exists(flags.program, error))
    return status::invalid("--quorate", flags.program + " is missing: build it with ./dev build, or name another");
  local_place_options options;
  options.program = std::filesystem::absolute(flags.program, error).string();
  options.faulty_program = std::filesystem::absolute(flags.faulty_program, error).string();
  options.variables = split(flags.variables);
  options.relay = flags.network == "relay";
  return make_local_place(options);
}

void add_drill_verb(CLI::App& program, std::shared_ptr<drill_flags> flags) {
  auto* verb = program.add_subcommand("drill", "Cycles of real faults under load, each judged record by record");
  verb->add_option("--fault", flags->faults, "Classes of faults, or all")->capture_default_str();
  add_common_flags(*verb, flags.get());
  std::string words = "Classes:\n";
  for (const auto& one : all_faults) words += "  " + std::string(one.name) + ": " + std::string(one.what) + "\n";
  verb->footer(words + "Exit codes: 0 every class passed, 1 not, 2 the command line breaks a rule.");
}

int run_drill_verb(const drill_flags& flags) {
  const auto faults = read_faults(flags.faults);
  if (!faults) return complain(faults.error());
  if (auto made = make_out_directory(flags.out); !made) return complain(made);
  auto where = make_place(flags);
  if (!where) return complain(where.error());
  const auto options = options_of(flags, *faults);
  std::cerr << "seed " << options.seed << ", " << (*where)->environment_name() << ", network by "
            << (*where)->network_name() << std::endl;
  const auto classes = run_drills(options, **where);
  if (!classes) return complain(classes.error());
  const auto report = drills_object(options, **where, *classes, options.faults);
  const auto text = report.dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::ofstream file(flags.out + "/drill.json", std::ios::trunc);
  file << text << "\n";
  file.close();
  if (!file) return complain({errc::internal, "cannot write " + flags.out + "/drill.json"});
  std::cout << (flags.json ? text + "\n" : drills_table(*classes)) << std::flush;
  return report["pass"].get<bool>() ? exit_passed : exit_failed;
}

}  // namespace quorate::chaos
