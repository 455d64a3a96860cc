#include <absl/synchronization/mutex.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "chaos/demo.hpp"
#include "chaos/drill/drill_command.hpp"
#include "chaos/gate/gate_command.hpp"
#include "chaos/keep_cluster.hpp"
#include "chaos/page/render.hpp"
#include "chaos/terminal.hpp"

namespace {

/// A program built beside this one: build/<preset>/chaos/quorate-chaos -> build/<preset>/cli/quorate.
std::string neighbour_program(const char* name) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return name;
  for (const auto& candidate : {self.parent_path() / name, self.parent_path().parent_path() / "cli" / name}) {
    if (std::filesystem::exists(candidate, error)) return candidate.string();
  }
  return (self.parent_path().parent_path() / "cli" / name).string();
}

int run(int count, char** arguments) {
  using namespace quorate::chaos;
  CLI::App program("Runs real nodes on this machine, breaks them, and checks what they promised.", "quorate-chaos");
  program.require_subcommand(1);
  std::string quorate = neighbour_program("quorate");
  const auto planted = neighbour_program("quorate-planted");

  demo_options demo;
  auto* demo_verb =
      program.add_subcommand("demo", "Import, kill -9 of the node that takes it, proof that nothing is lost");
  demo_verb->add_option("--quorate", quorate, "The node's program")->capture_default_str();
  demo_verb->add_option("--records", demo.records, "How many records")
      ->capture_default_str()
      ->check(CLI::Range(30, 1'000'000));
  demo_verb->add_option("--seed", demo.seed, "Of the made-up records")->capture_default_str();
  demo_verb->add_flag("--keep", demo.keep, "Leave the data directories");

  keep_cluster_options cluster;
  auto* cluster_verb = program.add_subcommand("cluster", "Three nodes on ports 7411, 7421, 7431 until Ctrl-C");
  cluster_verb->add_option("--quorate", quorate, "The node's program")->capture_default_str();
  std::error_code no_temporary_place;
  cluster.directory = (std::filesystem::temp_directory_path(no_temporary_place) / "quorate-cluster").string();
  cluster_verb->add_option("--data", cluster.directory, "Where the nodes keep their data")->capture_default_str();
  cluster_verb->add_flag("--enable-drills", cluster.drills, "Let `quorate admin` break things");

  std::string runs_directory;
  auto* render_verb = program.add_subcommand("render", "Pages from the artefacts of release-gate runs");
  render_verb->add_option("directory", runs_directory, "Holds a directory for each run")->required();
  auto drill = std::make_shared<drill_flags>();
  drill->program = quorate;
  drill->faulty_program = planted;
  add_drill_verb(program, drill);
  auto gate = std::make_shared<gate_flags>();
  gate->drills.program = quorate;
  gate->drills.faulty_program = planted;
  add_gate_verb(program, gate);

  try {
    program.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : 2;
  }
  if (render_verb->parsed()) return quorate::page::run_render(runs_directory);
  catch_interrupts();
  if (demo_verb->parsed()) {
    demo.program = quorate;
    return run_demo(demo);
  }
  if (program.got_subcommand("drill")) return run_drill_verb(*drill);
  if (program.got_subcommand("gate")) return run_gate_verb(*gate);
  cluster.program = quorate;
  return keep_cluster(cluster);
}

}  // namespace

int main(int count, char** arguments) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  try {
    return run(count, arguments);
  } catch (const std::exception& error) {
    std::cerr << "quorate-chaos: " << error.what() << "\n";
    return 1;
  }
}
