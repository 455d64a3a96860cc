// The verb `quorate-chaos drill`, and the flags it shares with `gate`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "chaos/drill/drill.hpp"

namespace CLI {
class App;
}

namespace quorate::chaos {

/// As given on the command line.
struct drill_flags {
  std::string program;
  std::string faulty_program;  ///< of the node whose disk fails and forgets
  std::string faults = "all";
  unsigned cycles = 10;
  std::uint64_t writes = 100;
  unsigned clients = 8;
  unsigned converge_seconds = 60;
  std::uint64_t seed = 0;  ///< 0: any
  std::string out;
  std::string environment = "local";
  std::string network = "auto";
  std::string variables;  ///< NAME=VALUE,...
  bool json = false;
  bool keep_all_histories = false;
};

void add_common_flags(CLI::App& verb, drill_flags* flags);

/// The place the flags ask for. Before any thread is started.
result<std::unique_ptr<place>> make_place(const drill_flags& flags);
/// The classes of a list such as "kill_all,wipe_node" or "all"; in the order of the table.
result<std::vector<fault_class>> read_faults(const std::string& list);
/// All but the classes and the place.
drill_options options_of(const drill_flags& flags, std::vector<fault_class> faults);
/// A seed that was given, or a new one.
std::uint64_t chosen_seed(std::uint64_t given);
/// Makes the directory of a run; it must hold nothing.
status make_out_directory(const std::string& directory);

void add_drill_verb(CLI::App& program, std::shared_ptr<drill_flags> flags);
/// Exit code: 0 all classes passed, 1 not, 2 usage.
int run_drill_verb(const drill_flags& flags);

}  // namespace quorate::chaos
