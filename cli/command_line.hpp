// The whole command line: flags of all verbs, the verbs, and what the shell gets back.
#pragma once

#include <string>
#include <vector>

#include "cli/session.hpp"

namespace quorate::cli {

/// Runs the program with these arguments (without its own name). Returns an exit_code. Throws nothing.
int run_command_line(std::vector<std::string> arguments, const console& where, const node_parts& parts);

/// One more command line in a run of the program: nothing of an earlier one is left in `run` but its embedded node.
int run_line(std::vector<std::string> arguments, session& run);

}  // namespace quorate::cli
